"""What is done to the rows of one project on a connection to PostgreSQL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg

from pycaddy._clock import utc_now_us
from pycaddy._names import fold
from pycaddy.records import NewRun, RunRecord, format_uid
from pycaddy.status import Status
from pycaddy.stores import lease
from pycaddy.stores.folders import refuse_clash, with_those_above
from pycaddy.stores.postgres import statements as sql
from pycaddy.stores.rows import (
    by_creation,
    changing_values,
    fixed_values,
    params_values,
    record_of_row,
)

__all__ = ["Runs", "leave", "new_ticket"]

Connection = psycopg.Connection[Any]
Rows = psycopg.Cursor[Any]


class Runs:
    """The runs of *project*."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._identifiers: dict[tuple[str, str], int] = {}

    def identifier(self, at: Connection, relpath: str, name: str) -> int | None:
        """Return the id of the identifier's row. It never changes, so it is asked for once."""
        known = self._identifiers.get((relpath, name))
        if known is None:
            row = at.execute(sql.IDENTIFIER, (self.project, relpath, name)).fetchone()
            if row is not None:
                known = self._identifiers[relpath, name] = row[0]
        return known

    def lock_of(self, run: NewRun | RunRecord) -> str:
        """Return the name of the lock on the runs with these params.

        Whoever decides on them has it alone from the look to the change; whoever changes what is
        decided on shares it.
        """
        return self.locks_of(run.relpath, run.identifier) + run.params_key

    def locks_of(self, relpath: str, name: str) -> str:
        """Return what the names of the locks on an identifier's runs begin with."""
        return f"run\n{self.project}\n{relpath}\n{name}\n"

    def get(self, at: Connection, relpath: str, name: str, uid: int) -> RunRecord | None:
        """Return the run, or None."""
        identifier = self.identifier(at, relpath, name)
        if identifier is None:
            return None
        row = at.execute(sql.GET, (lease.LEASE_S, identifier, uid)).fetchone()
        return None if row is None else record_of_row(row, relpath, name)

    def find(self, at: Connection, run: NewRun, status: Status | None) -> list[RunRecord]:
        """Return the runs with equal params, newest first; with a status only the newest."""
        return _told(run, self._ask(at, run, status))

    def find_locked(self, at: Connection, run: NewRun, status: Status | None) -> list[RunRecord]:
        """Begin a transaction that has the lock on *run*, and do what `find` does."""
        with at.pipeline():
            at.execute("BEGIN")
            at.execute(sql.LOCK, (self.lock_of(run),))
            asked = self._ask(at, run, status)
        return _told(run, asked)

    def lock_free(
        self, at: Connection, runs: Sequence[NewRun]
    ) -> tuple[int | None, dict[str, list[RunRecord]]]:
        """Begin a transaction that has the lock on the first of *runs* that is free, if any.

        Returns:
            Its position, and the runs with equal params, newest first, of all by param hash.
        """
        relpath, name = runs[0].relpath, runs[0].identifier
        found: dict[str, list[RunRecord]] = {run.params_key: [] for run in runs}
        hashes = json.dumps(list(found))  # a list of texts takes psycopg ten times as long
        identifier = self.identifier(at, relpath, name)
        with at.pipeline():
            at.execute("BEGIN")
            free = at.execute(sql.LOCK_FREE, (hashes, identifier, self.locks_of(relpath, name)))
            # Another one may have entered it before we had the lock.
            identifier = identifier or self.identifier(at, relpath, name)
            there = at.execute(sql.FIND_MANY, (hashes, lease.LEASE_S, identifier))
        # Not before: to wait for rows within a pipeline takes one more round trip.
        row = free.fetchone()
        for each in there:
            record = record_of_row(each, relpath, name)
            found[record.params_key].append(record)
        return None if row is None else row[0] - 1, found

    def _ask(self, at: Connection, run: NewRun, status: Status | None) -> Rows | None:
        identifier = self.identifier(at, run.relpath, run.identifier)
        if identifier is None:
            return None
        values: tuple[object, ...] = (lease.LEASE_S, identifier, run.params_key)
        if status is None:
            return at.execute(sql.FIND, values)
        return at.execute(sql.FIND_NEWEST, (*values, status.value))

    def swap(self, at: Connection, old: RunRecord, new: RunRecord, ticket: int) -> bool:
        """Replace *old* by *new* unless it has changed, and end the transaction if there is one.

        Returns:
            Whether it was replaced.
        """
        stands = (old.status, old.trashed_us) == (new.status, new.trashed_us)
        identifier = self.identifier(at, old.relpath, old.identifier)
        key = (old.row, old.revision, identifier, int(old.uid))
        values = (*_changing(new), new.revision, ticket, lease.LEASE_S, *key)
        lock = None if stands else self.lock_of(old)
        return _finally(at, sql.SWAP, values, lock).rowcount == 1

    def rewrite(self, at: Connection, old: RunRecord, new: RunRecord, ticket: int) -> bool:
        """Give a run the params of *new* unless it has changed; whether it was done."""
        identifier = self.identifier(at, old.relpath, old.identifier)
        key = (old.row, old.revision, identifier, int(old.uid))
        values = (*params_values(new), ticket, *key)
        return at.execute(sql.REWRITE, values).rowcount == 1

    def swapped(self, at: Connection, old: RunRecord, ticket: int) -> bool:
        """Whether the run was last changed under *ticket*."""
        return at.execute(sql.SWAPPED, (old.row, ticket)).fetchone() is not None

    def forget(self, at: Connection, record: RunRecord) -> bool:
        """Delete a run in the trash unless it has changed; return whether it was deleted."""
        identifier = self.identifier(at, record.relpath, record.identifier)
        key = (record.row, record.revision, identifier, int(record.uid))
        return at.execute(sql.FORGET, key).rowcount == 1

    def insert(self, at: Connection, record: RunRecord, ticket: int) -> RunRecord:
        """Add *record* under the next uid, and end the transaction if there is one."""
        lock = self.lock_of(record)
        identifier = self.identifier(at, record.relpath, record.identifier)
        if identifier is None:
            if _is_idle(at):
                _begin(at, lock)
            identifier = self._enter(at, record.relpath, record.identifier)
        row = _finally(at, sql.INSERT, _inserted(identifier, record, ticket), lock).fetchone()
        assert row is not None
        return record._replace(row=row[0], uid=format_uid(row[1]))

    def inserted(self, at: Connection, run: NewRun, ticket: int) -> RunRecord | None:
        """Return the run that was added under *ticket*, unless it has changed since."""
        identifier = self.identifier(at, run.relpath, run.identifier)
        row = at.execute(sql.INSERTED, (identifier, run.params_key, ticket)).fetchone()
        return None if row is None else self.get(at, run.relpath, run.identifier, row[1])

    def take_folder(self, at: Connection, path: str, kind: str) -> None:
        """Inside a transaction: enter the folder and those above it."""
        at.execute(sql.LOCK, (f"folders\n{self.project}",))
        for folder, wanted in with_those_above(path, kind):
            key = (self.project, fold(folder))
            taken = at.execute(sql.FOLDER, key).fetchone()
            if taken is None:
                at.execute(sql.TAKE_FOLDER, (*key, folder, kind))
            else:
                refuse_clash(folder, wanted, *taken)

    def load(
        self,
        at: Connection,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str],
    ) -> int:
        """Inside a transaction: add what is not there; return how many runs that were."""
        added = 0
        # One that no handle can have from a ledger that was here before.
        revision = utc_now_us()
        known: dict[tuple[str, str], int] = {}

        def enter(relpath: str, name: str) -> int:
            if (relpath, name) not in known:
                known[relpath, name] = self._enter(at, relpath, name)
            return known[relpath, name]

        for (relpath, name), uid in highest.items():
            at.execute(sql.RAISE_UID, (uid, enter(relpath, name)))
        # In the order of their creation, which `newest_first` reads backwards.
        for record in sorted(records, key=by_creation):
            identifier, uid = enter(record.relpath, record.identifier), int(record.uid)
            at.execute(sql.RAISE_UID, (uid, identifier))
            at.execute(sql.DROP_UNSTARTED, (identifier, uid))
            values = (*fixed_values(record), *_changing(record), lease.LEASE_S)
            added += at.execute(
                sql.ADD, (identifier, uid, revision, new_ticket(), *values)
            ).rowcount
        # Now that the folders of the runs are entered, those in between are files' as well.
        for folder in shared:
            self.take_folder(at, folder, "files")
        return added

    def merge(
        self,
        at: Connection,
        added: Sequence[RunRecord],
        replaced: Sequence[tuple[RunRecord, RunRecord]],
        shared: Iterable[str],
        ticket: int,
    ) -> bool:
        """Inside a transaction: add and replace runs; False if one of them is in the way."""
        revision = utc_now_us()
        entered: dict[tuple[str, str], int] = {}
        for record in sorted(added, key=by_creation):
            home = record.relpath, record.identifier
            if home not in entered:
                entered[home] = self._enter(at, *home)
            identifier = entered[home]
            at.execute(sql.RAISE_UID, (int(record.uid), identifier))
            values = (*fixed_values(record), *_changing(record), lease.LEASE_S)
            row = (identifier, int(record.uid), revision, ticket, *values)
            if at.execute(sql.ADD, row).rowcount != 1:
                return False
        for old, new in replaced:
            known = self.identifier(at, old.relpath, old.identifier)
            key = (old.row, old.revision, known, int(old.uid))
            values = (*_changing(new), new.revision, ticket, lease.LEASE_S, *key)
            if at.execute(sql.SWAP, values).rowcount != 1:
                return False
        for folder in shared:
            self.take_folder(at, folder, "files")
        return True

    def merged(
        self,
        at: Connection,
        added: Sequence[RunRecord],
        replaced: Sequence[tuple[RunRecord, RunRecord]],
        ticket: int,
    ) -> bool:
        """Whether a merge under *ticket* was done: one of its runs tells of all."""
        if replaced:
            return self.swapped(at, replaced[0][0], ticket)
        found = [
            self.get(at, record.relpath, record.identifier, int(record.uid)) for record in added[:1]
        ]
        return any(record is not None and self.swapped(at, record, ticket) for record in found)

    def _enter(self, at: Connection, relpath: str, name: str) -> int:
        # Not remembered: a rollback would take the row back.
        self.take_folder(at, f"{relpath}/{name}" if relpath else name, "names")
        row = at.execute(sql.ENTER_IDENTIFIER, (self.project, relpath, name)).fetchone()
        assert row is not None
        return int(row[0])


