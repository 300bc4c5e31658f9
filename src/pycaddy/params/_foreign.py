"""What stands for the values of common types that JSON does not know."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime, time
    from decimal import Decimal

__all__ = ["fields_of", "text_of"]


def text_of(value: object) -> str | None:
    """The text that stands for *value*, or None when no text does."""
    if isinstance(value, PurePath):
        return value.as_posix()
    for base in type(value).__mro__:
        write = _WRITERS.get((base.__module__, base.__qualname__))
        if write is not None:
            return write(value)
    return None


def fields_of(value: Any) -> Any:
    """The fields of a dataclass, attrs or pydantic instance; None for any other value."""
    # Looked up on the type: an instance may answer to any name (mocks, lazy modules).
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields  # imported by whoever made the class, and by nobody else

        return {field.name: getattr(value, field.name) for field in fields(value)}
    if hasattr(kind, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    if hasattr(kind, "model_dump"):
        return value.model_dump()
    return None


def _decimal(value: Decimal) -> str:
    from decimal import MAX_EMAX, MIN_EMIN, Context

    if not value.is_finite():
        return "NaN" if value.is_nan() else str(value)
    if not value:
        return "0"
    # The ambient context would round to its precision.
    exact = Context(prec=len(value.as_tuple().digits), Emin=MIN_EMIN, Emax=MAX_EMAX)
    return str(value.normalize(exact))


def _datetime(value: datetime) -> str:
    from datetime import UTC

    return (value if value.utcoffset() is None else value.astimezone(UTC)).isoformat()


def _time(value: time) -> str:
    from datetime import UTC, date, datetime

    if value.utcoffset() is None:
        return value.isoformat()
    return datetime.combine(date(2000, 1, 1), value).astimezone(UTC).timetz().isoformat()


# Known by name: whoever passes a Decimal has imported decimal, and all others need not wait for it.
_WRITERS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("datetime", "date"): lambda value: str(value.isoformat()),
    ("datetime", "datetime"): _datetime,
    ("datetime", "time"): _time,
    ("decimal", "Decimal"): _decimal,
    ("uuid", "UUID"): str,
}
