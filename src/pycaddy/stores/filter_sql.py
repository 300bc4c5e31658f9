"""Filters and orders as SQL.

SQL narrows and Python decides: a condition lets every run through that the filter describes, and
where it may let through more, `filters.matches` looks at each run again. Numbers in JSON are
compared with some play, since databases round them differently from Python. So the meaning never
depends on the engine, and what is hard to say in SQL need not be said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeGuard

from pycaddy.filters import (
    And,
    Expr,
    FirstOf,
    Name,
    Not,
    Order,
    Test,
    expanded,
    matches,
    sorted_runs,
)
from pycaddy.records import RunRecord
from pycaddy.stores.protocol import Selection

__all__ = ["COLUMNS", "Condition", "Dialect", "Plan", "is_storable", "plan"]

COLUMNS = {  # of a run, for its fields
    "run": "(CASE WHEN i.relpath='' THEN '' ELSE i.relpath || '/' END || i.name || '/' || "
    "CASE WHEN r.uid<10000 THEN substr(CAST(r.uid+10000 AS TEXT), 2) ELSE CAST(r.uid AS TEXT) END)",
    "status": "r.status",
    "uid": "r.uid",
    "identifier": "i.name",
    "relpath": "i.relpath",
    "attempt": "r.attempt",
    "seconds": "(CAST(r.ended - r.started AS DOUBLE PRECISION) / 1e6)",
    "created_at": "r.created",
    "started_at": "r.started",
    "ended_at": "r.ended",
    "note": "r.note",
    "error": "r.error",
}
_ORDERINGS = ("<", "<=", ">", ">=")
_LARGE = 1e300
_MOST_VALUES = 30_000  # SQLite binds 32,766 values


@dataclass(frozen=True, slots=True)
class Condition:
    """What SQL can say of a filter; `?` stands for a value to bind."""

    sql: str
    values: tuple[object, ...] = ()
    exact: bool = True
    """Whether it holds for the runs that match, and for no others."""


class Dialect(Protocol):
    """How one engine reads JSON. None: it cannot, and the runs are looked at in Python."""

    def is_none(self, name: Name) -> Condition | None:
        """Say that there is no such value, or null."""

    def equals(self, name: Name, value: str | float) -> Condition | None:
        """Say that it is this text, truth or number. None for a number: it is compared instead."""

    def compares(self, name: Name, op: str, value: float) -> Condition | None:
        """Say that *op* holds for a number; it may hold for what is no number, too."""

    def startswith(self, name: Name, value: str) -> Condition | None:
        """Say that the text begins so."""

    def has(self, field: str, value: str) -> Condition | None:
        """Say that this is one of the tags, or the key of a file."""

    def keys(self, names: Sequence[Name]) -> Sequence[Condition] | None:
        """Return what sorts by the first of *names* that there is, NULL if it has no order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a selection's filter and order are carried out: what SQL does, and what is left."""

    condition: Condition | None
    order: tuple[Condition, ...]
    where: Expr | None
    """To be looked at again in Python."""
    sort: tuple[Order, ...]
    """To be sorted by in Python."""

    @property
    def is_whole(self) -> bool:
        """Whether SQL does all of it, and may count the rows as well."""
        return self.where is None and not self.sort

    def finish(self, records: Iterator[RunRecord], selection: Selection) -> list[RunRecord]:
        """Return what is selected of the records that SQL let through."""
        if self.is_whole:
            return list(records)
        found: Iterable[RunRecord] = records
        where = self.where
        if where is not None:
            is_stale = selection.is_stale
            found = (each for each in found if matches(where, each, is_stale=is_stale))
        if self.sort:
            found = sorted_runs(found, self.sort)
        end = None if selection.limit is None else selection.offset + selection.limit
        return list(islice(found, selection.offset, end))


def plan(selection: Selection, dialect: Dialect) -> Plan:
    """Return how *selection* is filtered and sorted."""
    where = selection.where
    condition = None if where is None else _narrow(where, dialect, negated=False)
    rest = None if where is None else _inexact(where, dialect)
    if condition is not None and len(condition.values) > _MOST_VALUES:
        condition, rest = None, where
    keys: list[Condition] = []
    for order in selection.sort:
        found = dialect.keys(order.names)
        if found is None:
            return Plan(condition, (), rest, selection.sort)
        ending = f"{' DESC' if order.descending else ''} NULLS LAST"
        keys += (Condition(f"{key.sql}{ending}", key.values) for key in found)
    return Plan(condition, tuple(keys), rest, ())


def _inexact(expr: Expr, dialect: Dialect) -> Expr | None:
    """Return what has to be looked at again in Python: of a row of ANDs, only some."""
    if isinstance(expr, And):
        rest = tuple(each for part in expr.parts if (each := _inexact(part, dialect)) is not None)
        return rest[0] if len(rest) == 1 else And(rest) if rest else None
    condition = _narrow(expr, dialect, negated=False)
    return None if condition is not None and condition.exact else expr


