"""What a series comes down to, kept up to date while it grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pycaddy import params

__all__ = ["MOST_SERIES", "Summary", "encoded"]

MOST_SERIES = 256
"""How many series the ledger keeps a summary of for each run: the first by name."""


class _Column(Protocol):
    """A column of numbers."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...
    def __getitem__(self, at: int, /) -> Any: ...


class Summary:
    """Last, least, greatest and mean value of a series, and the steps they are at.

    NaN counts as a point and may be the last value; the other figures pass over it.
    """

    __slots__ = ("_numbers", "_total", "count", "first_step", "last", "last_step", "max",
                 "max_step", "min", "min_step")  # fmt: skip

    def __init__(self) -> None:
        self.count = 0
        self.first_step: int | None = None
        self.last_step: int | None = None
        self.last: float | None = None
        self.min: float | None = None
        self.min_step: int | None = None
        self.max: float | None = None
        self.max_step: int | None = None
        self._numbers = 0
        self._total = 0.0

    def extend(self, steps: _Column, values: _Column) -> None:
        """Take in points that follow those before."""
        if not len(steps):
            return
        if self.first_step is None:
            self.first_step = steps[0]
        self.count += len(steps)
        self.last_step, self.last = steps[-1], values[-1]
        total = sum(values)
        if total != total:  # NaN: one of the values, or one infinity less another
            numbers = [
                (step, value) for step, value in zip(steps, values, strict=True) if value == value
            ]
            self._take([step for step, _ in numbers], [value for _, value in numbers])
        else:
            self._take(steps, values)

    def _take(self, steps: Any, values: Any) -> None:
        if not len(values):
            return
        self._numbers += len(values)
        self._total += sum(values)
        least, greatest = min(values), max(values)
        if self.min is None or least < self.min:
            self.min, self.min_step = least, steps[values.index(least)]
        if self.max is None or greatest > self.max:
            self.max, self.max_step = greatest, steps[values.index(greatest)]

    def facts(self) -> dict[str, float | int | None]:
        """Return the summary as it is kept in the ledger; None stands where no number was."""
        return {
            "last": self.last,
            "min": self.min,
            "max": self.max,
            "mean": self._total / self._numbers if self._numbers else None,
            "count": self.count,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "min_step": self.min_step,
            "max_step": self.max_step,
        }


def encoded(summaries: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return summaries by series as the text that the ledger keeps; None if there are none."""
    names = sorted(summaries)[:MOST_SERIES]
    return params.dump({name: dict(summaries[name]) for name in names}) if names else None
