"""The statements of the SQLite store."""

from __future__ import annotations

from pycaddy.stores.rows import CHANGING, COLUMNS, FIXED
from pycaddy.stores.shared_statements import (
    COUNTS,
    DONE_HASHES,
    DROP_UNSTARTED,
    FOLDER,
    FOLDERS,
    FORGET,
    HASH_ONLY,
    IDENTIFIER,
    IDENTIFIERS,
    IS_LATEST,
    TAKE_FOLDER,
    TOTALS,
    select,
)

__all__ = [
    "COUNTS",
    "DONE_HASHES",
    "DROP_UNSTARTED",
    "FOLDER",
    "FOLDERS",
    "FORGET",
    "HASH_ONLY",
    "IDENTIFIER",
    "IDENTIFIERS",
    "IS_LATEST",
    "TAKE_FOLDER",
    "TOTALS",
    "select",
]

_COLUMNS = ", ".join(COLUMNS)
_CHANGES = ", ".join(f"{name}=?" for name in CHANGING)
_INSERTED = ("identifier", "uid", "revision", *FIXED, *CHANGING)

BY_UID = "run r INDEXED BY sqlite_autoindex_run_1"
"""The runs of an identifier in the order they lie in.

The planner knows no better than to read them by the hash of their params, which goes back and
forth through the whole file. SQLite names the index of UNIQUE (identifier, uid) so.
"""
GET = f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND uid=?"
FIND = (
    f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND param_hash=? AND trashed IS NULL "
    "ORDER BY uid DESC"
)
MANY = 16
"""How many params FIND_MANY looks up at once."""
# With +, the order is no reason to read all runs of the identifier by their uids.
FIND_MANY = FIND.replace("param_hash=?", f"param_hash IN ({', '.join('?' * MANY)})").replace(
    "ORDER BY uid", "ORDER BY +uid"
)
FIND_NEWEST = FIND.replace("ORDER", "AND status=? ORDER") + " LIMIT 1"
ALL_DONE = (
    f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND status='done' AND trashed IS NULL "
    "ORDER BY uid"
)
# After a rebuild the row may be another run's.
SWAP = f"UPDATE run SET {_CHANGES}, revision=? WHERE id=? AND revision=? AND identifier=? AND uid=?"
REWRITE = (
    "UPDATE run SET param_hash=?, param_version=?, params=?, revision=? "
    "WHERE id=? AND revision=? AND identifier=? AND uid=?"
)
BEAT = "UPDATE run SET beat=beat+1 WHERE id=? AND attempt=? AND status='running'"
INSERT = f"INSERT INTO run ({', '.join(_INSERTED)}) VALUES ({', '.join('?' for _ in _INSERTED)})"
ADD = f"{INSERT} ON CONFLICT DO NOTHING"

NEXT_UID = "UPDATE identifier SET last_uid=last_uid+1 WHERE id=? RETURNING last_uid"
RAISE_UID = "UPDATE identifier SET last_uid=max(last_uid, ?) WHERE id=?"
ENTER_IDENTIFIER = (
    "INSERT INTO identifier (project, relpath, name, last_uid) VALUES (?, ?, ?, 0) "
    # An update that changes nothing makes RETURNING answer for a row that is there already.
    "ON CONFLICT DO UPDATE SET last_uid=last_uid RETURNING id"
)
FACTS = (
    "SELECT (SELECT user_version FROM pragma_user_version), "
    "(SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size), "
    "(SELECT count(DISTINCT project) FROM identifier)"
)
DAMAGED = (
    "SELECT printf('%s/%04d', i.name, r.uid) FROM run r LEFT JOIN identifier i "
    "ON i.id = r.identifier WHERE NOT (json_valid(r.params) AND json_valid(r.files) "
    "AND json_valid(coalesce(r.result, '{}')) AND json_valid(coalesce(r.owner, '{}')) "
    "AND json_valid(r.history) AND r.mode IN ('subfolder', 'prefix') "
    "AND r.status IN ('pending', 'running', 'done', 'error') AND i.id IS NOT NULL)"
)
