"""The metrics of one run in the database of its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from psycopg import errors

from pycaddy.errors import LedgerError, RunNotFoundError
from pycaddy.stores.blocks import Block
from pycaddy.stores.postgres.pool import Connection, Server, Work
from pycaddy.stores.postgres.runs import Runs

__all__ = ["PostgresBlocks"]

T = TypeVar("T")

_PATIENCE_S = 1.0

# Only a run that is there gets series: what was deleted does not come back.
_ENTER = (
    "INSERT INTO series (identifier, uid, name) "
    "SELECT identifier, uid, unnest(%s::text[]) FROM run WHERE identifier=%s AND uid=%s "
    "ON CONFLICT DO NOTHING"
)
_SERIES = "SELECT name, id FROM series WHERE identifier=%s AND uid=%s AND name = ANY(%s)"
_DELETE = (
    "DELETE FROM block USING unnest(%s::bigint[], %s::bigint[]) AS old (series, ticket) "
    "WHERE block.series=old.series AND block.ticket=old.ticket"
)
_ADD = (
    "INSERT INTO block (series, ticket, attempt, points, last, steps, vals, times) "
    # A call before this one may have come through. If it is on its way still, this waits for it.
    "VALUES (%s, %s, %s, %s, %s, %b, %b, %b) ON CONFLICT DO NOTHING"
)
_OF_RUN = "FROM block b JOIN series s ON s.id = b.series WHERE s.identifier=%s AND s.uid=%s"
_READ = (
    "SELECT s.name, b.ticket, b.attempt, b.points, b.last, b.steps, b.vals, b.times "
    f"{_OF_RUN} AND s.name=%s ORDER BY b.number"
)
_COUNTS = f"SELECT s.name, b.attempt, sum(b.points)::bigint {_OF_RUN} GROUP BY s.name, b.attempt"
_LAST_STEPS = f"SELECT DISTINCT ON (s.name) s.name, b.last {_OF_RUN} ORDER BY s.name, b.number DESC"


class PostgresBlocks:
    """The `Blocks` of the run *uid*."""

    def __init__(self, server: Server, runs: Runs, home: tuple[str, str], uid: int) -> None:
        self._server = server
        self._runs = runs
        self._home = home
        self._uid = uid
        self._known: dict[str, int] = {}

    @property
    def address(self) -> str:
        return self._server.address

    def replace(self, old: Sequence[tuple[str, int]], new: Sequence[Block]) -> None:
        def replace(at: Connection, again: bool) -> None:
            ids = self._entered(at, {block.series for block in new})
            rows = [
                (ids[b.series], b.ticket, b.attempt, b.points, b.last, b.steps, b.values, b.times)
                for b in new
            ]
            gone = [ids[series] for series, _ in old], [ticket for _, ticket in old]
            with at.transaction():
                if old:
                    at.execute(_DELETE, gone)
                at.cursor().executemany(_ADD, rows)

        try:
            self._call(replace)
        except LedgerError as error:
            if isinstance(error.__cause__, errors.ForeignKeyViolation):
                raise self._deleted() from error
            raise

    def read(self, series: str) -> list[Block]:
        return [Block(*row) for row in self._select(_READ, series)]

    def counts(self) -> list[tuple[str, int, int]]:
        return self._select(_COUNTS)

    def last_steps(self) -> list[tuple[str, int]]:
        return self._select(_LAST_STEPS)

    def _entered(self, at: Connection, names: set[str]) -> dict[str, int]:
        """Return the ids of series, by name, which are there from now on."""
        missing = sorted(names - self._known.keys())
        if missing:
            run = self._run(at)
            at.execute(_ENTER, (missing, *run))
            self._known.update(at.execute(_SERIES, (*run, missing)).fetchall())
        if not names <= self._known.keys():
            raise self._deleted()
        return self._known

    def _deleted(self) -> RunNotFoundError:
        name = "/".join(part for part in (*self._home, f"{self._uid:04d}") if part)
        return RunNotFoundError(
            f"Run {name} was deleted from the ledger {self.address}, and its metrics with it.",
            run=name,
        )

    def _select(self, statement: str, *values: object) -> list[Any]:
        return self._call(
            lambda at, _: at.execute(statement, (*self._run(at), *values), binary=True).fetchall()
        )

    def _run(self, at: Connection) -> tuple[int | None, int]:
        return self._runs.identifier(at, *self._home), self._uid

    def _call(self, work: Work[T]) -> T:
        return self._server.call(work, patience_s=_PATIENCE_S)
