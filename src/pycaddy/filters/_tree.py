"""Names of a run's values, and filters: conditions on them, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from typing import TypeAlias

__all__ = [
    "FIELDS",
    "PARTS",
    "STATISTICS",
    "And",
    "AnyName",
    "Expr",
    "FirstOf",
    "Kind",
    "Literal",
    "Name",
    "Not",
    "Or",
    "Test",
    "conditions_in",
    "expanded",
]

Literal: TypeAlias = bool | int | float | str | None
"""What is written in a filter: dates and uids as the whole numbers that records have."""

Kind: TypeAlias = str

FIELDS: dict[str, Kind] = {
    "run": "text",
    "status": "status",
    "uid": "uid",
    "identifier": "text",
    "relpath": "text",
    "attempt": "number",
    "seconds": "number",
    "created_at": "time",
    "started_at": "time",
    "ended_at": "time",
    "note": "text",
    "error": "text",
    "stale": "flag",
    "tags": "names",
    "files": "names",
}
"""What every run has, by the word for it, with what can be compared with it."""

PARTS = ("params", "result", "metrics", "capture")
"""What differs from run to run, and is asked for by name: `result.loss`."""

STATISTICS = (
    "last",
    "min",
    "max",
    "mean",
    "count",
    "first_step",
    "last_step",
    "min_step",
    "max_step",
)
"""What can be asked of a metric; `metrics['loss']` is the last value."""


@dataclass(frozen=True, slots=True)
class Name:
    """One exact place in a run: a field, or the value at *keys* in one of its PARTS.

    In the metrics, *keys* are always a series and a statistic.
    """

    root: str
    keys: tuple[str | int, ...] = ()

    @property
    def places(self) -> tuple[Name, ...]:
        """The name itself, so that it can be used like a `FirstOf`."""
        return (self,)

    def __str__(self) -> str:
        """Return the name as it is written in a filter: `params.lr`, `result['val loss']`."""
        keys = self.keys[:1] if self.root == "metrics" and self.keys[1:] == ("last",) else self.keys
        return self.root + "".join(map(_step, keys))


@dataclass(frozen=True, slots=True)
class FirstOf:
    """A name that may be in several places. It is the first of them at which a run has a value."""

    text: str
    """The name as it was written."""
    places: tuple[Name, ...]

    def __str__(self) -> str:
        return self.text


AnyName: TypeAlias = Name | FirstOf


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one part of a run.

    op is a comparison ("==", "<=", ...); "in", "not in" a tuple of literals; "contains",
    "not contains", "startswith", "endswith" a literal; "is None"; or "holds": it is True.
    """

    __test__ = False  # not one of pytest's

    name: AnyName
    op: str
    value: Literal | tuple[Literal, ...] | AnyName = None


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts holds."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Expr


Expr: TypeAlias = And | Or | Not | Test


def conditions_in(expr: Expr) -> Iterator[Test]:
    """Yield each condition in *expr*."""
    if isinstance(expr, Test):
        yield expr
    elif isinstance(expr, Not):
        yield from conditions_in(expr.part)
    else:
        for part in expr.parts:
            yield from conditions_in(part)


def expanded(test: Test) -> Expr:
    """Return the same condition with exact names on its left side.

    `acc > 1` becomes "params.acc > 1, or there is no params.acc and result.acc > 1, or ...".
    """
    *earlier, last = (Test(place, test.op, test.value) for place in test.name.places)
    found: Expr = last
    for each in reversed(earlier):
        if test.op == "is None":
            found = And((each, found))
        else:
            found = Or((each, And((Test(each.name, "is None"), found))))
    return found


def _step(key: str | int) -> str:
    plain = isinstance(key, str) and key.isidentifier() and not iskeyword(key)
    return f".{key}" if plain else f"[{key!r}]"
