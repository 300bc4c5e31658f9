"""What a role needs that works with a ledger and may not change its tables."""

from __future__ import annotations

from pycaddy._extras import require

require("psycopg", "postgres")

import psycopg  # noqa: E402
from psycopg.sql import SQL, Identifier  # noqa: E402

from pycaddy.stores.postgres.errors import translate  # noqa: E402
from pycaddy.stores.postgres.url import conninfo, public, schema_of  # noqa: E402

__all__ = ["grants"]

_MAY = "GRANT SELECT, INSERT, UPDATE, DELETE ON"
_STATEMENTS = (
    "GRANT CONNECT ON DATABASE {database} TO {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    # The version of the tables can be read by all, and changed by who made them.
    "GRANT SELECT ON {schema}.meta, {schema}.runs TO {role}",
    f"{_MAY} {{schema}}.identifier, {{schema}}.folder, {{schema}}.run TO {{role}}",
    f"{_MAY} {{schema}}.series, {{schema}}.block TO {{role}}",
)


def grants(url: str, role: str, *, carry_out: bool) -> list[str]:
    """Return the statements that let *role* use the ledger at *url*, whose tables are there.

    Args:
        carry_out: Also run them, all or none, as the role of *url*.

    Raises:
        LedgerError: The server refuses: there is no such role, or it is not ours to grant.
    """
    try:
        with psycopg.connect(conninfo(url)) as connection:
            names = {
                "database": Identifier(connection.info.dbname),
                "schema": Identifier(schema_of(url)),
                "role": Identifier(role),
            }
            statements = [SQL(text).format(**names) for text in _STATEMENTS]
            for statement in statements if carry_out else ():
                connection.execute(statement)
            return [f"{statement.as_string(connection)};" for statement in statements]
    except psycopg.Error as error:
        raise translate(error, public(url)) from error
