"""Points packed into blocks: the one routine that the file of a run and the database share.

A flush adds a small block to each series. Once the small blocks at the end of a series have a
thousand points, they are joined into full ones. So a point is written twice at most, and a series
is read with a thousandth of the rows that one row per point would take.
"""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pycaddy.errors import MetricsError, PycaddyError
from pycaddy.metrics.series import Points, Series, as_series
from pycaddy.stores.blocks import Block, Blocks

__all__ = ["BLOCK", "BlockMetrics", "Change", "packed"]

BLOCK = 1000
"""Points in a full block."""


def packed(points: Points) -> tuple[bytes, bytes, bytes]:
    """Return steps, values and times as bytes: int64 and float64, little-endian."""
    return _bytes(points.steps), _bytes(points.values), _bytes(points.times)


@dataclass(slots=True)
class _Tail:
    """The small blocks at the end of a series that this process wrote."""

    tickets: list[int] = field(default_factory=list)
    points: Points = field(default_factory=Points)


_Tails = dict[tuple[str, int], _Tail]
"""By series and attempt; the one that was appended to last is last."""


@dataclass(slots=True)
class Change:
    """What one transaction deletes and adds, and the tails after it."""

    tails: _Tails
    old: list[tuple[str, int]] = field(default_factory=list)
    new: list[Block] = field(default_factory=list)

    def append(self, name: str, attempt: int, added: Points) -> None:
        """Add a small block, or join it with the tail if they fill a block."""
        tail = self.tails.pop((name, attempt), None) or _Tail()
        tail.points.extend(added)
        if len(tail.points) < BLOCK:
            tail.tickets.append(self._add(name, attempt, added))
            self.tails[name, attempt] = tail
        else:
            self.replace(name, attempt, tail.tickets, tail.points)

    def replace(self, name: str, attempt: int, tickets: Sequence[int], points: Points) -> None:
        """Write full blocks and a rest in place of the blocks *tickets*."""
        self.old += [(name, ticket) for ticket in tickets]
        rest = points[len(points) // BLOCK * BLOCK :]
        added = [
            self._add(name, attempt, points[at : at + BLOCK]) for at in range(0, len(points), BLOCK)
        ]
        self.tails[name, attempt] = _Tail(added[-1:] if len(rest) else [], rest)

    def _add(self, name: str, attempt: int, points: Points) -> int:
        ticket = int.from_bytes(os.urandom(8), "little") >> 1
        block = Block(name, ticket, attempt, len(points), points.steps[-1], *packed(points))
        self.new.append(block)
        return ticket


class BlockMetrics:
    """A `MetricStore` over *blocks*, which only has to store them."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._tails: _Tails = {}

    def append(self, attempt: int, points: Mapping[str, Points]) -> None:
        with self._translated():
            self._make(self._planned(attempt, points))

    def read(self, name: str) -> Series | None:
        return as_series(name, self.attempts(name))

    def attempts(self, name: str) -> dict[int, Points]:
        with self._translated():
            blocks = self._blocks.read(name)
        by_attempt: dict[int, list[Block]] = {}
        for block in blocks:
            # Pop and insert: the attempt of the last block comes last.
            by_attempt[block.attempt] = by_attempt.pop(block.attempt, [])
            by_attempt[block.attempt].append(block)
        return {attempt: _unpacked(of) for attempt, of in by_attempt.items()}

    def rewrite(self, series: Mapping[str, Mapping[int, Points]]) -> None:
        change = Change({})
        with self._translated():
            for name, attempts in series.items():
                change.old += [(name, block.ticket) for block in self._blocks.read(name)]
                for attempt, points in attempts.items():
                    change.replace(name, attempt, (), points)
            self._blocks.replace(change.old, change.new)
        self._tails = {}

    def counts(self) -> dict[str, dict[int, int]]:
        with self._translated():
            rows = self._blocks.counts()
        found: dict[str, dict[int, int]] = {}
        for name, attempt, points in rows:
            found.setdefault(name, {})[attempt] = points
        return found

    def last_steps(self) -> dict[str, int]:
        with self._translated():
            return dict(self._blocks.last_steps())

    def close(self) -> None:
        tails, self._tails = self._tails, {}
        # The small blocks are safe as they are; joined they are smaller and faster to read.
        names = {name for (name, _), tail in tails.items() if len(tail.tickets) > 1}
        if names:
            change = Change({})
            for (name, attempt), tail in tails.items():
                # All attempts of a series: the last one stays last.
                if name in names:
                    change.replace(name, attempt, tail.tickets, tail.points)
            with suppress(PycaddyError):
                self._blocks.replace(change.old, change.new)

    def _planned(self, attempt: int, points: Mapping[str, Points]) -> Change:
        # A change that fails leaves no tails: their blocks may be gone.
        change, self._tails = Change(self._tails), {}
        for name, added in points.items():
            if len(added):
                change.append(name, attempt, added)
        return change

    def _make(self, change: Change) -> None:
        self._blocks.replace(change.old, change.new)
        self._tails = change.tails

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise the errors of the blocks as MetricsError."""
        try:
            yield
        except MetricsError:
            self._tails = {}
            raise
        except PycaddyError as error:
            raise MetricsError(
                f"The metrics in {self._blocks.address} cannot be used now. {error}",
                path=self._blocks.address,
            ) from error


def _unpacked(blocks: Sequence[Block]) -> Points:
    """Return the points of several blocks, in their order."""
    points = Points()
    points.steps.frombytes(b"".join([block.steps for block in blocks]))
    points.values.frombytes(b"".join([block.values for block in blocks]))
    points.times.frombytes(b"".join([block.times for block in blocks]))
    if sys.byteorder == "big":
        for column in (points.steps, points.values, points.times):
            column.byteswap()
    return points


def _bytes(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column.tobytes()
