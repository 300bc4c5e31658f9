"""One claim: of many who want the runs of a sweep, each gets one of its own, and nobody waits.

What can be claimed is decided in Python, so it is read first and decided on without a lock. Then
the lock of that run is tried, together with those of the free runs behind it: whoever comes second
gets the next one instead of waiting. What was decided is stored if nothing has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors

from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import _postgres_sql as sql
from pycaddy.stores._postgres_runs import Runs, new_ticket
from pycaddy.stores.protocol import Decide

__all__ = ["Claim"]

Connection = psycopg.Connection[Any]

# The first run that is free is mostly among the first few: others took those before it just now.
_FIRST_LOOK = 32


class Claim:
    """One call of `Store.claim`."""

    def __init__(self, runs: Runs, wanted: Sequence[NewRun], decide: Decide) -> None:
        self._runs = runs
        self._wanted = wanted
        self._decide = decide
        self._passed: list[int] = []
        """Positions that others had locked."""
        self._tried: tuple[int, RunRecord | None, RunRecord, int] | None = None
        """Position, old and new record and ticket of the change that was under way."""

    def __call__(self, at: Connection, again: bool) -> tuple[int, RunRecord] | None:
        if again and (done := self._done_before(at)) is not None:
            return done
        self._passed = []
        everything = range(len(self._wanted))
        for positions in (everything[:_FIRST_LOOK], everything[_FIRST_LOOK:]):
            if positions and (claimed := self._among(at, positions)) is not None:
                return claimed
        # All else is out of reach: only now is it worth waiting for those who decide on the rest.
        for position in self._passed:
            if (claimed := self._wait_for(at, position)) is not None:
                return claimed
        return None

    def _among(self, at: Connection, positions: Sequence[int]) -> tuple[int, RunRecord] | None:
        found = self._runs.find_many(at, [self._wanted[position] for position in positions])
        left = list(positions)
        while left:
            position = left.pop(0)
            run = self._wanted[position]
            seen = found[run.param_hash]
            record = self._decide(run, seen)
            if record is None:
                continue
            free = [position]
            while left and _looks_free(found[self._wanted[left[0]].param_hash]):
                free.append(left.pop(0))
            claimed = self._take(at, free, seen, record)
            if claimed is not None:
                return claimed
        return None

    def _take(
        self, at: Connection, free: list[int], seen: list[RunRecord], record: RunRecord | None
    ) -> tuple[int, RunRecord] | None:
        """Claim the first of the positions *free* that nobody else is at.

        Args:
            seen: The runs like the first of them, as they were when *record* was decided on.
        """
        first = free[0]
        while free and (locked := self._lock_first(at, free)) is not None:
            position, now = locked
            free = free[free.index(position) + 1 :]
            if position != first or now != seen:
                record = self._decide(self._wanted[position], now)
            if record is not None:
                if (stored := self._store(at, position, now, record)) is not None:
                    return position, stored
                self._passed.append(position)
            at.rollback()
        return None

    def _lock_first(self, at: Connection, free: list[int]) -> tuple[int, list[RunRecord]] | None:
        """Begin a transaction that has the first position that can be had; None: there is none."""
        runs = [self._wanted[position] for position in free]
        with at.pipeline():
            at.execute("BEGIN")
            cursor = at.execute(sql.LOCK_ONE, ([self._runs.lock_of(run) for run in runs],))
            found = self._runs.find_many(at, runs)
        row = cursor.fetchone()
        place = len(free) if row is None else row[0] - 1
        self._passed += free[:place]
        if row is None:
            at.rollback()
            return None
        return free[place], found[runs[place].param_hash]

    def _wait_for(self, at: Connection, position: int) -> tuple[int, RunRecord] | None:
        """Claim what somebody else was at, once they have done with it."""
        run = self._wanted[position]
        try:
            at.execute("BEGIN")
            at.execute(sql.SHORT_WAIT)
            at.execute(sql.LOCK, (self._runs.lock_of(run),))
            now = self._runs.find(at, run, None)
            record = self._decide(run, now)
            if record is not None:
                stored = self._store(at, position, now, record)
                if stored is not None:
                    return position, stored
        except errors.LockNotAvailable:  # somebody sleeps in the middle of it: leave it to them
            pass
        at.rollback()
        return None

    def _store(
        self, at: Connection, position: int, seen: list[RunRecord], record: RunRecord
    ) -> RunRecord | None:
        """Store what was decided, and end the transaction; None if the run has changed."""
        ticket = new_ticket()
        old = next((each for each in seen if each.row == record.row), None)
        self._tried = position, old, record, ticket
        if old is None:
            return self._runs.insert(at, record, ticket)
        return record if self._runs.swap(at, old, record, ticket) else None

    def _done_before(self, at: Connection) -> tuple[int, RunRecord] | None:
        """Return what a call before this one has claimed without hearing of it."""
        if self._tried is None:
            return None
        position, old, record, ticket = self._tried
        if old is not None:
            return (position, record) if self._runs.swapped(at, old, ticket) else None
        added = self._runs.inserted(at, self._wanted[position], ticket)
        return None if added is None else (position, added)


def _looks_free(runs: list[RunRecord]) -> bool:
    return all(run.status in (Status.PENDING, Status.ERROR) for run in runs)
