"""The columns of a series as bytes: int64 and float64, little-endian."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable

from pycaddy.metrics.series import Points

__all__ = ["BLOCK", "packed", "unpacked"]

BLOCK = 1000
"""Points in a full block."""


def packed(points: Points) -> tuple[bytes, bytes, bytes]:
    """Return steps, values and times as bytes."""
    return _bytes(points.steps), _bytes(points.values), _bytes(points.times)


def unpacked(blocks: Iterable[tuple[bytes, bytes, bytes]]) -> Points:
    """Return the points of several blocks, in their order."""
    points = Points()
    steps, values, times = zip(*blocks, strict=True)
    for column, parts in ((points.steps, steps), (points.values, values), (points.times, times)):
        column.frombytes(b"".join(parts))
        if sys.byteorder == "big":
            column.byteswap()
    return points


def _bytes(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