def is_storable(text: str) -> bool:
    """Whether a database can have this text at all."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _narrow(expr: Expr, dialect: Dialect, *, negated: bool) -> Condition | None:
    """Return a condition that holds wherever *expr* does, or does not if *negated*."""
    if isinstance(expr, Not):
        return _narrow(expr.part, dialect, negated=not negated)
    if isinstance(expr, Test) and isinstance(expr.name, FirstOf):
        return _narrow(expanded(expr), dialect, negated=negated)
    if isinstance(expr, Test):
        return _negated(_test(expr, dialect)) if negated else _test(expr, dialect)
    parts = [_narrow(part, dialect, negated=negated) for part in expr.parts]
    said = [part for part in parts if part is not None]
    if isinstance(expr, And) is not negated:  # all of them
        return _joined(" AND ", said, exact=len(said) == len(parts)) if said else None
    return _joined(" OR ", said) if len(said) == len(parts) else None


def _joined(word: str, parts: Sequence[Condition], *, exact: bool = True) -> Condition:
    return Condition(
        _balanced(word, [part.sql for part in parts]),
        tuple(value for part in parts for value in part.values),
        exact and all(part.exact for part in parts),
    )


def _balanced(word: str, parts: Sequence[str]) -> str:
    """Join in pairs of pairs: engines limit how deep an expression is, and a row of a OR b is."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_balanced(word, parts[:middle])}{word}{_balanced(word, parts[middle:])})"


def _negated(condition: Condition | None) -> Condition | None:
    if condition is None or not condition.exact:
        return None
    return Condition(f"({condition.sql}) IS NOT TRUE", condition.values)


def _test(test: Test, dialect: Dialect) -> Condition | None:
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if not all(is_storable(value) for value in values if isinstance(value, str)):
        return None
    name = test.name
    assert isinstance(name, Name)  # others are expanded
    if name.keys:
        return _of_json(name, test, dialect)
    if name.root in COLUMNS:
        return _of_column(test, COLUMNS[name.root])
    if name.root == "stale":
        return Condition("r.status='running'", exact=False) if test.op == "holds" else None
    if test.op in ("contains", "not contains") and isinstance(test.value, str):
        found = dialect.has(name.root, test.value)
        return found if test.op == "contains" else _negated(found)
    return None


def _of_json(name: Name, test: Test, dialect: Dialect) -> Condition | None:
    op, value = test.op, test.value
    none = dialect.is_none(name)
    if op == "is None" or none is None:
        return none
    # Nothing holds for what is not there.
    there = Condition(f"NOT ({none.sql})", none.values, exact=False)
    said = None
    if op == "holds":
        said = dialect.equals(name, True)
    elif op == "==":
        said = _equals(name, value, dialect)
    elif op == "in" and isinstance(value, tuple):
        said = _any_of([_equals(name, item, dialect) for item in value])
    elif op in _ORDERINGS and _is_number(value):
        said = _compares(name, op, value, dialect)
    elif op == "startswith" and isinstance(value, str):
        said = dialect.startswith(name, value)
    return said or there


def _equals(name: Name, value: object, dialect: Dialect) -> Condition | None:
    if isinstance(value, (str, bool)):
        return dialect.equals(name, value)
    if not _is_number(value):
        return None
    if abs(value) < 2**53 and (found := dialect.equals(name, value)) is not None:
        return found
    low, high = _compares(name, ">=", value, dialect), _compares(name, "<=", value, dialect)
    return None if low is None or high is None else _joined(" AND ", [low, high])


def _compares(name: Name, op: str, value: float, dialect: Dialect) -> Condition | None:
    if not abs(value) < _LARGE:  # nor is NaN
        return None
    play = abs(value) * 1e-9 + 1e-300
    return dialect.compares(name, op, value + play if op in ("<", "<=") else value - play)


def _any_of(parts: Sequence[Condition | None]) -> Condition | None:
    said = [part for part in parts if part is not None]
    if len(said) < len(parts):
        return None
    return _joined(" OR ", said) if said else Condition("1=0")


def _of_column(test: Test, column: str) -> Condition | None:
    op, value = test.op, test.value
    if op == "is None":
        return Condition(f"{column} IS NULL")
    there = Condition(f"{column} IS NOT NULL", exact=False)
    if op in ("in", "not in") and isinstance(value, tuple) and all(map(_is_exact, value)):
        if not value:
            return Condition("1=0") if op == "in" else Condition(there.sql)
        marks = ", ".join("?" for _ in value)
        return Condition(f"{column} {op.upper()} ({marks})", value)
    if op == "startswith" and isinstance(value, str):
        return Condition(f"substr({column}, 1, {len(value)})=?", (value,))
    if isinstance(value, (tuple, Name, FirstOf)) or not _is_exact(value):
        return there
    if op in ("==", "!="):
        return Condition(f"{column}{'=' if op == '==' else '<>'}?", (value,))
    if op in _ORDERINGS and _is_number(value):
        return Condition(f"{column}{op}?", (value,))
    return there  # engines have their own order of texts


def _is_exact(value: object) -> bool:
    """Whether every engine compares a column of whole numbers or texts with it as Python does."""
    return isinstance(value, str) or (_is_number(value) and abs(value) < 2**53)


def _is_number(value: object) -> TypeGuard[float]:
    return type(value) in (int, float)
