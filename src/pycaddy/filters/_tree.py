"""What a filter is made of: conditions on the parts of a run, and how they are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "FIELDS",
    "PARTS",
    "STATISTICS",
    "And",
    "Expr",
    "Kind",
    "Literal",
    "Name",
    "Not",
    "Or",
    "Test",
    "conditions_in",
]

Literal: TypeAlias = bool | int | float | str | None
"""What is written in a filter: dates and uids as the whole numbers that records have."""

Kind: TypeAlias = str

FIELDS: dict[str, Kind] = {
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
    """A part of a run: a field, or what lies at *keys* in its params, result, metrics, capture."""

    root: str
    keys: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        """Return it as a filter has it: `opt.lr`, `result['val loss']`."""
        plain = self.root == "params" and self.keys and _is_plain(self.keys[0])
        if plain and self.keys[0] not in FIELDS and self.keys[0] not in PARTS:
            return str(self.keys[0]) + "".join(map(_step, self.keys[1:]))
        return self.root + "".join(map(_step, self.keys))


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one part of a run.

    op is a comparison ("==", "<=", ...); "in", "not in" a tuple of literals; "contains",
    "not contains", "startswith", "endswith" a literal; "is None"; or "holds": it is True.
    """

    __test__ = False  # not one of pytest's

    name: Name
    op: str
    value: Literal | tuple[Literal, ...] | Name = None


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


def _is_plain(key: str | int) -> bool:
    from keyword import iskeyword

    return isinstance(key, str) and key.isidentifier() and not iskeyword(key)


def _step(key: str | int) -> str:
    return f".{key}" if _is_plain(key) else f"[{key!r}]"
