"""The series of one run in the database of its ledger, in the same blocks as in a file.

When the server is lost in the middle of a flush, nobody knows whether the points got there. The
flush is kept and made again as it was, blocks and tickets, before anything else is written: what
is there already is not added a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pycaddy._files import random_id
from pycaddy.errors import MetricsError, PycaddyError
from pycaddy.metrics.packed import BLOCK, by_attempt, packed
from pycaddy.metrics.series import Points, Series, as_series
from pycaddy.stores.blocks import Block, Blocks

__all__ = ["DatabaseMetrics"]


@dataclass(slots=True)
class _Tail:
    """The small blocks at the end of a series that this process wrote."""

    tickets: list[int] = field(default_factory=list)
    points: Points = field(default_factory=Points)


_Tails = dict[tuple[str, int], _Tail]


@dataclass(slots=True)
class _Flush:
    """One transaction, and what is so when it is done."""

    points: dict[str, Points]
    """All that the caller wanted written."""
    tails: _Tails
    old: list[tuple[str, int]] = field(default_factory=list)
    new: list[Block] = field(default_factory=list)


class DatabaseMetrics:
    """A `MetricStore` over the `Blocks` that the ledger's store keeps for a run."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._tails: _Tails = {}
        self._unsure: _Flush | None = None
        """Made, and its end not heard of."""
        self._ahead: dict[str, Points] = {}
        """What has been written although the caller was told otherwise."""

    def append(self, attempt: int, points: Mapping[str, Points]) -> None:
        with self._told():
            if self._unsure is not None:
                self._ahead = self._unsure.points
                self._make(self._unsure)
            left = {name: _after(added, self._ahead.get(name)) for name, added in points.items()}
            if any(left.values()):
                kept = {name: added[:] for name, added in points.items()}
                self._make(self._planned(attempt, left, kept))
            self._ahead = {}

    def read(self, name: str) -> Series | None:
        return as_series(name, self.attempts(name))

    def attempts(self, name: str) -> dict[int, Points]:
        with self._told():
            blocks = self._blocks.read(name)
        return by_attempt((each.attempt, (each.steps, each.values, each.times)) for each in blocks)

    def rewrite(self, series: Mapping[str, Mapping[int, Points]]) -> None:
        with self._told():
            old = [(name, each.ticket) for name in series for each in self._blocks.read(name)]
            new = [
                _block(name, attempt, points[at : at + BLOCK])
                for name, attempts in series.items()
                for attempt, points in attempts.items()
                for at in range(0, len(points), BLOCK)
            ]
            self._blocks.replace(old, new)
        self._tails = {}

    def counts(self) -> dict[str, dict[int, int]]:
        with self._told():
            rows = self._blocks.counts()
        found: dict[str, dict[int, int]] = {}
        for name, attempt, points in rows:
            found.setdefault(name, {})[attempt] = points
        return found

    def last_steps(self) -> dict[str, int]:
        with self._told():
            return dict(self._blocks.last_steps())

    def close(self) -> None:
        # They are safe as they are; as one block they are smaller and sooner read.
        small = {key: tail for key, tail in self._tails.items() if len(tail.tickets) > 1}
        self._tails = {}
        if small and self._unsure is None:
            flush = _Flush({}, {})
            for (name, attempt), tail in small.items():
                flush.old += [(name, ticket) for ticket in tail.tickets]
                flush.new.append(_block(name, attempt, tail.points))
            with suppress(PycaddyError):
                self._blocks.replace(flush.old, flush.new)

    def _planned(self, attempt: int, left: Mapping[str, Points], kept: dict[str, Points]) -> _Flush:
        flush = _Flush(kept, dict(self._tails))
        for name, added in left.items():
            if len(added):
                key = (name, attempt)
                flush.tails[key] = _add(flush, *key, self._tails.get(key, _Tail()), added)
        return flush

    def _make(self, flush: _Flush) -> None:
        self._unsure = flush
        self._blocks.replace(flush.old, flush.new)
        self._unsure = None
        self._tails = flush.tails

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what goes wrong inside as a MetricsError."""
        try:
            yield
        except PycaddyError as error:
            raise MetricsError(
                f"The metrics in {self._blocks.address} cannot be used now. {error}",
                path=self._blocks.address,
            ) from error


def _add(flush: _Flush, name: str, attempt: int, tail: _Tail, added: Points) -> _Tail:
    """Plan to add points after *tail*; return the tail there is then."""
    points = tail.points[:]
    points.extend(added)
    if len(points) < BLOCK:
        flush.new.append(_block(name, attempt, added))
        return _Tail([*tail.tickets, flush.new[-1].ticket], points)
    flush.old += [(name, ticket) for ticket in tail.tickets]
    full = len(points) // BLOCK * BLOCK
    for at in range(0, len(points), BLOCK):
        flush.new.append(_block(name, attempt, points[at : at + BLOCK]))
    rest = points[full:]
    return _Tail([flush.new[-1].ticket] if len(rest) else [], rest)


def _block(name: str, attempt: int, points: Points) -> Block:
    ticket = int(random_id(), 16) & 0x7FFF_FFFF_FFFF_FFFF
    return Block(name, ticket, attempt, len(points), points.steps[-1], *packed(points))


def _after(points: Points, written: Points | None) -> Points:
    """Return *points* without those at its beginning that are *written*."""
    # As bytes: a NaN is not equal to itself.
    if written is not None and packed(points[: len(written)]) == packed(written):
        return points[len(written) :]
    return points
