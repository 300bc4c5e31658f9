"""Fewer points that draw the same line. Pure functions.

The x axis is cut into stretches of equal length, and each keeps its first, its lowest, its highest
and its last point. A line through these covers the same pixels as one through all points, if no
stretch is wider than a pixel: https://www.vldb.org/pvldb/vol7/p797-jugel.pdf.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isinf

__all__ = ["FEWEST", "Part", "ascending", "part", "stretches"]

_EACH = 4
_EACH_WITH_GAPS = 7
"""First, lowest, highest, last; and the first NaN, inf and -inf."""

FEWEST = 2 + _EACH_WITH_GAPS
"""The least number of points that a part can be thinned to."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is drawn of a series."""

    kept: Sequence[int]
    """Positions, ascending."""
    means: Sequence[tuple[float, float]]
    """The middle of each stretch on the x axis, and the mean of its finite values; empty if
    every point is kept."""
    nan: int
    infinite: int
    """How many points within the part are not finite, kept or not."""


def ascending(
    xs: list[int] | list[float], ys: list[float]
) -> tuple[list[int] | list[float], list[float]]:
    """Return the points by x: a program may log its steps in any order, and a clock be set."""
    if sorted(xs) == xs:
        return xs, ys
    order = sorted(range(len(xs)), key=xs.__getitem__)
    return [xs[at] for at in order], [ys[at] for at in order]


def part(
    xs: Sequence[float],
    ys: Sequence[float],
    most: int,
    low: float = -inf,
    high: float = inf,
) -> Part:
    """Return what to draw of the points from *low* to *high*, and of the next one on either side.

    No value that is not finite gets lost: the line has a gap in each stretch that has one.

    Args:
        xs: Ascending.
        most: Points to keep, from FEWEST.
    """
    begin, end = bisect_left(xs, low), bisect_right(xs, high)
    before, after = max(begin - 1, 0), min(end + 1, len(xs))
    # One pass of C tells whether a look at each value is due.
    odd = not isfinite(sum(ys[begin:end]))
    nan = sum(y != y for y in ys[begin:end]) if odd else 0
    infinite = sum(map(isinf, ys[begin:end])) if odd else 0
    if after - before <= most:
        return Part(range(before, after), (), nan, infinite)
    kept, means = list(range(before, begin)), []
    for first, last in stretches(xs, begin, end, (most - 2) // (_EACH_WITH_GAPS if odd else _EACH)):
        values = ys[first:last]
        total = sum(values)
        if isfinite(total):
            found = {0, values.index(min(values)), values.index(max(values)), last - first - 1}
        else:
            finite = [value for value in values if isfinite(value)]
            found = {0, last - first - 1, *_extremes(values, finite), *_gaps(values)}
            total = sum(finite) * (last - first) / len(finite) if finite else inf
        kept += [first + at for at in sorted(found)]
        if isfinite(total):
            means.append((xs[first] + (xs[last - 1] - xs[first]) / 2, total / (last - first)))
    kept += range(end, after)
    return Part(kept, means, nan, infinite)


def stretches(xs: Sequence[float], begin: int, end: int, number: int) -> Iterator[tuple[int, int]]:
    """Yield where each of *number* stretches of equal length begins and ends, the empty ones aside.

    Args:
        xs: Ascending, and at least one of them between *begin* and *end*.
    """
    low, length = xs[begin], xs[end - 1] - xs[begin]
    for each in range(1, number):
        cut = bisect_right(xs, low + length * each / number, begin, end)
        if cut > begin:
            yield begin, cut
            begin = cut
    if end > begin:
        yield begin, end


def _extremes(values: Sequence[float], finite: Sequence[float]) -> Iterator[int]:
    if finite:
        yield values.index(min(finite))
        yield values.index(max(finite))


def _gaps(values: Sequence[float]) -> Iterator[int]:
    """Yield where the first value of each kind is that is not finite."""
    yield from [at for at, value in enumerate(values) if value != value][:1]
    for infinity in (inf, -inf):
        yield from [at for at, value in enumerate(values) if value == infinity][:1]
