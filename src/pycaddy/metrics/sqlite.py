"""The series of one run in an SQLite file of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pycaddy.errors import MetricsError
from pycaddy.metrics.blocks import BLOCK, BlockMetrics
from pycaddy.stores.blocks import Block
from pycaddy.stores.sqlite.mounts import is_network

__all__ = ["SqliteMetrics"]

_APPLICATION_ID = 0x7079636D  # "pycm"
_VERSION = 1
_BUSY_TIMEOUT_S = 5.0
_SYNCHRONOUS = {"power": "FULL", "process": "NORMAL"}

# steps are int64; vals and times float64, little-endian; times in seconds since 1970 UTC.
_SCHEMA = (
    "CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE block (
        id INTEGER PRIMARY KEY,
        series INTEGER NOT NULL REFERENCES series (id),
        attempt INTEGER NOT NULL,
        points INTEGER NOT NULL,  -- how many
        last INTEGER NOT NULL,    -- the step of the last one
        steps BLOB NOT NULL,
        vals BLOB NOT NULL,
        times BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX block_by_series ON block (series, attempt, points)",
    f"PRAGMA application_id={_APPLICATION_ID}",
    f"PRAGMA user_version={_VERSION}",
)
_ENTER = (
    "INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name=name RETURNING id"
)
_ADD = (
    "INSERT INTO block (series, attempt, points, last, steps, vals, times) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELETE = "DELETE FROM block WHERE id = ?"
_READ = (
    "SELECT id, attempt, points, last, steps, vals, times FROM block "
    "WHERE series = (SELECT id FROM series WHERE name = ?) ORDER BY id"
)
_COUNTS = (
    "SELECT s.name, b.attempt, sum(b.points) FROM block b JOIN series s ON s.id = b.series "
    "GROUP BY b.series, b.attempt"
)
_LAST_STEPS = (
    "SELECT s.name, b.last FROM series s "
    "JOIN block b ON b.id = (SELECT max(id) FROM block WHERE series = s.id)"
)


class SqliteMetrics(BlockMetrics):
    """The series of one run in the file *path*; a `MetricStore`.

    Args:
        path: The file; made by the first `append`, in a folder that is there.
        durability: As of `Project`.
    """

    def __init__(self, path: str, durability: str = "power") -> None:
        self._file = _BlockFile(path, durability)
        super().__init__(self._file)

    @property
    def path(self) -> str:
        """The file."""
        return self._file.address

    def close(self) -> None:
        super().close()
        self._file.close()


class _BlockFile:
    """The `Blocks` in an SQLite file. What it raises was not done."""

    def __init__(self, path: str, durability: str) -> None:
        self._path = path
        self._durability = durability
        self._sql: sqlite3.Connection | None = None
        self._inode = 0
        self._network = False
        self._has_log = False
        self._rows: dict[int, int] = {}
        """The rows of the small blocks that this process wrote, by ticket."""

    @property
    def address(self) -> str:
        return self._path

    def replace(self, old: Sequence[tuple[str, int]], new: Sequence[Block]) -> None:
        # A block that was read has its row as its ticket.
        others = [(ticket,) for _, ticket in old if ticket not in self._rows]
        own = [(self._rows.pop(ticket),) for _, ticket in old if ticket in self._rows]
        with self._translated(), self._transaction() as sql:
            sql.executemany(_DELETE, own)  # first: the new blocks take their place in the file
            ids = {}
            for name in {block.series: None for block in new}:
                (ids[name],) = sql.execute(_ENTER, (name,)).fetchone()
            for block in new:
                row = sql.execute(_ADD, (ids[block.series], *block[2:])).lastrowid
                if block.points < BLOCK:
                    self._rows[block.ticket] = row or 0
            # Blocks of other processes last: those may still delete by row, so no row is reused.
            sql.executemany(_DELETE, others)

    def read(self, series: str) -> list[Block]:
        return [Block(series, *row) for row in self._select(_READ, series)]

    def counts(self) -> list[tuple[str, int, int]]:
        return self._select(_COUNTS)

    def last_steps(self) -> list[tuple[str, int]]:
        return self._select(_LAST_STEPS)

    def close(self) -> None:
        """Close the connection; what is not committed is rolled back."""
        self._rows.clear()
        self._drop()

    def _select(self, statement: str, *values: object) -> list[Any]:
        with self._translated(), self._reading() as sql:
            return [] if sql is None else sql.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        sql = self._to_write()
        sql.execute("BEGIN IMMEDIATE")
        if not _recognised(sql, self._path):
            # Together with the first points: a short run waits for the disk once.
            for statement in _SCHEMA:
                sql.execute(statement)
        yield sql
        sql.execute("COMMIT")

    def _to_write(self) -> sqlite3.Connection:
        if self._sql is None:
            fresh = not os.path.exists(self._path)
            self._sql = _connect(self._path)
            self._inode = os.stat(self._path).st_ino
            self._network = is_network(os.path.dirname(self._path))
            level = "FULL" if self._network else _SYNCHRONOUS[self._durability]
            self._sql.execute(f"PRAGMA synchronous={level}")
            self._has_log = False
            if fresh:
                return self._sql
        elif not os.path.exists(self._path) or os.stat(self._path).st_ino != self._inode:
            # SQLite would go on writing into a file that nobody can find any more.
            raise MetricsError(
                f"The metrics {self._path} were deleted or moved while the run logged. What was in "
                "the file is lost; restore it if you can.",
                path=self._path,
            )
        if not self._has_log:
            self._use_log(self._sql)
        return self._sql

    def _use_log(self, sql: sqlite3.Connection) -> None:
        """Let readers and the writer go on side by side, now that there is more to come.

        A run that is over by the first flush goes without: making the log and taking it away
        takes twice the time.
        """
        # WAL needs shared memory, which machines do not share.
        mode = "TRUNCATE" if self._network else "WAL"
        with suppress(sqlite3.OperationalError):  # a reader is in the way: next time, then
            self._has_log = sql.execute(f"PRAGMA journal_mode={mode}").fetchone()[0] == mode.lower()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Hand out a connection; None where nothing was logged yet."""
        if self._sql is not None:
            yield self._sql
            return
        if not os.path.exists(self._path):
            yield None
            return
        sql = _open_to_read(self._path)
        try:
            # Its writer may be between making the file and making the tables.
            yield sql if _recognised(sql, self._path) else None
        finally:
            sql.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise errors as MetricsError, and open a fresh connection afterwards."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, MetricsError) as error:
            self._drop()
            if isinstance(error, MetricsError):
                raise
            raise MetricsError(
                f"The metrics {self._path} cannot be used: {error}. See to the disk and the "
                "permissions, and whether the file is whole.",
                path=self._path,
            ) from error

    def _drop(self) -> None:
        if self._sql is not None:
            self._sql.close()
            self._sql = None


def _open_to_read(path: str) -> sqlite3.Connection:
    from urllib.parse import quote

    # A reader that may write clears up after a writer that was killed.
    mode = "mode=rw"
    if not os.access(path, os.W_OK) or not os.access(os.path.dirname(path), os.W_OK):
        mode = "mode=ro" if os.path.exists(f"{path}-wal") else "mode=ro&immutable=1"
    return _connect(f"file:{quote(path)}?{mode}", uri=True)


def _connect(database: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        database,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # the recorder's lock lets one thread in at a time
        uri=uri,
    )


def _recognised(sql: sqlite3.Connection, path: str) -> bool:
    """Whether the tables are there; refuse a file that is not ours, or a newer one."""
    application, version, tables = sql.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), "
        "(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)"
    ).fetchone()
    if not (application or version or tables):
        return False
    if application != _APPLICATION_ID:
        raise MetricsError(
            f"{path} is a file of another program. Move it away: pycaddy keeps the run's metrics "
            "under this name.",
            path=path,
        )
    if version > _VERSION:
        raise MetricsError(
            f"A newer pycaddy wrote the metrics {path}. Run: pip install --upgrade pycaddy",
            path=path,
        )
    return True
