"""The order of runs: "-val/acc,lr" as names to sort by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pycaddy.errors import FilterError
from pycaddy.filters._evaluate import Seen
from pycaddy.filters._names import read_name, split_names
from pycaddy.filters._tree import AnyName, Name, Test
from pycaddy.records import RunRecord

__all__ = ["Order", "Ranking", "parse_order", "sorted_runs"]

_WITHOUT_ORDER = ("files", "stale", "tags")
_BY_RUN = ("relpath", "identifier", "uid")
_LOWER_IS_BETTER = re.compile(r"loss|err", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """One value to sort by: the first of *names* that a run has."""

    names: tuple[Name, ...]
    descending: bool = False


def parse_order(order: str | Sequence[str]) -> tuple[Order, ...]:
    """Return what "-val/acc,lr" sorts by: the same as ["-val/acc", "lr"].

    Raises:
        FilterError: A word is not a name, or names a value that has no order.
    """
    words = split_names(order) if isinstance(order, str) else order
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise TypeError(f"An order is a text such as '-loss,lr', or a list of them, not {order!r}.")
    return tuple(each for word in words for each in _orders(word.strip()))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which runs are the best: those with the lowest, or the highest, number of a name."""

    name: AnyName
    lowest: bool

    @classmethod
    def of(cls, text: str, lowest: bool | None = None) -> Ranking:
        """Return the ranking by the name *text*.

        Args:
            lowest: Whether the lowest is the best. Default: if the name contains "loss" or "err".

        Raises:
            FilterError: *text* is not a name, or names a value that has no order.
        """
        _check_order(text)
        if lowest is None:
            lowest = _LOWER_IS_BETTER.search(text) is not None
        return cls(read_name(text), lowest)

    @property
    def has_number(self) -> Test:
        """The filter that the ranked runs pass: their value is a number other than NaN."""
        return Test(self.name, ">=", -float("inf"))

    @property
    def order(self) -> Order:
        """The order that puts the best first."""
        return Order(self.name.places, not self.lowest)


def sorted_runs(records: Iterable[RunRecord], orders: Sequence[Order]) -> list[RunRecord]:
    """Return *records* in this order: what stores that sort by themselves are held to.

    Numbers come before texts, and True counts as 1. Lists, mappings, None and NaN have no order,
    and runs without a value that has one come last, descending or not. Equal ones stay as they
    are.
    """
    runs = [Seen(record) for record in records]
    for order in reversed(orders):
        places = [(_place(order, seen), seen) for seen in runs]
        there = [(place, seen) for place, seen in places if place is not None]
        there.sort(key=lambda pair: pair[0], reverse=order.descending)
        runs = [seen for _, seen in there] + [seen for place, seen in places if place is None]
    return [seen.record for seen in runs]


def _orders(word: str) -> list[Order]:
    descending = word.startswith("-")
    text = word[1:].strip() if descending else word
    _check_order(text)
    if text == "run":  # as numbers, "10000" comes after "9999"
        return [Order((Name(field),), descending) for field in _BY_RUN]
    return [Order(read_name(text).places, descending)]


def _check_order(text: str) -> None:
    if text in _WITHOUT_ORDER:
        raise FilterError(
            f"Runs cannot be sorted by {text!r}. Use a param, a part of the result, a metric, or "
            "a field such as seconds.",
            text=text,
            column=1,
        )


def _place(order: Order, seen: Seen) -> tuple[int, float, str] | None:
    value = next((v for name in order.names if (v := seen.value(name)) is not None), None)
    if isinstance(value, str):
        return (1, 0, value)
    if isinstance(value, (bool, int, float)) and value == value:  # no NaN
        return (0, value, "")
    return None
