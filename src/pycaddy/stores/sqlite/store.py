"""The ledger in one SQLite file, for one machine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from pycaddy._clock import utc_now_us
from pycaddy._names import fold
from pycaddy.errors import LedgerMissingError
from pycaddy.records import NewRun, RunKey, RunRecord, format_uid
from pycaddy.status import Status
from pycaddy.stores.folders import refuse_clash, with_those_above
from pycaddy.stores.protocol import Choose, Decide, Facts, Identifier, Selection
from pycaddy.stores.rows import (
    by_creation,
    changing_values,
    fixed_values,
    grouped,
    new_record,
    params_values,
    record_of_row,
)
from pycaddy.stores.sqlite import file
from pycaddy.stores.sqlite import statements as sql
from pycaddy.stores.sqlite.backup import backup
from pycaddy.stores.sqlite.connection import Connection, Connections
from pycaddy.stores.sqlite.durability import SYNCHRONOUS
from pycaddy.stores.sqlite.errors import translated
from pycaddy.stores.sqlite.mounts import is_network
from pycaddy.stores.sqlite.transaction import Reading, Transactions, Writing

__all__ = ["SqliteStore"]


class SqliteStore:
    """A `Store` in an SQLite file with a write-ahead log.

    Args:
        path: The file; made when first used.
        project: The project whose rows to see. None: the one the file was made for.
        durability: "power" waits for the disk at each change, "process" leaves the last ones
            to a power cut but to nothing less.
        read_only: Refuse every change.
    """

    def __init__(
        self,
        path: str,
        project: str | None = None,
        durability: str = "power",
        *,
        read_only: bool = False,
    ) -> None:
        if durability not in SYNCHRONOUS:
            raise ValueError(f"durability must be 'power' or 'process', not {durability!r}.")
        self.path = path
        self.durability = durability
        self.read_only = read_only
        self._given_project = project
        # No reference to the store itself: it is closed as soon as nobody has it any more.
        self._connections = Connections(path, _Opening(path, durability, project, read_only))
        transactions = Transactions(path, self._connections)
        self._reading = partial(Reading, transactions)
        self._writing = partial(Writing, transactions)
        self._close = transactions.close

    def __repr__(self) -> str:
        return f"SqliteStore({self.path!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.path, self._given_project, self.durability, self.read_only)

    @property
    def address(self) -> str:
        return self.path

    @cached_property
    def project(self) -> str:
        if self._given_project is not None:
            return self._given_project
        with self._reading() as at:
            row = at.sql.execute("SELECT value FROM meta WHERE name = 'project'").fetchone()
        return str(row[0])

    @property
    def is_local(self) -> bool:
        return not is_network(os.path.dirname(self.path))

    def create(self, run: NewRun) -> RunRecord:
        record = new_record(run)
        with self._writing() as at:
            return self._insert(at, record)

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        # Most calls find something; they need not wait for the writers.
        with self._reading(in_a_loop=True) as at:
            if status is Status.DONE:
                identifier = self._identifier(at, run.relpath, run.identifier)
                offered = at.recent.newest_done(
                    identifier, run.params_key, run.relpath, run.identifier
                )
            else:
                offered = self._find(at, run, status)
            found = choose(offered)
        if found is not None:
            return found, False
        record = new_record(run)
        with self._writing() as at:
            found = choose(self._find(at, run, status))
            if found is not None:
                return found, False
            return self._insert(at, record), True

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        with self._writing() as at:
            for position, run, candidates in self._looked_through(at, runs):
                wanted = decide(run, candidates)
                if wanted is None:
                    continue
                if wanted.row == 0:
                    return position, self._insert(at, wanted)
                old = next(record for record in candidates if record.row == wanted.row)
                self._swap(at, old, wanted)
                return position, wanted
        return None

    def beat(self, held: Mapping[int, int]) -> set[int]:
        with self._writing() as at:
            return {
                row
                for row, attempt in held.items()
                if at.sql.execute(sql.BEAT, (row, attempt)).rowcount == 0
            }

    def get(self, relpath: str, identifier: str, uid: int) -> RunRecord | None:
        with self._reading(in_a_loop=True) as at:
            row = self._identifier(at, relpath, identifier)
            return at.recent.get(row, uid, relpath, identifier)

    def is_latest(self, record: RunRecord) -> bool:
        key = (record.row, record.revision, int(record.uid))
        with self._reading(in_a_loop=True) as at:
            return at.sql.execute(sql.IS_LATEST, key).fetchone() is not None

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        with self._writing() as at:
            return self._swap(at, old, new)

    def forget(self, record: RunRecord) -> bool:
        with self._writing() as at:
            identifier = self._identifier(at, record.relpath, record.identifier)
            key = (record.row, record.revision, identifier, int(record.uid))
            return at.sql.execute(sql.FORGET, key).rowcount == 1

    def rewrite_params(self, changes: Sequence[tuple[RunRecord, RunRecord]]) -> bool:
        try:
            with self._writing() as at:
                for old, new in changes:
                    identifier = self._identifier(at, old.relpath, old.identifier)
                    values = (*params_values(new), old.row, old.revision, identifier)
                    if at.sql.execute(sql.REWRITE, (*values, int(old.uid))).rowcount != 1:
                        raise _OutdatedError
        except _OutdatedError:
            return False
        return True

    def select(self, selection: Selection) -> list[RunRecord]:
        if selection.where is None and not selection.sort:
            statement, values = sql.select(self.project, selection)
            with self._reading() as at:
                rows = at.sql.execute(statement, values).fetchall()
            return [record_of_row(row[2:], row[0], row[1]) for row in rows]
        return self._query(selection)

    def done_hashes(self, relpath: str, identifier: str) -> set[str]:
        with self._reading() as at:
            rows = at.sql.execute(sql.DONE_HASHES, (self.project, relpath, identifier)).fetchall()
        return {key for (key,) in rows}

    def hash_only(self) -> dict[tuple[str, str], set[str]]:
        with self._reading() as at:
            return grouped(at.sql.execute(sql.HASH_ONLY, (self.project,)).fetchall())

    def keys(self, selection: Selection) -> list[RunKey]:
        from pycaddy.stores.filter_sql import plan
        from pycaddy.stores.sqlite.json import SqliteJson

        planned = plan(selection, SqliteJson())
        if not planned.is_whole:
            return [record.key for record in self.select(selection)]
        statement, values = sql.select(
            self.project, selection, columns=("uid",), plan=planned, by_uid=sql.BY_UID
        )
        with self._reading() as at:
            rows = at.sql.execute(statement, values).fetchall()
        return [RunKey(relpath, name, format_uid(uid)) for relpath, name, uid in rows]

    def version(self) -> str:
        with self._reading() as at:
            (number,) = at.sql.execute("PRAGMA data_version").fetchone()
        return f"{at.inode}.{number}"  # a file that a rebuild put in its place counts anew

    def counts(self) -> dict[tuple[str, str, Status], int]:
        with self._reading() as at:
            rows = at.sql.execute(sql.COUNTS, (self.project,)).fetchall()
        return {(relpath, name, Status(status)): n for relpath, name, status, n in rows}

    def totals(self) -> dict[tuple[str, str], int]:
        with self._reading() as at:
            rows = at.sql.execute(sql.TOTALS, (self.project,)).fetchall()
        return {(relpath, name): number for relpath, name, number in rows}

    def identifiers(self) -> list[Identifier]:
        with self._reading() as at:
            rows = at.sql.execute(sql.IDENTIFIERS, (self.project,)).fetchall()
        return [Identifier(*row) for row in rows]

    def take_folder(self, path: str, kind: str) -> None:
        with self._writing() as at:
            self._take_folder(at, path, kind)

    def folders(self, kind: str) -> set[str]:
        with self._reading() as at:
            rows = at.sql.execute(sql.FOLDERS, (self.project, kind)).fetchall()
        return {path for (path,) in rows}

    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        added = 0
        # One that no handle can have from a ledger that was here before.
        revision = utc_now_us()
        with self._writing() as at:
            for (relpath, name), uid in highest.items():
                at.sql.execute(sql.RAISE_UID, (uid, self._enter_identifier(at, relpath, name)))
            # In the order of their creation, which `newest_first` reads backwards.
            for record in sorted(records, key=by_creation):
                identifier = self._enter_identifier(at, record.relpath, record.identifier)
                at.sql.execute(sql.DROP_UNSTARTED, (identifier, int(record.uid)))
                added += self._add(at, identifier, record, revision)
            # Now that the folders of the runs are entered, those in between are files' as well.
            for folder in shared:
                self._take_folder(at, folder, "files")
        return added

    def merge(
        self,
        added: Iterable[RunRecord],
        replaced: Iterable[tuple[RunRecord, RunRecord]],
        shared: Iterable[str] = (),
    ) -> bool:
        revision = utc_now_us()
        try:
            with self._writing() as at:
                for record in sorted(added, key=by_creation):
                    identifier = self._enter_identifier(at, record.relpath, record.identifier)
                    _require(self._add(at, identifier, record, revision))
                for old, new in replaced:
                    _require(self._swap(at, old, new))
                for folder in shared:
                    self._take_folder(at, folder, "files")
        except _OutdatedError:
            return False
        return True

    def backup(self, target: str) -> None:
        with self._reading() as at, translated(target):
            backup(at.sql, os.path.abspath(target))

    def check(self) -> list[str]:
        with self._reading() as at:
            found = [row[0] for row in at.sql.execute("PRAGMA integrity_check").fetchall()]
            # A flipped bit in a row's text is none of SQLite's business.
            damaged = [row[0] for row in at.sql.execute(sql.DAMAGED).fetchall()]
        problems = [] if found == ["ok"] else found
        return problems + [f"The row of run {uid} is damaged." for uid in damaged]

    def facts(self) -> Facts:
        with self._reading() as at:
            schema, pages, page_size, projects = at.sql.execute(sql.FACTS).fetchone()
        return Facts("SQLite", sqlite3.sqlite_version, schema, pages * page_size, projects)

    def blocks(self, record: RunRecord) -> None:
        return None  # what a run logs would wait for all others in this one file

    def close(self) -> None:
        self._close()

    def _query(self, selection: Selection) -> list[RunRecord]:
        from pycaddy.stores.filter_sql import plan
        from pycaddy.stores.sqlite.json import SqliteJson

        planned = plan(selection, SqliteJson())
        statement, values = sql.select(self.project, selection, plan=planned, by_uid=sql.BY_UID)
        with self._reading() as at:
            rows = at.sql.execute(statement, values)
            return planned.finish((record_of_row(row[2:], *row[:2]) for row in rows), selection)

    def _find(self, at: Connection, run: NewRun, status: Status | None) -> list[RunRecord]:
        identifier = self._identifier(at, run.relpath, run.identifier)
        if status is None:
            rows = at.sql.execute(sql.FIND, (identifier, run.params_key)).fetchall()
        else:
            values = (identifier, run.params_key, status.value)
            rows = at.sql.execute(sql.FIND_NEWEST, values).fetchall()
        return [record_of_row(row, run.relpath, run.identifier) for row in rows]

    def _looked_through(
        self, at: Connection, runs: Sequence[NewRun]
    ) -> Iterator[tuple[int, NewRun, list[RunRecord]]]:
        """Yield each of *runs*, all of one identifier, with its place and those of equal params.

        Others have taken the first few just now: one statement passes over some of them.
        """
        relpath, name = runs[0].relpath, runs[0].identifier
        identifier = self._identifier(at, relpath, name)
        for first in range(0, len(runs), sql.MANY):
            part = runs[first : first + sql.MANY]
            hashes = [run.params_key for run in part]
            found: dict[str, list[RunRecord]] = {key: [] for key in hashes}
            values = (identifier, *hashes, *(None for _ in range(sql.MANY - len(part))))
            for row in at.sql.execute(sql.FIND_MANY, values).fetchall():
                record = record_of_row(row, relpath, name)
                found[record.params_key].append(record)
            for place, run in enumerate(part, first):
                yield place, run, found[run.params_key]

    def _swap(self, at: Connection, old: RunRecord, new: RunRecord) -> bool:
        identifier = self._identifier(at, old.relpath, old.identifier)
        key = (old.row, old.revision, identifier, int(old.uid))
        values = (*changing_values(new), new.revision, *key)
        return at.sql.execute(sql.SWAP, values).rowcount == 1

    def _insert(self, at: Connection, record: RunRecord) -> RunRecord:
        identifier = self._identifier(at, record.relpath, record.identifier)
        if identifier is None:
            identifier = self._enter_identifier(at, record.relpath, record.identifier)
        uid = at.sql.execute(sql.NEXT_UID, (identifier,)).fetchone()[0]
        values = (
            identifier,
            uid,
            record.revision,
            *fixed_values(record),
            *changing_values(record),
        )
        row = at.sql.execute(sql.INSERT, values).lastrowid
        return record._replace(row=row or 0, uid=format_uid(uid))

    def _add(self, at: Connection, identifier: int, record: RunRecord, revision: int) -> bool:
        """Add a run under the uid that it has; return whether the uid was free."""
        number = int(record.uid)
        at.sql.execute(sql.RAISE_UID, (number, identifier))
        values = (*fixed_values(record), *changing_values(record))
        return at.sql.execute(sql.ADD, (identifier, number, revision, *values)).rowcount == 1

    def _identifier(self, at: Connection, relpath: str, name: str) -> int | None:
        """Return the id of the identifier's row. It never changes, so it is asked for once."""
        known = at.identifiers.get((relpath, name))
        if known is None:
            row = at.sql.execute(sql.IDENTIFIER, (self.project, relpath, name)).fetchone()
            if row is not None:
                known = at.identifiers[relpath, name] = row[0]
        return known

    def _enter_identifier(self, at: Connection, relpath: str, name: str) -> int:
        # Not remembered: a rollback would take the row back.
        self._take_folder(at, f"{relpath}/{name}" if relpath else name, "names")
        row = at.sql.execute(sql.ENTER_IDENTIFIER, (self.project, relpath, name)).fetchone()
        return int(row[0])

    def _take_folder(self, at: Connection, path: str, kind: str) -> None:
        for folder, wanted in with_those_above(path, kind):
            key = (self.project, fold(folder))
            taken = at.sql.execute(sql.FOLDER, key).fetchone()
            if taken is None:
                at.sql.execute(sql.TAKE_FOLDER, (*key, folder, kind))
            else:
                refuse_clash(folder, wanted, *taken)


class _OutdatedError(Exception):
    """A run has changed since: what the transaction did so far is taken back."""


class _Opening:
    """Opens the ledger file, which is made only if this store has not seen it yet.

    A process whose project was moved away would otherwise begin another one in its place.
    """

    __slots__ = ("_given", "_read_only", "_seen")

    def __init__(self, path: str, durability: str, project: str | None, read_only: bool) -> None:
        self._given = path, durability, project
        self._read_only = read_only
        self._seen = False

    def __call__(self) -> Connection:
        path = self._given[0]
        if self._seen and not os.path.exists(path):
            raise LedgerMissingError(
                f"The ledger {path} was deleted or moved while it was in use. Open the project "
                "where it lies now, or run `pycaddy rebuild`.",
                ledger=path,
            )
        connection = file.connect(*self._given)
        if self._read_only:
            connection.sql.execute("PRAGMA query_only=ON")
        self._seen = True
        return connection


def _reopen(path: str, project: str | None, durability: str, read_only: bool) -> SqliteStore:
    return SqliteStore(path, project, durability, read_only=read_only)


def _require(succeeded: bool) -> None:
    if not succeeded:
        raise _OutdatedError
