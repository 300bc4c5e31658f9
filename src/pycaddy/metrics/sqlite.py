"""One SQLite file per run: blocks of about a thousand points.

A flush adds a small block to each series. Once the small ones at its end come to a thousand
points, they become one. So a point is written twice at most, and a series is read with a
thousandth of the rows that one row per point would take.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pycaddy.errors import MetricsError
from pycaddy.metrics.packed import BLOCK, by_attempt, packed
from pycaddy.metrics.series import Points, Series, as_series
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
_ENTER_SERIES = (
    "INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name=name RETURNING id"
)
_INSERT = (
    "INSERT INTO block (series, attempt, points, last, steps, vals, times) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_DELETE = "DELETE FROM block WHERE id = ?"
_LAST_BLOCK = "SELECT coalesce(max(id), 0) FROM block WHERE series = ?"
_DELETE_UNTIL = "DELETE FROM block WHERE series = ? AND id <= ?"
_READ = (
    "SELECT attempt, steps, vals, times FROM block "
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


@dataclass(slots=True)
class _Tail:
    """The small blocks at the end of a series that this process wrote."""

    rows: list[int] = field(default_factory=list)
    points: Points = field(default_factory=Points)


class SqliteMetrics:
    """The series of one run in the file *path*; a `MetricStore`.

    Args:
        path: The file; made by the first `append`, in a folder that is there.
        durability: As of `Project`.
    """

    def __init__(self, path: str, durability: str = "power") -> None:
        self.path = path
        self._durability = durability
        self._sql: sqlite3.Connection | None = None
        self._inode = 0
        self._network = False
        self._has_log = False
        self._tails: dict[tuple[int, int], _Tail] = {}

    def append(self, attempt: int, points: Mapping[str, Points]) -> None:
        with self._told(), self._transaction() as sql:
            for name, added in points.items():
                series = sql.execute(_ENTER_SERIES, (name,)).fetchone()[0]
                self._add(sql, series, attempt, added)

    def read(self, name: str) -> Series | None:
        return as_series(name, self.attempts(name))

    def attempts(self, name: str) -> dict[int, Points]:
        with self._told(), self._reading() as sql:
            rows = [] if sql is None else sql.execute(_READ, (name,)).fetchall()
        return by_attempt((attempt, block) for attempt, *block in rows)

    def rewrite(self, series: Mapping[str, Mapping[int, Points]]) -> None:
        with self._told(), self._transaction() as sql:
            for name, attempts in series.items():
                id_ = sql.execute(_ENTER_SERIES, (name,)).fetchone()[0]
                (last,) = sql.execute(_LAST_BLOCK, (id_,)).fetchone()
                for attempt, points in attempts.items():
                    for at in range(0, len(points), BLOCK):
                        _insert(sql, id_, attempt, points[at : at + BLOCK])
                # Afterwards: no number of a block is given twice.
                sql.execute(_DELETE_UNTIL, (id_, last))
        self._tails.clear()

    def counts(self) -> dict[str, dict[int, int]]:
        with self._told(), self._reading() as sql:
            rows = [] if sql is None else sql.execute(_COUNTS).fetchall()
        found: dict[str, dict[int, int]] = {}
        for name, attempt, points in rows:
            found.setdefault(name, {})[attempt] = points
        return found

    def last_steps(self) -> dict[str, int]:
        with self._told(), self._reading() as sql:
            return {} if sql is None else dict(sql.execute(_LAST_STEPS).fetchall())

    def close(self) -> None:
        if self._sql is None:
            return
        # They are safe as they are; as one block they are smaller and sooner read.
        with suppress(sqlite3.Error, MetricsError):
            if any(len(tail.rows) > 1 for tail in self._tails.values()):
                with self._transaction() as sql:
                    for (series, attempt), tail in self._tails.items():
                        self._replace(sql, series, attempt, tail)
        self._drop()

    def _add(self, sql: sqlite3.Connection, series: int, attempt: int, added: Points) -> None:
        tail = self._tails.setdefault((series, attempt), _Tail())
        if len(tail.points) + len(added) < BLOCK:
            tail.rows.append(_insert(sql, series, attempt, added))
            tail.points.extend(added)
            return
        tail.points.extend(added)
        self._replace(sql, series, attempt, tail)

    def _replace(self, sql: sqlite3.Connection, series: int, attempt: int, tail: _Tail) -> None:
        """Write the points of *tail* as full blocks, and the rest as its new row."""
        sql.executemany(_DELETE, [(row,) for row in tail.rows])
        full = len(tail.points) // BLOCK * BLOCK
        for at in range(0, full, BLOCK):
            _insert(sql, series, attempt, tail.points[at : at + BLOCK])
        tail.points = tail.points[full:]
        tail.rows = [_insert(sql, series, attempt, tail.points)] if len(tail.points) else []

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        sql = self._to_write()
        sql.execute("BEGIN IMMEDIATE")
        if not _recognised(sql, self.path):
            # Together with the first points: a short run waits for the disk once.
            for statement in _SCHEMA:
                sql.execute(statement)
        yield sql
        sql.execute("COMMIT")

    def _to_write(self) -> sqlite3.Connection:
        if self._sql is None:
            fresh = not os.path.exists(self.path)
            self._sql = _connect(self.path)
            self._inode = os.stat(self.path).st_ino
            self._network = is_network(os.path.dirname(self.path))
            level = "FULL" if self._network else _SYNCHRONOUS[self._durability]
            self._sql.execute(f"PRAGMA synchronous={level}")
            self._has_log = False
            if fresh:
                return self._sql
        elif not os.path.exists(self.path) or os.stat(self.path).st_ino != self._inode:
            # SQLite would go on writing into a file that nobody can find any more.
            raise MetricsError(
                f"The metrics {self.path} were deleted or moved while the run logged. What was in "
                "the file is lost; restore it if you can.",
                path=self.path,
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
        if not os.path.exists(self.path):
            yield None
            return
        sql = _open_to_read(self.path)
        try:
            # Its writer may be between making the file and making the tables.
            yield sql if _recognised(sql, self.path) else None
        finally:
            sql.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what goes wrong inside as a MetricsError, and begin with a fresh connection."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError, MetricsError) as error:
            self._drop()
            if isinstance(error, MetricsError):
                raise
            raise MetricsError(
                f"The metrics {self.path} cannot be used: {error}. See to the disk and the "
                "permissions, and whether the file is whole.",
                path=self.path,
            ) from error

    def _drop(self) -> None:
        """Close the connection; what is not committed is rolled back."""
        self._tails.clear()
        if self._sql is not None:
            self._sql.close()
            self._sql = None


def _insert(sql: sqlite3.Connection, series: int, attempt: int, points: Points) -> int:
    values = (series, attempt, len(points), points.steps[-1], *packed(points))
    return sql.execute(_INSERT, values).lastrowid or 0


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