def new_ticket() -> int:
    """Return a number that no other call has."""
    return int.from_bytes(os.urandom(8), "big", signed=True)


def _changing(record: RunRecord) -> list[Any]:
    """Return the values of the changing columns; PostgreSQL's texts have no place for a NUL."""
    return [
        value.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else value
        for value in changing_values(record)
    ]


def _inserted(identifier: int, record: RunRecord, ticket: int) -> list[Any]:
    return [
        identifier,
        identifier,
        record.revision,
        ticket,
        *fixed_values(record),
        *_changing(record),
        lease.LEASE_S,
    ]


def leave(at: Connection) -> None:
    """End the transaction, if there is one, without what was written in it."""
    # `at.rollback()` would have the server forget all prepared statements, too.
    if not _is_idle(at):
        at.execute("ROLLBACK")


def _told(run: NewRun, asked: Rows | None) -> list[RunRecord]:
    return [record_of_row(row, run.relpath, run.identifier) for row in asked or ()]


def _finally(
    at: Connection, statement: str, values: Sequence[Any], lock: str | None
) -> psycopg.Cursor[Any]:
    """Execute the last statement of a transaction and the commit in one round trip.

    If it is the only one as well, it shares *lock*.
    """
    is_first = _is_idle(at)
    if is_first and lock is None:
        return at.execute(statement, values)
    with at.pipeline():
        if is_first:
            _begin(at, lock)
        cursor = at.execute(statement, values)
        at.execute("COMMIT")
    return cursor


def _begin(at: Connection, lock: str | None) -> None:
    """Begin a transaction that shares *lock*."""
    at.execute("BEGIN")
    at.execute(sql.SHARE_LOCK, (lock,))


def _is_idle(at: Connection) -> bool:
    return at.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
