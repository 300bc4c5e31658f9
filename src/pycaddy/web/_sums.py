"""Runs that are counted and averaged together: what a group and a cell of a grid have alike."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from pycaddy.errors import FilterError
from pycaddy.filters import AnyName, parse
from pycaddy.web import _facts

__all__ = ["Sum", "condition", "key_of", "order_of", "shown_value"]


@dataclass(slots=True)
class Sum:
    """Some runs: how many have which status, and the sums of their numbers."""

    counts: Counter[str] = field(default_factory=Counter)
    stale: int = 0
    """Of those that are running."""
    _sums: dict[str, list[float]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many runs there are."""
        return sum(self.counts.values())

    def count(self, status: str, *, stale: bool) -> None:
        """Take in a run."""
        self.counts[status] += 1
        self.stale += stale

    def add(self, name: str, value: object) -> None:
        """Take in a value; only numbers that are finite have a mean."""
        if type(value) in (int, float) and isfinite(value):  # type: ignore[arg-type]
            self._sums.setdefault(name, []).append(float(value))  # type: ignore[arg-type]

    def means(self) -> dict[str, float]:
        """Return the mean of each number."""
        found = {name: sum(values) / len(values) for name, values in self._sums.items()}
        return {name: mean for name, mean in found.items() if isfinite(mean)}


def key_of(value: Any) -> object:
    """Return what equal values share: 1 and 1.0 are equal, and True is neither."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value), value
    if isinstance(value, (int, float)):
        return "number", value
    return "json", json.dumps(value, sort_keys=True, default=str)


def order_of(value: Any) -> tuple[int, float, str]:
    """Return what values are sorted by: numbers, then texts, then what has no order."""
    if isinstance(value, (bool, int, float)):
        return (0, value, "") if value == value else (2, 0, "")
    return (1, 0, value) if isinstance(value, str) else (3, 0, "")


def condition(name: AnyName, value: Any) -> str | None:
    """Return the filter that describes the runs with this value, if there is one."""
    if value is None:
        text = f"{name} is None"
    elif isinstance(value, (bool, int, str)) or (isinstance(value, float) and isfinite(value)):
        text = f"{name} == {value!r}"
    else:
        return None
    try:
        parse(text)
    except FilterError:
        return None  # the name has characters that need brackets, or the value is a time
    return text


def shown_value(value: Any) -> Any:
    """Return a value as a cell of the page: JSON has no word for NaN and the infinities."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return _facts.cell(value)
