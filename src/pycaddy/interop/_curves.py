"""Curves with fewer points that look the same."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

__all__ = ["thinned"]


def thinned(
    steps: Sequence[int], values: Sequence[float], most: int
) -> tuple[list[int], list[float]]:
    """Return at most *most* points: the lowest and the highest of each stretch, and both ends.

    Points that are not finite are left out.
    """
    points = [(x, y) for x, y in zip(steps, values, strict=True) if isfinite(y)]
    if len(points) > most:
        stretches = max((most - 2) // 2, 1)
        inner = points[1:-1]
        kept = [points[0]]
        for number in range(stretches):
            begin = number * len(inner) // stretches
            stretch = inner[begin : (number + 1) * len(inner) // stretches]
            by_value = sorted(range(len(stretch)), key=lambda at: stretch[at][1])
            kept += [stretch[at] for at in sorted({by_value[0], by_value[-1]})]
        points = [*kept, points[-1]]
    return [x for x, _ in points], [y for _, y in points]
