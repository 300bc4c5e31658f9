"""How SQLite reads the JSON of a run for filters and orders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pycaddy.filters import Name
from pycaddy.stores.filter_sql import COLUMNS, Condition, is_storable

__all__ = ["SqliteJson"]

_COLUMN = {
    "params": "r.params",
    "result": "r.result",
    "metrics": "r.summary",
    "capture": "r.capture",
}
# SQLite compares the letters of a path with those of the text, where these are written otherwise.
_WRITTEN_OTHERWISE = re.compile('["\\\\\x00-\x1f]|^$|^__float__$')

_INFINITE = '{"__float__":"inf"}'
_NEGATIVE = '{"__float__":"-inf"}'


class SqliteJson:
    """The dialect of SQLite."""

    def is_none(self, name: Name) -> Condition | None:
        path = _path(name.keys)
        return None if path is None else Condition(f"{_read(name)} IS NULL", (path,))

    def equals(self, name: Name, value: str | float) -> Condition | None:
        path = _path(name.keys)
        if path is None or not isinstance(value, (str, bool)):
            return None
        if isinstance(value, bool):
            word = "true" if value else "false"
            return Condition(f"json_type({_COLUMN[name.root]}, ?)='{word}'", (path,))
        # A list or a mapping is read as its text.
        return Condition(f"{_read(name)}=?", (path, value), exact=value[:1] not in ("[", "{"))

    def compares(self, name: Name, op: str, value: float) -> Condition | None:
        path = _path(name.keys)
        if path is None:
            return None
        # All texts are greater than all numbers, and infinities are in a text. BETWEEN reads once.
        told = f"{op}?" if op in (">", ">=") else " NOT BETWEEN ? AND 9e999"
        return Condition(f"{_read(name)}{told}", (path, value), exact=False)

    def startswith(self, name: Name, value: str) -> Condition | None:
        path = _path(name.keys)
        if path is None:
            return None
        sql = f"substr({_read(name)}, 1, {len(value)})=?"
        return Condition(sql, (path, value), exact=False)

    def has(self, field: str, value: str) -> Condition | None:
        if field == "tags":
            sql = "EXISTS (SELECT 1 FROM json_each(r.tags) AS tag WHERE tag.value=?)"
            return Condition(sql, (value,))
        path = _path((value,))
        return None if path is None else Condition("json_type(r.files, ?) IS NOT NULL", (path,))

    def keys(self, names: Sequence[Name]) -> Sequence[Condition] | None:
        if not names[0].keys:
            return [Condition(COLUMNS[names[0].root])]
        sql, values = "", []
        for name in names:
            path = _path(name.keys)
            if path is None:
                return None
            sql += f" WHEN {_read(name)} IS NOT NULL THEN {_sortable(name)}"
            values += [path] * 4
        return [Condition(f"CASE{sql} END", tuple(values))]


def _sortable(name: Name) -> str:
    """Return the value if it has an order, else NULL; it binds the path three times."""
    return (
        f"CASE json_type({_COLUMN[name.root]}, ?) WHEN 'array' THEN NULL "
        f"WHEN 'object' THEN CASE {_read(name)} "
        f"WHEN '{_INFINITE}' THEN 9e999 WHEN '{_NEGATIVE}' THEN -9e999 END "
        f"ELSE {_read(name)} END"
    )


def _read(name: Name) -> str:
    return f"json_extract({_COLUMN[name.root]}, ?)"


def _path(keys: Sequence[str | int]) -> str | None:
    """Return keys as a path of SQLite, or None where it cannot be relied on."""
    steps = []
    for key in keys:
        if isinstance(key, int):
            steps.append(f"[{key}]")
        elif is_storable(key) and not _WRITTEN_OTHERWISE.search(key):
            steps.append(f'."{key}"')
        else:
            return None
    return f"${''.join(steps)}"
