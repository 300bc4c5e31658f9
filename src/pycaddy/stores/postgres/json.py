"""How PostgreSQL reads the JSON of a run for filters and orders: in the copies that are jsonb."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pycaddy.filters import Name
from pycaddy.stores.filter_sql import COLUMNS, Condition, is_storable

__all__ = ["PostgresJson"]

_COLUMN = {"params": "r.params_json", "result": "r.result_json", "metrics": "r.summary_json"}
_TEXTS = ("status", "note", "error")  # the others have an order that is no language's


class PostgresJson:
    """The dialect of PostgreSQL."""

    def is_none(self, name: Name) -> Condition | None:
        return _about(name, "coalesce(jsonb_typeof({}), 'null')='null'")

    def equals(self, name: Name, value: str | float) -> Condition | None:
        if isinstance(value, bool):
            found = _about(name, f"{{}}='{'true' if value else 'false'}'::jsonb")
        elif isinstance(value, str):
            found = _about(name, "{}=to_jsonb(?::text)", value)
        elif name.root == "params":
            # Numbers of jsonb are decimal: below 2**53 they are equal where Python's are.
            found = _about(name, "{} IS NOT NULL", exact=False)
        else:
            return None  # there is no index that knows it
        return found if found is None else _by_index(found, name, value)

    def compares(self, name: Name, op: str, value: float) -> Condition | None:
        # Truths, lists and mappings are greater than numbers; infinities are in a mapping.
        found = _about(name, f"{{}}{op}to_jsonb(?::float8)", value, exact=False)
        if found is None or op in (">", ">="):
            return found
        tagged = _about(name, "jsonb_typeof({})='object'")
        assert tagged is not None
        return Condition(
            f"({found.sql} OR {tagged.sql})", (*found.values, *tagged.values), exact=False
        )

    def startswith(self, name: Name, value: str) -> Condition | None:
        return _about(name, "starts_with({} #>> '{{}}', ?::text)", value, exact=False)

    def has(self, field: str, value: str) -> Condition | None:
        if field == "tags":
            return Condition("jsonb_exists(r.tags_json, ?)", (value,))
        return None

    def keys(self, names: Sequence[Name]) -> Sequence[Condition] | None:
        if not names[0].keys:
            field = names[0].root
            collation = ' COLLATE "C"' if field in _TEXTS else ""
            return [Condition(f"{COLUMNS[field]}{collation}")]
        parts = [_about(name, "nullif({}, 'null'::jsonb)") for name in names]
        said = [part for part in parts if part is not None]
        if len(said) < len(parts):
            return None
        value = _SORTABLE.format(f"coalesce({', '.join(part.sql for part in said)})")
        bound = tuple(each for part in said for each in part.values)
        return [Condition(key.format(value), bound) for key in (_IS_TEXT, _NUMBER, _TEXT)]


# Lists, mappings and NaN have no order. No whole number in params has as many digits as 1e5000.
_SORTABLE = (
    "(SELECT CASE jsonb_typeof(v) WHEN 'number' THEN v WHEN 'string' THEN v "
    "WHEN 'boolean' THEN to_jsonb((v='true'::jsonb)::int) "
    """WHEN 'object' THEN CASE v WHEN '{{"__float__":"inf"}}'::jsonb THEN '1e5000'::jsonb """
    """WHEN '{{"__float__":"-inf"}}'::jsonb THEN '-1e5000'::jsonb END END """
    "FROM (VALUES ({})) AS value (v))"
)
_IS_TEXT = "(SELECT jsonb_typeof(v)='string' FROM (VALUES ({})) AS value (v))"
_NUMBER = (
    "(SELECT CASE jsonb_typeof(v) WHEN 'number' THEN v::numeric END "
    "FROM (VALUES ({})) AS value (v))"
)
_TEXT = (
    "(SELECT CASE jsonb_typeof(v) WHEN 'string' THEN v #>> '{{}}' END "
    'FROM (VALUES ({})) AS value (v)) COLLATE "C"'
)


def _about(name: Name, sql: str, *values: object, exact: bool = True) -> Condition | None:
    """Return *sql* with the value of *name* in it; None where a path is not to be relied on."""
    column = _COLUMN.get(name.root)
    if column is None or not all(map(_is_plain, name.keys)):
        return None
    return Condition(sql.format(f"({column} #> ?::text[])"), (list(name.keys), *values), exact)


def _by_index(found: Condition, name: Name, value: str | float) -> Condition:
    """Return *found* in words that the index of params knows: it has what they contain."""
    if name.root != "params":
        return found
    wanted: object = value
    for key in reversed(name.keys):
        wanted = {key: wanted}
    sql = f"({found.sql} AND r.params_json @> ?::jsonb)"
    return Condition(sql, (*found.values, json.dumps(wanted)), found.exact)


def _is_plain(key: str | int) -> bool:
    """Whether the key leads into a mapping, and PostgreSQL could not take it for a position."""
    if isinstance(key, int) or not is_storable(key) or key == "__float__":
        return False
    try:
        int(key)
    except ValueError:
        return True
    return False
