"""What names and filters mean: the definition that every store is held to."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

from pycaddy.filters._tree import And, AnyName, Expr, FirstOf, Name, Not, Or, Test
from pycaddy.records import RunRecord

__all__ = ["IsStale", "Seen", "matches"]

IsStale = Callable[[RunRecord], bool]
"""Whether a run is RUNNING and its process is known to be dead."""

_ORDERINGS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(expr: Expr, record: RunRecord, *, is_stale: IsStale | None = None) -> bool:
    """Whether *record* is one of the runs that *expr* describes.

    What a run does not have, and None, compares as false with everything: `lr < 1` and
    `lr != 1` are both false without a param lr, and `lr is None` is true. Numbers are equal by
    value, and never equal to True or False; NaN equals itself. Only numbers with numbers and
    texts with texts have an order.

    Args:
        is_stale: Tells whether a run is stale; needed if *expr* asks.
    """
    return _holds(expr, Seen(record, is_stale))


class Seen:
    """A record whose parts are decoded once, and only those that are asked for."""

    def __init__(self, record: RunRecord, is_stale: IsStale | None = None) -> None:
        self.record = record
        self._is_stale = is_stale

    @functools.cached_property
    def params(self) -> dict[str, Any]:
        """The params as plain values."""
        return self.record.params

    @functools.cached_property
    def result(self) -> dict[str, Any]:
        """The result; {} if there is none."""
        return self.record.result or {}

    @functools.cached_property
    def metrics(self) -> dict[str, Any]:
        """What is known of each series."""
        return self.record.summary

    @functools.cached_property
    def capture(self) -> dict[str, Any]:
        """What was noted of code and machine."""
        return self.record.capture

    def value(self, name: AnyName) -> Any:
        """Return the value of *name* in this run as filters see it, None if there is none."""
        for place in name.places:
            value = self._at(place)
            if value is not None:
                return value
        return None

    def cell(self, name: AnyName) -> Any:
        """Return the value as tables show it: a uid is a str, and a time is a datetime."""
        if isinstance(name, Name) and name.root in _CELLS:
            return getattr(self.record, name.root)
        return self.value(name)

    def _at(self, name: Name) -> Any:
        if not name.keys:
            return self._field(name.root)
        value: Any = getattr(self, name.root)
        for key in name.keys:
            if isinstance(key, str):
                value = value.get(key) if type(value) is dict else None
            else:
                value = value[key] if type(value) is list and key < len(value) else None
        return value

    def _field(self, field: str) -> Any:
        record = self.record
        if field == "stale":
            if self._is_stale is None:
                raise ValueError("Whether a run is stale is not known here. Give is_stale=.")
            return self._is_stale(record)
        return _FIELDS[field](record)


_CELLS = ("uid", "created_at", "started_at", "ended_at")
_FIELDS: dict[str, Callable[[RunRecord], Any]] = {
    "run": lambda record: str(record.key),
    "status": lambda record: record.status.value,
    "uid": lambda record: int(record.uid),
    "created_at": lambda record: record.created_us,
    "started_at": lambda record: record.started_us,
    "ended_at": lambda record: record.ended_us,
    "error": lambda record: record.error_text,
    "tags": lambda record: list(record.tags),
    "files": lambda record: list(record.artifacts),
    **{
        field: operator.attrgetter(field)
        for field in ("identifier", "relpath", "attempt", "seconds", "note")
    },
}


def _holds(expr: Expr, seen: Seen) -> bool:
    if isinstance(expr, And):
        return all(_holds(part, seen) for part in expr.parts)
    if isinstance(expr, Or):
        return any(_holds(part, seen) for part in expr.parts)
    if isinstance(expr, Not):
        return not _holds(expr.part, seen)
    return _test(expr, seen)


def _test(test: Test, seen: Seen) -> bool:
    value = seen.value(test.name)
    if test.op == "is None":
        return value is None
    if value is None:
        return False
    if test.op == "holds":
        return value is True
    other = seen.value(test.value) if isinstance(test.value, (Name, FirstOf)) else test.value
    if other is None:
        return False
    return _compare(test.op, value, other)


def _compare(op: str, value: Any, other: Any) -> bool:
    if op == "==":
        return _equal(value, other)
    if op == "!=":
        return not _equal(value, other)
    if op in _ORDERINGS:
        return _kind(value) == _kind(other) != "other" and bool(_ORDERINGS[op](value, other))
    if op == "in":
        return _is_in(value, other)
    if op == "not in":
        return not _is_in(value, other)
    if op == "contains":
        return _is_in(other, value)
    if op == "not contains":
        return not _is_in(other, value)
    start = op == "startswith"
    return isinstance(value, str) and (value.startswith(other) if start else value.endswith(other))


def _is_in(value: Any, container: Any) -> bool:
    if isinstance(container, (list, tuple)):
        return any(_equal(value, item) for item in container)
    if isinstance(container, str):
        return isinstance(value, str) and value in container
    return isinstance(container, dict) and isinstance(value, str) and value in container


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return "number" if type(value) in (int, float) else "other"


def _equal(one: Any, other: Any) -> bool:
    """Whether two plain values have the same canonical text, without writing it."""
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(_equal, one, other))
    if _kind(one) != _kind(other):
        return False
    if one != one:  # NaN
        return bool(other != other)
    return (type(one) is type(other) and one == other) or (_kind(one) == "number" and one == other)
