"""The columns of a series as bytes: int64 and float64, little-endian."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence

from pycaddy.metrics.series import Points

__all__ = ["BLOCK", "by_attempt", "packed"]

BLOCK = 1000
"""Points in a full block."""


def packed(points: Points) -> tuple[bytes, bytes, bytes]:
    """Return steps, values and times as bytes."""
    return _bytes(points.steps), _bytes(points.values), _bytes(points.times)


def by_attempt(blocks: Iterable[tuple[int, Sequence[bytes]]]) -> dict[int, Points]:
    """Return the points of (attempt, packed columns) by attempt, the one of the last block last."""
    parts: dict[int, list[Sequence[bytes]]] = {}
    for attempt, block in blocks:
        # Entered anew: a dict keeps the order.
        parts[attempt] = parts.pop(attempt, [])
        parts[attempt].append(block)
    return {attempt: _unpacked(of) for attempt, of in parts.items()}


def _unpacked(blocks: Iterable[Sequence[bytes]]) -> Points:
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
