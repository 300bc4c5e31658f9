"""The tables of a PostgreSQL ledger: made once, brought up to date, or left alone."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors

from pycaddy.errors import LedgerDamagedError, LedgerError, LedgerVersionError
from pycaddy.stores import migrations

__all__ = ["prepare"]

_VERSION = "SELECT value FROM meta WHERE name = 'pycaddy schema'"
_ENTER_VERSION = (
    "INSERT INTO meta VALUES ('pycaddy schema', %s) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = %s"
_MAY_LOOK = "SELECT has_schema_privilege(%s, 'USAGE')"
_HAS_SCHEMA = "SELECT count(*) FROM pg_namespace WHERE nspname = %s"

Connection = psycopg.Connection[Any]


def prepare(connection: Connection, schema: str, address: str) -> None:
    """Make or migrate the tables in *schema* if need be: nothing is asked of a role otherwise.

    Raises:
        LedgerVersionError: A newer pycaddy wrote them. They are not touched.
        LedgerError: They are not there, and the role may not make them.
    """
    if _version(connection, address) == migrations.LATEST_POSTGRES:
        return
    try:
        with connection.transaction():
            # Many who open a new ledger at once: the others wait here, and find it made.
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (schema,))
            version = _version(connection, address)
            if version == 0:
                _refuse_foreign(connection, schema, address)
            if connection.execute(_HAS_SCHEMA, (schema,)).fetchone() == (0,):
                connection.execute(f'CREATE SCHEMA "{schema}"')  # a plain name
            for step in range(version + 1, migrations.LATEST_POSTGRES + 1):
                connection.execute(migrations.script("postgres", step).encode())
            connection.execute(_ENTER_VERSION, (str(migrations.LATEST_POSTGRES),))
    except errors.InsufficientPrivilege as error:
        raise LedgerError(
            f"The ledger {address} has no tables in the schema {schema!r} that this pycaddy knows, "
            "and the role may not make them. Let a role that may run "
            "`pycaddy ledger init URL --grant ROLE`; docs/cluster.md has the roles.",
            ledger=address,
        ) from error


def _version(connection: Connection, address: str) -> int:
    """Return the version of the tables, 0 if there are none; refuse what is not to be touched."""
    try:
        with connection.transaction():
            row = connection.execute(_VERSION).fetchone()
    except (errors.UndefinedTable, errors.UndefinedColumn):
        row = None
    version = int(row[0]) if row else 0
    if version > migrations.LATEST_POSTGRES:
        raise LedgerVersionError(
            f"The ledger {address} has schema version {version}, and this pycaddy knows "
            f"{migrations.LATEST_POSTGRES}. Nothing was changed. Run: "
            "pip install --upgrade pycaddy",
            ledger=address,
        )
    return version


def _refuse_foreign(connection: Connection, schema: str, address: str) -> None:
    if connection.execute(_TABLES, (schema,)).fetchone() != (0,):
        if connection.execute(_MAY_LOOK, (schema,)).fetchone() == (False,):
            raise errors.InsufficientPrivilege  # what is in there, this role cannot tell
        raise LedgerDamagedError(
            f"The schema {schema!r} of {address} has tables of another program. Give the ledger "
            "one of its own: add ?schema=NAME to the URL.",
            ledger=address,
        )
