"""The statements that SQLite and PostgreSQL run alike; `?` stands for a value to bind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pycaddy.stores.protocol import Selection
from pycaddy.stores.rows import COLUMNS

if TYPE_CHECKING:
    from pycaddy.stores.filter_sql import Plan

__all__ = ["select"]

_NO_LIMIT = 2**63 - 1

DROP_UNSTARTED = "DELETE FROM run WHERE identifier=? AND uid=? AND attempt=0 AND status='pending'"
FORGET = (
    "DELETE FROM run WHERE id=? AND revision=? AND identifier=? AND uid=? AND trashed IS NOT NULL"
)
IS_LATEST = "SELECT 1 FROM run WHERE id=? AND revision=? AND uid=?"
IDENTIFIER = "SELECT id FROM identifier WHERE project=? AND relpath=? AND name=?"
IDENTIFIERS = (
    "SELECT relpath, name, last_uid FROM identifier WHERE project=? ORDER BY relpath, name"
)
# Grouped before the join: of 100,000 runs in half the time.
COUNTS = (
    "SELECT i.relpath, i.name, c.status, c.number FROM (SELECT identifier, status, "
    "count(*) AS number FROM run WHERE trashed IS NULL GROUP BY 1, 2) c "
    "JOIN identifier i ON i.id = c.identifier WHERE i.project=?"
)
DONE_HASHES = (
    "SELECT param_hash FROM run WHERE trashed IS NULL AND status='done' AND identifier="
    f"({IDENTIFIER})"
)
# Read from the partial index of such runs, which is empty in most ledgers.
HASH_ONLY = (
    "SELECT i.relpath, i.name, r.param_hash FROM run r JOIN identifier i ON i.id = r.identifier "
    "WHERE r.param_version = 0 AND r.trashed IS NULL AND i.project=?"
)
TOTALS = (
    "SELECT i.relpath, i.name, (SELECT count(*) FROM run r WHERE r.identifier = i.id) - (SELECT "
    "count(*) FROM run r WHERE r.identifier = i.id AND r.trashed IS NOT NULL) "
    "FROM identifier i WHERE i.project=?"
)
FOLDER = "SELECT path, kind FROM folder WHERE project=? AND folded=?"
FOLDERS = "SELECT path FROM folder WHERE project=? AND kind=?"
TAKE_FOLDER = "INSERT INTO folder (project, folded, path, kind) VALUES (?, ?, ?, ?)"


def select(
    project: str,
    selection: Selection,
    *more: str,
    columns: Sequence[str] = COLUMNS,
    plan: Plan | None = None,
    by_uid: str = "run r",
) -> tuple[str, list[object]]:
    """Return the statement for *selection* and the values to bind.

    Args:
        more: Expressions to read behind the columns.
        columns: What to read of a run. Default: its record.
        plan: How it is filtered and sorted, if it is.
        by_uid: The table of runs, where those of an identifier are to be read by their uids.
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
    if selection.params_key is not None:
        add("r.param_hash=?", selection.params_key)
    if selection.uid is not None:
        add("r.uid=?", selection.uid)
    if plan is not None and plan.condition is not None:
        add(plan.condition.sql, *plan.condition.values)
    order = [_order(selection)]
    if plan is not None:
        order = [*(key.sql for key in plan.order), *order]
        values += (value for key in plan.order for value in key.values)
    wanted = ", ".join((*(f"r.{name}" for name in columns), *more))
    # SQLite takes the left of a CROSS JOIN first. By identifier the runs are in the order of
    # their names; by themselves they are in that of their creation, and read from end to end.
    by_identifier = selection.identifier is not None or order[0].startswith("i.")
    runs = by_uid if selection.params_key is None else "run r"
    tables = f"identifier i CROSS JOIN {runs}" if by_identifier else "run r CROSS JOIN identifier i"
    statement = (
        f"SELECT i.relpath, i.name, {wanted} FROM {tables} "
        f"WHERE r.identifier=i.id AND {' AND '.join(conditions)} "
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
