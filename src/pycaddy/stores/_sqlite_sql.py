"""The statements of the SQLite store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycaddy.stores import _rows
from pycaddy.stores.protocol import Selection

if TYPE_CHECKING:
    from pycaddy.stores._filter_sql import Plan

__all__ = ["select"]

_COLUMNS = ", ".join(_rows.COLUMNS)
_CHANGES = ", ".join(f"{name}=?" for name in _rows.CHANGING)
_INSERTED = ("identifier", "uid", "revision", *_rows.FIXED, *_rows.CHANGING)

GET = f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND uid=?"
FIND = (
    f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND param_hash=? AND trashed IS NULL "
    "ORDER BY uid DESC"
)
FIND_NEWEST = FIND.replace("ORDER", "AND status=? ORDER") + " LIMIT 1"
ALL_DONE = (
    f"SELECT {_COLUMNS} FROM run WHERE identifier=? AND status='done' AND trashed IS NULL "
    "ORDER BY uid"
)
# After a rebuild the row may be another run's.
SWAP = f"UPDATE run SET {_CHANGES}, revision=? WHERE id=? AND revision=? AND identifier=? AND uid=?"
BEAT = "UPDATE run SET beat=beat+1 WHERE id=? AND attempt=? AND status='running'"
INSERT = f"INSERT INTO run ({', '.join(_INSERTED)}) VALUES ({', '.join('?' for _ in _INSERTED)})"
ADD = f"{INSERT} ON CONFLICT DO NOTHING"
DROP_UNSTARTED = "DELETE FROM run WHERE identifier=? AND uid=? AND attempt=0 AND status='pending'"

NEXT_UID = "UPDATE identifier SET last_uid=last_uid+1 WHERE id=? RETURNING last_uid"
RAISE_UID = "UPDATE identifier SET last_uid=max(last_uid, ?) WHERE id=?"
IDENTIFIER = "SELECT id FROM identifier WHERE project=? AND relpath=? AND name=?"
ENTER_IDENTIFIER = (
    "INSERT INTO identifier (project, relpath, name, last_uid) VALUES (?, ?, ?, 0) "
    # An update that changes nothing makes RETURNING answer for a row that is there already.
    "ON CONFLICT DO UPDATE SET last_uid=last_uid RETURNING id"
)
IDENTIFIERS = (
    "SELECT relpath, name, last_uid FROM identifier WHERE project=? ORDER BY relpath, name"
)
COUNTS = (
    "SELECT i.relpath, i.name, r.status, count(*) FROM run r JOIN identifier i "
    "ON i.id = r.identifier WHERE i.project=? AND r.trashed IS NULL GROUP BY 1, 2, 3"
)
DAMAGED = (
    "SELECT printf('%s/%04d', i.name, r.uid) FROM run r LEFT JOIN identifier i "
    "ON i.id = r.identifier WHERE NOT (json_valid(r.params) AND json_valid(r.files) "
    "AND json_valid(coalesce(r.result, '{}')) AND json_valid(coalesce(r.owner, '{}')) "
    "AND json_valid(r.history) AND r.mode IN ('subfolder', 'prefix') "
    "AND r.status IN ('pending', 'running', 'done', 'error') AND i.id IS NOT NULL)"
)

FOLDER = "SELECT path, kind FROM folder WHERE project=? AND folded=?"
FOLDERS = "SELECT path FROM folder WHERE project=? AND kind=?"
TAKE_FOLDER = "INSERT INTO folder (project, folded, path, kind) VALUES (?, ?, ?, ?)"

_NO_LIMIT = 2**63 - 1


def select(
    project: str, selection: Selection, plan: Plan | None = None
) -> tuple[str, list[object]]:
    """Return the statement for *selection* and the values to bind.

    Args:
        plan: How it is filtered and sorted, if it is.
    """
    conditions = ["i.project=?", f"r.trashed IS {'NOT ' if selection.trashed else ''}NULL"]
    values: list[object] = [project]

    def add(condition: str, *bound: object) -> None:
        conditions.append(condition)
        values.extend(bound)

    if selection.relpath is not None:
        if not selection.recursive:
            add("i.relpath=?", selection.relpath)
        elif selection.relpath:
            # "0" is the character after "/": all paths that begin with "relpath/".
            add(
                "(i.relpath=? OR (i.relpath>? AND i.relpath<?))",
                selection.relpath,
                f"{selection.relpath}/",
                f"{selection.relpath}0",
            )
    if selection.identifier is not None:
        add("i.name=?", selection.identifier)
    if selection.status is not None:
        add("r.status=?", selection.status.value)
    if selection.param_hash is not None:
        add("r.param_hash=?", selection.param_hash)
    if plan is not None and plan.condition is not None:
        add(plan.condition.sql, *plan.condition.values)
    order = [_order(selection)]
    if plan is not None:
        order = [*(key.sql for key in plan.order), *order]
        values += (value for key in plan.order for value in key.values)
    columns = ", ".join(f"r.{name}" for name in _rows.COLUMNS)
    statement = (
        f"SELECT i.relpath, i.name, {columns} FROM identifier i JOIN run r ON r.identifier=i.id "
        f"WHERE {' AND '.join(conditions)} "
        f"ORDER BY {', '.join(order)}"
    )
    if (plan is None or plan.is_whole) and (selection.limit is not None or selection.offset):
        statement += " LIMIT ? OFFSET ?"
        values += (_NO_LIMIT if selection.limit is None else selection.limit, selection.offset)
    return statement, values


def _order(selection: Selection) -> str:
    if not selection.newest_first:
        return "i.relpath, i.name, r.uid"
    of_one = selection.identifier is not None and selection.relpath is not None
    return "r.uid DESC" if of_one and not selection.recursive else "r.id DESC"
