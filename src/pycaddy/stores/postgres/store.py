"""The ledger in a PostgreSQL database, for any number of machines.

Each call is one transaction, in as few round trips as there can be. docs/design/0008-postgres.md
says how a claim is decided, and what is done when the server is lost in the middle of a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pycaddy._extras import require

require("psycopg", "postgres")  # its absence is told with the command that mends it

from psycopg import Rollback  # noqa: E402

from pycaddy.records import NewRun, RunKey, RunRecord, format_uid  # noqa: E402
from pycaddy.status import Status  # noqa: E402
from pycaddy.stores import lease  # noqa: E402
from pycaddy.stores.postgres import statements as sql  # noqa: E402
from pycaddy.stores.postgres.backup import backup  # noqa: E402
from pycaddy.stores.postgres.blocks import PostgresBlocks  # noqa: E402
from pycaddy.stores.postgres.claim import Claim  # noqa: E402
from pycaddy.stores.postgres.pool import Connection, Server  # noqa: E402
from pycaddy.stores.postgres.runs import Runs, leave, new_ticket  # noqa: E402
from pycaddy.stores.protocol import Choose, Decide, Facts, Identifier, Selection  # noqa: E402
from pycaddy.stores.rows import grouped, new_record, record_of_row  # noqa: E402

__all__ = ["PostgresStore"]


class PostgresStore:
    """A `Store` in a schema of a PostgreSQL database, which projects may share.

    Args:
        url: What libpq takes, and `schema=` among its options. What in it is secret is shown
            nowhere; a pickle has it, since whoever unpickles it must connect.
        project: The id of the project whose rows to see.
        read_only: Refuse every change.
    """

    is_local = False

    def __init__(self, url: str, project: str, *, read_only: bool = False) -> None:
        self.project = project
        self._server = Server(url, read_only=read_only)
        self._runs = Runs(project)

    def __repr__(self) -> str:
        return f"PostgresStore({self.address!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self._server.url, self.project, self._server.read_only)

    @property
    def address(self) -> str:
        return self._server.address

    def create(self, run: NewRun) -> RunRecord:
        record = new_record(run)
        ticket = new_ticket()

        def create(at: Connection, again: bool) -> RunRecord:
            before = self._runs.inserted(at, run, ticket) if again else None
            return before or self._runs.insert(at, record, ticket)

        return self._server.call(create)

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        ticket = new_ticket()

        def find_or_create(at: Connection, again: bool) -> tuple[RunRecord, bool]:
            if again and (before := self._runs.inserted(at, run, ticket)) is not None:
                return before, True
            # Most calls find something, and need no lock.
            found = choose(self._runs.find(at, run, status))
            if found is not None:
                return found, False
            found = choose(self._runs.find_locked(at, run, status))
            if found is not None:
                leave(at)
                return found, False
            return self._runs.insert(at, new_record(run), ticket), True

        return self._server.call(find_or_create)

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        return self._server.call(Claim(self._runs, runs, decide))

    def beat(self, held: Mapping[int, int]) -> set[int]:
        values = (lease.LEASE_S, list(held), list(held.values()))
        return set(held) - {row for (row,) in self._read(sql.BEAT, values)}

    def get(self, relpath: str, identifier: str, uid: int) -> RunRecord | None:
        return self._server.call(lambda at, _: self._runs.get(at, relpath, identifier, uid))

    def is_latest(self, record: RunRecord) -> bool:
        return bool(self._read(sql.IS_LATEST, (record.row, record.revision, int(record.uid))))

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        ticket = new_ticket()

        def swap(at: Connection, again: bool) -> bool:
            before = again and self._runs.swapped(at, old, ticket)
            return before or self._runs.swap(at, old, new, ticket)

        return self._server.call(swap)

    def forget(self, record: RunRecord) -> bool:
        def forget(at: Connection, again: bool) -> bool:
            key = record.relpath, record.identifier, int(record.uid)
            # If it was done and not heard of, the run is gone by now.
            return self._runs.forget(at, record) or (again and self._runs.get(at, *key) is None)

        return self._server.call(forget)

    def rewrite_params(self, changes: Sequence[tuple[RunRecord, RunRecord]]) -> bool:
        ticket = new_ticket()

        def rewrite(at: Connection, again: bool) -> bool:
            if again and self._runs.swapped(at, changes[0][0], ticket):
                return True
            with at.transaction() as transaction:
                if not all(self._runs.rewrite(at, old, new, ticket) for old, new in changes):
                    raise Rollback(transaction)
                return True
            return False

        return self._server.call(rewrite) if changes else True

    def select(self, selection: Selection) -> list[RunRecord]:
        if selection.where is None and not selection.sort:
            rows = self._read(*sql.select(self.project, selection, lease.LEASE_S))
            return [record_of_row(row[2:], row[0], row[1]) for row in rows]
        from pycaddy.stores.filter_sql import plan
        from pycaddy.stores.postgres.json import PostgresJson

        planned = plan(selection, PostgresJson())
        rows = self._read(*sql.select(self.project, selection, lease.LEASE_S, planned))
        return planned.finish((record_of_row(row[2:], *row[:2]) for row in rows), selection)

    def keys(self, selection: Selection) -> list[RunKey]:
        from pycaddy.stores.filter_sql import plan
        from pycaddy.stores.postgres.json import PostgresJson

        planned = plan(selection, PostgresJson())
        if not planned.is_whole:
            return [record.key for record in self.select(selection)]
        rows = self._read(*sql.select_keys(self.project, selection, planned))
        return [RunKey(relpath, name, format_uid(uid)) for relpath, name, uid in rows]

    def version(self) -> str:
        # It names the transactions that have ended, in the whole server.
        ((snapshot,),) = self._read("SELECT pg_current_snapshot()::text", ())
        return str(snapshot)

    def done_hashes(self, relpath: str, identifier: str) -> set[str]:
        rows = self._read(sql.DONE_HASHES, (self.project, relpath, identifier))
        return {key for (key,) in rows}

    def hash_only(self) -> dict[tuple[str, str], set[str]]:
        return grouped(self._read(sql.HASH_ONLY, (self.project,)))

    def counts(self) -> dict[tuple[str, str, Status], int]:
        rows = self._read(sql.COUNTS, (self.project,))
        return {(relpath, name, Status(status)): n for relpath, name, status, n in rows}

    def totals(self) -> dict[tuple[str, str], int]:
        rows = self._read(sql.TOTALS, (self.project,))
        return {(relpath, name): number for relpath, name, number in rows}

    def identifiers(self) -> list[Identifier]:
        return [Identifier(*row) for row in self._read(sql.IDENTIFIERS, (self.project,))]

    def take_folder(self, path: str, kind: str) -> None:
        def take_folder(at: Connection, again: bool) -> None:
            with at.transaction():
                self._runs.take_folder(at, path, kind)

        self._server.call(take_folder)

    def folders(self, kind: str) -> set[str]:
        return {path for (path,) in self._read(sql.FOLDERS, (self.project, kind))}

    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        listed, folders = list(records), list(shared)

        def load(at: Connection, again: bool) -> int:
            with at.transaction():
                return self._runs.load(at, listed, highest, folders)

        return self._server.call(load)

    def merge(
        self,
        added: Iterable[RunRecord],
        replaced: Iterable[tuple[RunRecord, RunRecord]],
        shared: Iterable[str] = (),
    ) -> bool:
        ticket = new_ticket()
        new, changes, folders = list(added), list(replaced), list(shared)

        def merge(at: Connection, again: bool) -> bool:
            if again and self._runs.merged(at, new, changes, ticket):
                return True
            with at.transaction() as transaction:
                if not self._runs.merge(at, new, changes, folders, ticket):
                    raise Rollback(transaction)
                return True
            return False

        return self._server.call(merge)

    def backup(self, target: str) -> None:
        """Write the project as a ledger file of SQLite: it opens without a server."""
        self._server.call(lambda at, _: backup(at, self.project, target))

    def check(self) -> list[str]:
        rows = self._read(sql.DAMAGED, (self.project,))
        return [f"The row of run {uid} is damaged." for (uid,) in rows]

    def facts(self) -> Facts:
        (facts,) = self._read(sql.FACTS, ())
        return Facts("PostgreSQL", *facts)

    def blocks(self, record: RunRecord) -> PostgresBlocks:
        home = record.relpath, record.identifier
        return PostgresBlocks(self._server, self._runs, home, int(record.uid))

    def close(self) -> None:
        self._server.close()

    def _read(self, statement: str, values: Sequence[object]) -> list[Any]:
        return self._server.call(lambda at, _: at.execute(statement, values).fetchall())


def _reopen(url: str, project: str, read_only: bool) -> PostgresStore:
    return PostgresStore(url, project, read_only=read_only)
