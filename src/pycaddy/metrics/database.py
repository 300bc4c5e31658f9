"""The series of one run in the database of its ledger.

If the server is lost in the middle of a flush, the caller cannot know whether the points were
committed. The flush is kept and repeated unchanged, with the same blocks and tickets, before
anything else is written. Blocks that are already there are not added a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pycaddy.metrics.blocks import BlockMetrics, Change, packed
from pycaddy.metrics.series import Points
from pycaddy.stores.blocks import Blocks

__all__ = ["DatabaseMetrics"]


@dataclass(frozen=True, slots=True)
class _Flush:
    """One transaction, and all points that the caller wanted written."""

    change: Change
    points: dict[str, Points]


class DatabaseMetrics(BlockMetrics):
    """A `MetricStore` over the `Blocks` that the ledger's store keeps for a run."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__(blocks)
        self._unsure: _Flush | None = None
        """A flush whose outcome is not known."""
        self._ahead: dict[str, Points] = {}
        """Points that were written although the caller got an error."""

    def append(self, attempt: int, points: Mapping[str, Points]) -> None:
        with self._translated():
            if self._unsure is not None:
                self._ahead = self._unsure.points
                self._flush(self._unsure)
            left = {name: _after(added, self._ahead.get(name)) for name, added in points.items()}
            if any(left.values()):
                kept = {name: added[:] for name, added in points.items()}
                self._flush(_Flush(self._planned(attempt, left), kept))
            self._ahead = {}

    def _flush(self, flush: _Flush) -> None:
        self._unsure = flush
        self._make(flush.change)
        self._unsure = None


def _after(points: Points, written: Points | None) -> Points:
    """Return *points* without those at its beginning that are *written*."""
    # As bytes: a NaN is not equal to itself.
    if written is not None and packed(points[: len(written)]) == packed(written):
        return points[len(written) :]
    return points
