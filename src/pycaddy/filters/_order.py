"""The order of runs: "-val/acc,lr" as names to sort by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pycaddy.errors import FilterError
from pycaddy.filters._evaluate import Seen
from pycaddy.filters._parse import parse_name
from pycaddy.filters._tree import FIELDS, PARTS, STATISTICS, Name
from pycaddy.records import RunRecord

__all__ = ["Order", "names_of", "parse_order", "sorted_runs"]

_WITHOUT_ORDER = ("files", "stale", "tags")


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to sort by: the first of *names* whose value has an order in a run."""

    names: tuple[Name, ...]
    descending: bool = False


def parse_order(order: str | Sequence[str]) -> tuple[Order, ...]:
    """Return what "-val/acc,lr" sorts by: the same as ["-val/acc", "lr"].

    Raises:
        FilterError: A word is empty, or means nothing that has an order.
    """
    words = order.split(",") if isinstance(order, str) else order
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise TypeError(f"An order is a text such as '-loss,lr', or a list of them, not {order!r}.")
    return tuple(_order(word.strip()) for word in words)


def names_of(word: str) -> tuple[Name, ...]:
    """Return where a run's value of *word* is looked for, best first.

    A word is a field, a name as filters have it (`metrics['val/acc'].max`, `result.loss`), or
    else a param, a part of the result, or a metric: `lr`, `opt.lr`, `val/acc`, `val/acc.max`.
    """
    if word in FIELDS:
        return (Name(word),)
    if "[" in word or word.partition(".")[0] in PARTS:
        return (parse_name(word),)
    nested = tuple(word.split("."))
    keys = [nested] if len(nested) == 1 else [nested, (word,)]
    names = [Name(root, path) for root in ("params", "result") for path in keys]
    names.append(Name("metrics", (word, "last")))
    series, _, statistic = word.rpartition(".")
    if series and statistic in STATISTICS:
        names.append(Name("metrics", (series, statistic)))
    return tuple(names)


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


def _order(word: str) -> Order:
    descending = word.startswith("-")
    name = word[1:].strip() if descending else word
    if not name or name in _WITHOUT_ORDER:
        raise FilterError(
            f"{name or 'Nothing'!r} cannot be sorted by. Use a param, a field such as seconds, "
            "a part of the result or a metric, with '-' before it for the greatest first.",
            text=word,
            column=1,
        )
    return Order(names_of(name), descending)


def _place(order: Order, seen: Seen) -> tuple[int, float, str] | None:
    for name in order.names:
        value = seen.value(name)
        if isinstance(value, str):
            return (1, 0, value)
        if isinstance(value, (bool, int, float)) and value == value:  # no NaN
            return (0, value, "")
    return None
