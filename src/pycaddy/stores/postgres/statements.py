"""The statements of the PostgreSQL store.

`%s` stands for a value that the server binds. Whoever writes a row puts a random ticket on it, so
that after a lost connection the call finds out whether its change was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pycaddy.stores import shared_statements as shared
from pycaddy.stores.protocol import Selection
from pycaddy.stores.rows import CHANGING, COLUMNS, FIXED

if TYPE_CHECKING:
    from pycaddy.stores.filter_sql import Plan

__all__ = ["everything", "select", "select_keys"]


def _bound(statement: str) -> str:
    """Return a statement that SQLite runs as well; none of them has another use for these signs."""
    return statement.replace("?", "%s")


# A server that was away gives everybody a whole lease to come back.
_LAPSED = (
    "greatest(lease_until, pg_postmaster_start_time() + make_interval(secs => %s)) "
    "< clock_timestamp()"
)
_UNTIL = "clock_timestamp() + make_interval(secs => %s)"
_COLUMNS = ", ".join(COLUMNS)
_CHANGES = ", ".join(f"{name}=%s" for name in CHANGING)
_INSERTED = ("identifier", "uid", "revision", "ticket", *FIXED, *CHANGING)

GET = f"SELECT {_COLUMNS}, {_LAPSED} FROM run WHERE identifier=%s AND uid=%s"
# As the index has it, and no other: see sql/postgres_0003.sql.
_BY_PARAMS = "identifier + 0 = %s AND param_hash = %s"
_BY_HASH = "identifier + 0 = %s AND param_hash = wanted.hash"
FIND = (
    f"SELECT {_COLUMNS}, {_LAPSED} FROM run WHERE {_BY_PARAMS} "
    "AND trashed IS NULL ORDER BY uid DESC"
)
FIND_NEWEST = FIND.replace("ORDER", "AND status=%s ORDER") + " LIMIT 1"
_HASHES = "json_array_elements_text(%s::json)"
FIND_MANY = (
    # One by one: a server that has no statistics of a new table yet would read all of it.
    f"SELECT found.* FROM {_HASHES} AS wanted (hash) "
    f"CROSS JOIN LATERAL ({FIND.replace(_BY_PARAMS, _BY_HASH)}) AS found"
)

# Locks have names; two names of one number would only let one wait for the other.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
SHARE_LOCK = "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))"
SHORT_WAIT = "SET LOCAL lock_timeout = '5s'"
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
LOCK_FREE = (
    # Row by row in their order, and no lock but that of the first that looks free and is nobody's.
    f"SELECT place FROM {_HASHES} WITH ORDINALITY AS wanted (hash, place) WHERE CASE WHEN "
    f"(SELECT true FROM run WHERE {_BY_HASH} AND trashed IS NULL "
    "AND status IN ('running', 'done') LIMIT 1) "
    "THEN false ELSE pg_try_advisory_xact_lock(hashtextextended(%s || hash, 0)) END LIMIT 1"
)

# After a rebuild the row may be another run's.
SWAP = (
    f"UPDATE run SET {_CHANGES}, revision=%s, ticket=%s, lease_until={_UNTIL} "
    "WHERE id=%s AND revision=%s AND identifier=%s AND uid=%s"
)
REWRITE = (
    "UPDATE run SET param_hash=%s, param_version=%s, params=%s, revision=%s, ticket=%s "
    "WHERE id=%s AND revision=%s AND identifier=%s AND uid=%s"
)
SWAPPED = "SELECT FROM run WHERE id=%s AND ticket=%s"
BEAT = (
    f"UPDATE run SET beat=beat+1, lease_until={_UNTIL} "
    "FROM unnest(%s::bigint[], %s::integer[]) AS held (row, attempt) "
    "WHERE id=held.row AND run.attempt=held.attempt AND status='running' RETURNING id"
)


def _insert(uid: str) -> str:
    values = ["%s", uid, *("%s" for _ in _INSERTED[2:]), _UNTIL]
    return f"INSERT INTO run ({', '.join(_INSERTED)}, lease_until) VALUES ({', '.join(values)})"


# The counter's row is what all creators wait for: it is taken last, and held for one statement.
INSERT = (
    "WITH counter AS "
    "(UPDATE identifier SET last_uid=last_uid+1 WHERE id=%s RETURNING last_uid) "
    f"{_insert('(SELECT last_uid FROM counter)')} RETURNING id, uid"
)
INSERTED = f"SELECT id, uid FROM run WHERE {_BY_PARAMS} AND ticket=%s"
ADD = f"{_insert('%s')} ON CONFLICT DO NOTHING"

RAISE_UID = "UPDATE identifier SET last_uid=greatest(last_uid, %s) WHERE id=%s"
ENTER_IDENTIFIER = (
    "INSERT INTO identifier (project, relpath, name, last_uid) VALUES (%s, %s, %s, 0) "
    # An update that changes nothing makes RETURNING answer for a row that is there already.
    "ON CONFLICT (project, relpath, name) DO UPDATE SET last_uid=identifier.last_uid RETURNING id"
)
FACTS = (
    "SELECT split_part(current_setting('server_version'), ' ', 1), "
    "(SELECT value::integer FROM meta WHERE name = 'pycaddy schema'), "
    "pg_database_size(current_database()), (SELECT count(DISTINCT project) FROM identifier)"
)
DAMAGED = (
    "SELECT i.name || '/' || r.uid FROM run r JOIN identifier i ON i.id = r.identifier "
    "WHERE i.project=%s AND NOT (r.uid <= i.last_uid AND r.mode IN ('subfolder', 'prefix') "
    "AND r.status IN ('pending', 'running', 'done', 'error'))"
)

DROP_UNSTARTED = _bound(shared.DROP_UNSTARTED)
FORGET = (
    f"WITH forgotten AS ({_bound(shared.FORGET)} RETURNING identifier, uid), "
    "deleted AS (DELETE FROM series USING forgotten "
    "WHERE series.identifier=forgotten.identifier AND series.uid=forgotten.uid) "
    "SELECT FROM forgotten"
)
IDENTIFIER = _bound(shared.IDENTIFIER)
IDENTIFIERS = _bound(shared.IDENTIFIERS)
IS_LATEST = _bound(shared.IS_LATEST)
COUNTS = _bound(shared.COUNTS)
DONE_HASHES = _bound(shared.DONE_HASHES)
HASH_ONLY = _bound(shared.HASH_ONLY)
TOTALS = _bound(shared.TOTALS)
FOLDER = _bound(shared.FOLDER)
FOLDERS = _bound(shared.FOLDERS)
TAKE_FOLDER = _bound(shared.TAKE_FOLDER)

IDENTIFIER_COLUMNS = ("id", "project", "relpath", "name", "last_uid")
FOLDER_COLUMNS = ("project", "folded", "path", "kind")


def everything(table: str, columns: Sequence[str]) -> str:
    """Return the statement that reads *columns* of all rows of a project in *table*."""
    names = ", ".join(columns)
    if table == "run":
        return (
            f"SELECT {names} FROM run "
            "WHERE identifier IN (SELECT id FROM identifier WHERE project=%s)"
        )
    return f"SELECT {names} FROM {table} WHERE project=%s"


def select(
    project: str, selection: Selection, lease_s: float, plan: Plan | None = None
) -> tuple[str, list[object]]:
    """Return the statement for *selection* and the values to bind."""
    statement, values = shared.select(project, selection, _LAPSED, plan=plan)
    return _bound(statement), [lease_s, *values]


def select_keys(project: str, selection: Selection, plan: Plan) -> tuple[str, list[object]]:
    """Return the statement for the names of the runs of *selection*, and the values to bind."""
    statement, values = shared.select(project, selection, columns=("uid",), plan=plan)
    return _bound(statement), values
