"""The points of a series, in columns."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pycaddy._extras import require
from pycaddy.metrics.summary import Summary

__all__ = ["Points", "Series", "as_series", "joined"]


def _whole() -> array[int]:
    return array("q")


def _real() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Points:
    """Points in the order they were logged, as three columns of equal length."""

    steps: array[int] = field(default_factory=_whole)
    values: array[float] = field(default_factory=_real)
    times: array[float] = field(default_factory=_real)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, part: slice) -> Points:
        return Points(self.steps[part], self.values[part], self.times[part])

    def extend(self, others: Points) -> None:
        """Add *others* at the end."""
        self.steps.extend(others.steps)
        self.values.extend(others.values)
        self.times.extend(others.times)

    def picked(self, positions: Iterable[int]) -> Points:
        """Return the points at these positions, in this order."""
        positions = list(positions)
        return Points(
            array("q", [self.steps[at] for at in positions]),
            array("d", [self.values[at] for at in positions]),
            array("d", [self.times[at] for at in positions]),
        )


@dataclass(frozen=True, slots=True)
class Series:
    """A metric of one run: a value at each step that was logged."""

    name: str
    steps: array[int]
    """Positions on the x axis."""
    values: array[float]
    times: array[float]
    """When each point was logged: seconds since 1970-01-01 UTC."""

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def summary(self) -> dict[str, float | int | None]:
        """What the series comes down to: last, min, max, mean, count and their steps."""
        summary = Summary()
        summary.extend(self.steps, self.values)
        return summary.facts()

    def to_numpy(self) -> tuple[Any, Any, Any]:
        """Return steps (int64), values and times (float64) as numpy arrays, without a copy.

        Raises:
            MissingExtraError: numpy is not installed.
        """
        numpy = require("numpy", "plot")
        return (
            numpy.frombuffer(self.steps, dtype=numpy.int64),
            numpy.frombuffer(self.values, dtype=numpy.float64),
            numpy.frombuffer(self.times, dtype=numpy.float64),
        )


def as_series(name: str, attempts: dict[int, Points]) -> Series | None:
    """Return what the points of all attempts come to; None if there are none."""
    if not attempts:
        return None
    points = joined(attempts)
    return Series(name, points.steps, points.values, points.times)


def joined(attempts: dict[int, Points]) -> Points:
    """Return the points of several attempts as one series.

    Of one attempt they stay as they were logged. Of several, each step is told by the latest
    attempt that logged it, and the points are put in the order of their steps.
    """
    numbers = sorted(attempts)
    if len(numbers) < 2:
        return attempts[numbers[0]] if numbers else Points()
    retold: set[int] = set()
    kept: list[Points] = []
    for number in reversed(numbers):
        points = attempts[number]
        kept.append(points.picked(_without(points.steps, retold)))
        retold.update(points.steps)
    result = Points()
    for points in reversed(kept):
        result.extend(points)
    by_step: Callable[[int], int] = result.steps.__getitem__
    return result.picked(sorted(range(len(result)), key=by_step))


def _without(steps: array[int], retold: set[int]) -> Iterable[int]:
    return (at for at, step in enumerate(steps) if step not in retold)
