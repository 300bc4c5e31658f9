"""What one connection has read of its file, as long as nothing in the file has changed.

A finished grid of 10,000 runs asks 20,000 times: is there a DONE run with these params, and is
it still DONE? While the file has one version, these are look-ups in a dict.
"""

from __future__ import annotations

import sqlite3

from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores.rows import COLUMNS, Row, record_of_row
from pycaddy.stores.sqlite import statements as sql

__all__ = ["Recent"]

_ASKED_OFTEN = 32  # single questions about an identifier before all its DONE runs are read
_MOST_RUNS = 20_000  # at about a kilobyte each


class Recent:
    """The records that a connection has read since its file last changed."""

    __slots__ = ("_asked", "_by_uid", "_done", "_sql", "_version")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection
        self._version: tuple[int, int] | None = None
        self._forget()

    def get(self, identifier: int | None, uid: int, relpath: str, name: str) -> RunRecord | None:
        """Return the run, or None."""
        self._check()
        record = self._by_uid.get((identifier, uid))
        if record is None:
            row = self._sql.execute(sql.GET, (identifier, uid)).fetchone()
            if row is not None:
                record = self._by_uid[identifier, uid] = record_of_row(row, relpath, name)
        return record

    def newest_done(
        self, identifier: int | None, params_key: str, relpath: str, name: str
    ) -> list[RunRecord]:
        """Return the newest DONE run with these params, if there is one."""
        self._check()
        row = self._done_row(identifier, params_key)
        if row is None:
            return []
        record = record_of_row(row, relpath, name)
        self._by_uid[identifier, int(record.uid)] = record
        return [record]

    def _done_row(self, identifier: int | None, params_key: str) -> Row | None:
        done = self._done.get(identifier)
        if done is not None:
            return done.get(params_key)
        asked = self._asked[identifier] = self._asked.get(identifier, 0) + 1
        if asked == _ASKED_OFTEN:
            rows = self._sql.execute(sql.ALL_DONE, (identifier,)).fetchmany(_MOST_RUNS + 1)
            if len(rows) <= _MOST_RUNS:
                self._done[identifier] = {row[_HASH]: row for row in rows}
                return self._done[identifier].get(params_key)
        values = (identifier, params_key, Status.DONE.value)
        row: Row | None = self._sql.execute(sql.FIND_NEWEST, values).fetchone()
        return row

    def _check(self) -> None:
        """Forget everything if anybody has changed the file, this connection included.

        https://www.sqlite.org/pragma.html#pragma_data_version
        """
        others = self._sql.execute("PRAGMA data_version").fetchone()[0]
        version = (others, self._sql.total_changes)
        if version != self._version:
            self._version = version
            self._forget()

    def _forget(self) -> None:
        self._by_uid: dict[tuple[int | None, int], RunRecord] = {}
        self._done: dict[int | None, dict[str, Row]] = {}
        self._asked: dict[int | None, int] = {}


_HASH = COLUMNS.index("param_hash")
