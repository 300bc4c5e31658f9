"""What is asked of the running server as its administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pycaddy._extras import require
from pycaddy.server import cluster, credentials
from pycaddy.server.settings import DATABASE, LOOPBACK, ROLE

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Figures", "connect", "look", "make"]

_HOW_IT_STANDS = (
    "SELECT split_part(current_setting('server_version'), ' ', 1), "
    "extract(epoch FROM now() - pg_postmaster_start_time())::float8, "
    "pg_database_size(current_database()), "
    "(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend')"
)
# A ledger's tables may lie in any schema: ?schema= in its URL.
_LEDGERS = "SELECT schemaname FROM pg_tables WHERE tablename = 'identifier'"


class Figures(NamedTuple):
    """What the server knows of itself."""

    version: str
    uptime_s: float
    size: int
    connections: int
    projects: int


def connect(port: int, passwords: str, database: str) -> Connection[Any]:
    """Return a connection of the administrator, whose password the file *passwords* has."""
    psycopg = require("psycopg", "server")
    connection: Connection[Any] = psycopg.connect(
        host=LOOPBACK,
        port=port,
        dbname=database,
        user=cluster.ADMIN,
        password=credentials.read(passwords, cluster.ADMIN),
        autocommit=True,
        connect_timeout=10,
        application_name="pycaddy ledger",
    )
    return connection


def make(port: int, passwords: str) -> str:
    """Make the ledger's role and database, each if it is missing; return the role's password."""
    sql = require("psycopg.sql", "server")
    password = credentials.read(passwords, ROLE)
    is_new = password is None
    if password is None:
        password = credentials.new_password()
        credentials.store(passwords, ("*",), "*", DATABASE, ROLE, password)
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with connect(port, passwords, cluster.ADMIN) as at:
        if _is_missing(at, "SELECT FROM pg_roles WHERE rolname = %s", ROLE):
            at.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
            is_new = True
        if is_new:
            at.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
        if _is_missing(at, "SELECT FROM pg_database WHERE datname = %s", DATABASE):
            at.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
    return password


def look(port: int, passwords: str) -> Figures:
    """Return how the server stands."""
    with connect(port, passwords, DATABASE) as at:
        version, uptime_s, size, connections = _row(at, _HOW_IT_STANDS)
        projects = sum(
            _row(at, f'SELECT count(DISTINCT project) FROM "{schema}".identifier')[0]
            for (schema,) in at.execute(_LEDGERS)
        )
        return Figures(version, uptime_s, size, connections, projects)


def _is_missing(at: Connection[Any], question: str, name: str) -> bool:
    return at.execute(question.encode(), (name,)).fetchone() is None


def _row(at: Connection[Any], statement: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = at.execute(statement.encode()).fetchone()
    assert row is not None
    return row
