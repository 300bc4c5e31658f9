"""One claim: of many who want the runs of a sweep, each gets one of its own.

The server picks the first run that looks free and whose lock nobody has, so that whoever comes
second gets the next one and waits for nothing. What is claimed is decided in Python, on what is
read under that lock, and stored in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import errors

from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores.postgres import statements as sql
from pycaddy.stores.postgres.runs import Runs, leave, new_ticket
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
        left = range(len(self._wanted))
        look = _FIRST_LOOK
        while left:
            if (claimed := self._among(at, list(left[:look]))) is not None:
                return claimed
            left = left[look:]
            look *= 2
        # All else is out of reach. Most who were at these have decided on them by now.
        passed, self._passed = self._passed, []
        if (claimed := self._among(at, passed)) is not None:
            return claimed
        # Only now is it worth waiting.
        for position in self._passed:
            if (claimed := self._one(at, position, wait=True)) is not None:
                return claimed
        return None

    def _among(self, at: Connection, left: list[int]) -> tuple[int, RunRecord] | None:
        """Claim one of the positions *left*, which are used up."""
        while left:
            place, found = self._runs.lock_free(at, [self._wanted[position] for position in left])
            locked = None if place is None else left[place]
            while left:
                position = left.pop(0)
                run = self._wanted[position]
                runs = found[run.params_key]
                if position != locked and _looks_free(runs):
                    self._passed.append(position)
                    continue
                record = self._decide(run, runs)
                if position == locked:
                    if record is not None:
                        if (stored := self._store(at, position, runs, record)) is not None:
                            return position, stored
                        self._passed.append(position)
                    break
                if record is not None:  # its owner is gone
                    leave(at)
                    if (claimed := self._one(at, position, wait=False)) is not None:
                        return claimed
                    self._passed.append(position)  # who ends it for the dead may be at it
                    break
            leave(at)
        return None

    def _one(self, at: Connection, position: int, *, wait: bool) -> tuple[int, RunRecord] | None:
        """Claim this one, if it can be had.

        Args:
            wait: Let somebody who is at it come to an end first.
        """
        run = self._wanted[position]
        if self._lock(at, self._runs.lock_of(run), wait=wait):
            runs = self._runs.find(at, run, None)
            record = self._decide(run, runs)
            if record is not None:
                stored = self._store(at, position, runs, record)
                if stored is not None:
                    return position, stored
        leave(at)
        return None

    def _lock(self, at: Connection, name: str, *, wait: bool) -> bool:
        """Begin a transaction; return whether it has the lock."""
        try:
            with at.pipeline():
                at.execute("BEGIN")
                if wait:
                    at.execute(sql.SHORT_WAIT)
                locked = at.execute(sql.LOCK if wait else sql.TRY_LOCK, (name,))
        except errors.LockNotAvailable:  # who has it sleeps in the middle: it is theirs
            return False
        return wait or locked.fetchone() == (True,)

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
