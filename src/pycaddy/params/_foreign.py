"""What stands for the values of common types that JSON does not know.

Types of libraries are recognised by their names. A library that the caller never imported is not
imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as AbstractSequence
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime, time, timedelta
    from decimal import Decimal

__all__ = [
    "UNREADABLE",
    "Fields",
    "attributes_of",
    "fields_of",
    "has_more_than",
    "is_labelled",
    "labelled",
    "seconds_of",
    "text_of",
    "unresolved",
]

UNREADABLE = "<unreadable>"
"""Stands for an ignored value that cannot be read."""

# What jsonargparse adds to a namespace about where it was read from.
_META = frozenset({"__path__", "__orig__", "__default_config__"})


class Fields(Mapping[str, Any]):
    """The fields of one value by name, each read when it is asked for.

    Args:
        names: The fields' names in their order.
        read: Returns the value of a field.
        kind: The class of the value, if it tells values apart that have equal fields.
    """

    __slots__ = ("_names", "_read", "kind")

    def __init__(
        self, names: tuple[str, ...], read: Callable[[str], Any], kind: type | None = None
    ) -> None:
        self._names = names
        self._read = read
        self.kind = kind

    def __getitem__(self, name: str) -> Any:
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def text_of(value: object) -> str | None:
    """Return the str that stands for *value*, or None if it has none."""
    if isinstance(value, PurePath):
        return value.as_posix()
    for base in type(value).__mro__:
        write = _WRITERS.get((base.__module__, base.__qualname__))
        if write is not None:
            return write(value)
    return None


def seconds_of(value: object) -> float | None:
    """Return the seconds of a duration; None if *value* is not one, or is finer than a float."""
    if not _has_base(type(value), "datetime", "timedelta"):
        return None
    from datetime import timedelta

    duration: timedelta = value  # type: ignore[assignment]
    seconds = duration.total_seconds()
    try:
        return seconds if timedelta(seconds=seconds) == duration else None
    except OverflowError:  # rounded beyond the longest duration there is
        return None


def fields_of(value: Any) -> Fields | None:
    """Return the fields of a dataclass, attrs, pydantic, msgspec or named tuple value, or None."""
    # Looked up on the type: an instance may answer to any name (mocks, lazy modules).
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields

        names: tuple[str, ...] = tuple(field.name for field in fields(value))
    elif hasattr(kind, "__attrs_attrs__"):
        names = tuple(field.name for field in kind.__attrs_attrs__)
    elif hasattr(kind, "__struct_fields__"):
        names = kind.__struct_fields__
    elif isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        # By position: a subclass may use a field's name for something else.
        return Fields(kind._fields, dict(zip(kind._fields, value, strict=True)).__getitem__, kind)
    elif hasattr(kind, "model_dump"):
        return _model_fields(value)
    else:
        return None
    return Fields(names, lambda name: getattr(value, name), kind)


def has_more_than(value: object, fields: Fields) -> bool:
    """Whether a value with *fields* holds more than they say: it is also a str, a list or so."""
    if isinstance(value, tuple) and hasattr(type(value), "_fields"):
        return False
    if isinstance(value, Mapping):
        return not set(value) <= set(fields)
    if isinstance(value, str | bytes | bytearray | AbstractSequence | AbstractSet):
        return len(value) > 0
    return isinstance(value, int | float)


def attributes_of(value: Any) -> Mapping[str, Any] | None:
    """Return what a namespace or a ConfigDict of ml_collections holds, or None."""
    kind = type(value)
    if _has_base(kind, "argparse", "Namespace") or _has_base(kind, "types", "SimpleNamespace"):
        held: dict[str, Any] = vars(value)
        if kind.__module__.startswith("jsonargparse"):
            return {name: item for name, item in held.items() if name not in _META}
        return held
    if _has_base(kind, "ml_collections.config_dict.config_dict", "ConfigDict"):
        return Fields(tuple(value), value.__getitem__)
    return None


def is_labelled(value: object) -> bool:
    """Whether *value* is a Series of pandas, or of a library that looks like it."""
    kind = type(value)
    return hasattr(kind, "iloc") and hasattr(kind, "tolist")


def labelled(value: Any) -> tuple[list[Any], list[Any] | None]:
    """Return the items of a Series and their labels; None if it numbers them from 0."""
    items, labels = value.tolist(), value.index.tolist()
    numbered = all(type(label) is int for label in labels) and labels == list(range(len(labels)))
    return items, None if numbered else labels


def unresolved(value: object) -> Any:
    """Return an OmegaConf container as it was written, with "???" and "${...}"; None for others."""
    if not _has_base(type(value), "omegaconf.basecontainer", "BaseContainer"):
        return None
    return sys.modules["omegaconf"].OmegaConf.to_container(value, resolve=False)


def _model_fields(value: Any) -> Fields:
    """Return the fields that `model_dump` would have, each as it is in the model.

    `model_dump` itself loses the classes of nested models, and the fields that only a subclass of
    the declared class has. It is asked where the model defines how a field is written.
    """
    kind = type(value)
    decorators = getattr(kind, "__pydantic_decorators__", None)
    if decorators is None or decorators.model_serializers:
        return _dumped(value)
    written = set(_written_fields(kind, decorators))
    extra: Mapping[str, Any] = value.model_extra or {}
    names = [name for name, field in kind.model_fields.items() if not field.exclude]
    names += [*extra, *kind.model_computed_fields]
    every = "*" in written

    def read(name: str) -> Any:
        if every or name in written:
            return value.model_dump(include={name})[name]
        return extra[name] if name in extra else getattr(value, name)

    if getattr(kind, "__pydantic_root_model__", False) and (every or "root" in written):
        return Fields(("root",), lambda _: value.model_dump(), kind)
    return Fields(tuple(names), read, kind)


def _dumped(value: Any) -> Fields:
    dumped = value.model_dump()
    if not isinstance(dumped, Mapping):
        dumped = {"root": dumped}
    return Fields(tuple(dumped), dumped.__getitem__, type(value))


def _written_fields(kind: Any, decorators: Any) -> Iterator[str]:
    """Yield the fields of a pydantic model that have serializers of their own."""
    for serializer in decorators.field_serializers.values():
        yield from serializer.info.fields
    for name, field in kind.model_fields.items():
        if any(type(item).__name__ in _SERIALIZERS for item in field.metadata):
            yield name


_SERIALIZERS = ("PlainSerializer", "WrapSerializer")


def _has_base(kind: type, module: str, name: str) -> bool:
    return any(base.__module__ == module and base.__qualname__ == name for base in kind.__mro__)


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
    ("collections", "UserString"): str,
    ("datetime", "date"): lambda value: str(value.isoformat()),
    ("datetime", "datetime"): _datetime,
    ("datetime", "time"): _time,
    ("decimal", "Decimal"): _decimal,
    ("jsonargparse._paths", "Path"): str,
    ("pandas._libs.tslibs.nattype", "_NaT"): str,
    ("uuid", "UUID"): str,
}
