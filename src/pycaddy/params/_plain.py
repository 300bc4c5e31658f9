"""The pass that turns any accepted value into plain ones, or says which part it cannot."""

from __future__ import annotations

import re
import sys
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from math import prod
from typing import Any

from pycaddy.errors import ParamsError, ParamsTooLargeError
from pycaddy.params import _refusals as refusals
from pycaddy.params._foreign import (
    UNREADABLE,
    Fields,
    attributes_of,
    fields_of,
    has_more_than,
    is_labelled,
    labelled,
    seconds_of,
    text_of,
    unresolved,
)
from pycaddy.params._refusals import MAX_BYTES, MAX_DEPTH, KeyPath
from pycaddy.params._text import TAG, canonical, stored

__all__ = ["CLASS", "NO_NAMES", "Pass", "inner_names", "normalise"]

CLASS = "__class__"
"""The key under which a value in params keeps the name of its class."""

NO_NAMES: frozenset[str] = frozenset()

_AS_THEY_ARE = frozenset({bool, float, type(None)})
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MAX_DIGITS = 4300  # what Python reads and writes of an int, unless it was told otherwise


def normalise(value: object, path: KeyPath) -> Any:
    """Return *value* as new dicts, lists, strings, numbers, bools and None.

    Classes are not kept: it is what a value holds that is asked for.

    Args:
        path: Where errors say that *value* is.
    """
    return Pass(keeps_classes=False).whole(value, path)


def inner_names(key: str, names: frozenset[str]) -> frozenset[str]:
    """The dotted *names* that lead into the value of *key*, without their first part."""
    start = key + "."
    return frozenset(name[len(start) :] for name in names if name.startswith(start))


class Pass:
    """One pass over one value, which may take up so much and no more.

    `room` is what is left of MAX_BYTES. It counts low, two bytes a value and one a character, so
    that it only runs out when the text is too long for certain. It stops what would grow without
    end, as lists that share lists do; the exact limit is for the finished text.

    Args:
        keeps_classes: Whether values below the first level keep the names of their classes.
        version: The version of the canonical form. In version 1 named tuples were lists, the
            members of an enum their values, and classes were not kept.
    """

    __slots__ = ("has_new", "keeps_classes", "room", "version")

    def __init__(self, *, keeps_classes: bool = True, version: int = 2) -> None:
        self.room = MAX_BYTES
        self.keeps_classes = keeps_classes and version > 1
        self.version = version
        self.has_new = False
        """Whether a value was met that version 1 writes in another way, losing only its class,
        its field names or its name."""

    def whole(self, value: object, path: KeyPath, ignored: frozenset[str] = NO_NAMES) -> Any:
        """Return the plain form of *value*; whatever it raises is a ParamsError.

        Args:
            path: Where errors say that *value* is; ("params",) makes them offer `ignore=`.
            ignored: Keys and dotted paths whose values may be anything.
        """
        try:
            return self.value(value, path, ignored)
        except ParamsError:
            raise
        except Exception as error:
            raise refusals.unreadable(path, error) from error

    def value(self, value: Any, path: KeyPath, ignored: frozenset[str] = NO_NAMES) -> Any:
        kind = type(value)
        if kind is str:
            self.spend(len(value), path)
            if (bad := _unstorable(value)) is not None:
                raise refusals.bad_character(bad, path)
            return value
        if kind is int:
            if (bits := value.bit_length()) > 64:
                self.spend(bits // 4, path)
                _check_digits(value, path)
            return value
        if kind in _AS_THEY_ARE:
            return value
        if kind is dict:
            return self.mapping(value, path, ignored)
        if kind is list or kind is tuple:
            return self.sequence(value, path)
        return self.other(value, path, ignored)

    def read(self, container: Mapping[Any, Any], key: Any) -> Any:
        return container[key]

    def mapping(
        self, value: Mapping[Any, Any], path: KeyPath, ignored: frozenset[str]
    ) -> dict[str, Any]:
        _check_depth(path)
        plain: dict[str, Any] = {}
        here = path
        try:
            for key in value:
                name = _key(key, path)
                here = (*path, name)
                if name in plain:
                    raise refusals.same_keys(name, path)
                self.spend(2 + len(name), here)
                if not ignored:
                    plain[name] = self.value(self.read(value, key), here)
                elif name in ignored:
                    plain[name] = _ignored(value, key, here, self)
                else:
                    inner = inner_names(name, ignored)
                    plain[name] = self.value(self.read(value, key), here, inner)
        except ParamsError:
            raise
        except Exception as error:
            raise refusals.unreadable(here, error) from error
        return plain

    def sequence(self, value: Iterable[Any], path: KeyPath) -> list[Any]:
        _check_depth(path)
        plain: list[Any] = []
        try:
            for item in value:
                here = (*path, len(plain))
                self.spend(2, here)
                plain.append(self.value(item, here))
        except ParamsError:
            raise
        except Exception as error:
            raise refusals.unreadable((*path, len(plain)), error) from error
        return plain

    def other(self, value: Any, path: KeyPath, ignored: frozenset[str]) -> Any:
        """A value of a type that JSON does not have."""
        if isinstance(value, type):  # before asking what its instances have
            raise refusals.refused(value, path)
        if isinstance(value, Enum):
            return self.member(value, path, ignored)
        fields = fields_of(value)
        if fields is not None:
            return self.fields(value, fields, path, ignored)
        return self.foreign(value, path, ignored)

    def member(self, value: Enum, path: KeyPath, ignored: frozenset[str]) -> Any:
        """A member of an enum: its value if that is a str or what the member is, else its name."""
        inner = value.value
        is_its_value = isinstance(inner, str) or isinstance(value, type(inner))
        if is_its_value or self.version == 1:
            return self.value(inner, path, ignored)
        self.has_new = True
        name = getattr(value, "name", None) or repr(inner)  # Flag(0) has no name
        return self.value(f"{type(value).__qualname__}.{name}", path)

    def fields(self, value: Any, fields: Fields, path: KeyPath, ignored: frozenset[str]) -> Any:
        """A value with named fields; below the first level it keeps the name of its class."""
        if has_more_than(value, fields):
            raise refusals.refused(value, path)
        is_tuple = isinstance(value, tuple)
        if is_tuple and self.version == 1:
            return self.sequence(value, path)
        below = len(path) > 1
        self.has_new = self.has_new or is_tuple or below
        if fields.kind is None or not (below and self.keeps_classes):
            return self.mapping(fields, path, ignored)
        name = fields.kind.__qualname__
        self.spend(4 + len(CLASS) + len(name), path)
        plain = self.mapping(fields, path, ignored)
        if CLASS in plain:
            raise refusals.same_keys(CLASS, path)
        return {CLASS: self.value(name, path), **plain}

    def foreign(self, value: Any, path: KeyPath, ignored: frozenset[str]) -> Any:
        if isinstance(value, str):
            return self.value(str.__str__(value), path)  # the text, whatever str() is made to say
        if isinstance(value, int):
            return self.value(int(value), path)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, memoryview) and (value.ndim != 1 or value.format not in "Bbc"):
            return self.value(value.tolist(), path)
        if isinstance(value, bytes | bytearray | memoryview):
            self.spend(len(value), path)
            return b2a_base64(bytes(value), newline=False).decode("ascii")
        if isinstance(value, Mapping):
            return self.mapping(value, path, ignored)
        attributes = attributes_of(value)
        if attributes is not None:
            return self.mapping(attributes, path, ignored)
        if is_labelled(value):
            return self.labelled(value, path, ignored)
        if hasattr(type(value), "dtype") and hasattr(type(value), "tolist"):
            return self.array(value, path)
        if isinstance(value, AbstractSet):
            return sorted(self.sequence(value, path), key=canonical)
        text = text_of(value)
        if text is not None:
            return self.value(text, path)
        if isinstance(value, Sequence):
            return self.sequence(value, path)
        seconds = seconds_of(value)
        if seconds is not None:
            return seconds
        raise refusals.refused(value, path)

    def labelled(self, value: Any, path: KeyPath, ignored: frozenset[str]) -> Any:
        """A Series: a mapping if it has labels of its own, otherwise a list."""
        self.spend_ahead(value.shape, path)
        items, labels = labelled(value)
        if labels is None:
            return self.value(items, path)
        if len({_key(label, path) for label in labels}) < len(labels):
            raise refusals.same_labels(value, path)
        return self.mapping(dict(zip(labels, items, strict=True)), path, ignored)

    def array(self, value: Any, path: KeyPath) -> Any:
        """An array or a scalar of NumPy, or of a library that looks like it."""
        if (reason := why_not_a_list(value)) is not None:
            raise refusals.not_a_list(value, reason, path)
        self.spend_ahead(value.shape, path)
        items = value.tolist()
        # A longdouble stays one, as no float is as exact. Dates finer than microseconds, or far
        # away, come as a bare count of their unit.
        is_time = getattr(value.dtype, "kind", "") in ("M", "m")
        if hasattr(type(items), "tolist") or (is_time and _holds_int(items)):
            raise refusals.refused(value, path)
        return self.value(_with_not_a_time(items) if is_time else items, path)

    def spend_ahead(self, shape: Sequence[int], path: KeyPath) -> None:
        """Refuse an array that is too large, before it becomes as many objects."""
        least = 2 * prod(shape)
        self.spend(least, path)
        self.room += least  # they are counted one by one

    def spend(self, size: int, path: KeyPath) -> None:
        self.room -= size
        if self.room < 0:
            raise refusals.too_large(path, f"at least {MAX_BYTES - self.room:,}")


class _Lenient(Pass):
    """A pass that keeps what it can: a str stands for each part that has no canonical form."""

    __slots__ = ()

    def value(self, value: Any, path: KeyPath, ignored: frozenset[str] = NO_NAMES) -> Any:
        before = self.room
        try:
            return super().value(value, path, ignored)
        except ParamsTooLargeError:
            raise
        except Exception:  # noqa: BLE001 - an ignored value may be anything
            self.room = before
            return self.stand_in(value, path)

    def read(self, container: Mapping[Any, Any], key: Any) -> Any:
        try:
            return container[key]
        except Exception:  # noqa: BLE001 - an ignored value may be anything
            raw = unresolved(container)
            return UNREADABLE if raw is None else raw[key]

    def stand_in(self, value: object, path: KeyPath) -> Any:
        try:
            raw = unresolved(value)
        except Exception:  # noqa: BLE001 - an ignored value may be anything
            raw = None
        return refusals.label(value) if raw is None else super().value(raw, path)


def _ignored(container: Mapping[Any, Any], key: Any, path: KeyPath, outer: Pass) -> Any:
    """Return what is kept of an ignored value: as much of it as can be stored."""
    lenient = _Lenient(keeps_classes=outer.keeps_classes, version=outer.version)
    value = lenient.read(container, key)
    try:
        plain = lenient.value(value, path)
    except ParamsError:
        return refusals.label(value)
    return plain if len(stored(plain).encode()) <= MAX_BYTES else refusals.label(value)


def why_not_a_list(value: Any) -> str | None:
    """Return what `tolist()` of an array would lose, or None."""
    if getattr(value.dtype, "names", None):
        return "has named fields. Pass a dict of them"
    kind = type(value)
    if hasattr(kind, "filled") and prod(value.shape) > value.count():
        return "has masked values. Pass its filled() values"
    if 0 in value.shape[:-1]:
        return f"is empty and has the shape {tuple(value.shape)}. Pass its shape"
    is_numpy = kind.__module__.partition(".")[0] == "numpy"
    if not is_numpy and any(_is_ndarray(base) for base in kind.__mro__):
        return "may hold more than numbers, such as a unit. Pass a dict of what counts"
    return None


def _is_ndarray(kind: type) -> bool:
    return kind.__module__ == "numpy" and kind.__qualname__ == "ndarray"


def _with_not_a_time(items: Any) -> Any:
    """Return dates or durations with "NaT", as pandas writes it, in place of None."""
    if type(items) is list:
        return [_with_not_a_time(item) for item in items]
    return "NaT" if items is None else items


def _holds_int(items: Any) -> bool:
    return any(map(_holds_int, items)) if type(items) is list else type(items) is int


def _key(key: object, path: KeyPath) -> str:
    name = _key_text(key)
    if name is None:
        raise refusals.bad_key(key, path)
    if name == TAG:
        raise refusals.reserved_key(name, path)
    if (bad := _unstorable(name)) is not None:
        raise refusals.bad_character_in_key(bad, path)
    return name


def _key_text(key: Any) -> str | None:
    """Return the str of a key: 1 is "1" and True is "True"."""
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, int):
        return str(key) if isinstance(key, bool) else int.__repr__(key)
    if getattr(getattr(key, "dtype", None), "kind", None) in ("b", "i", "u") and key.shape == ():
        return str(key.item())
    return None


def _unstorable(text: str) -> re.Match[str] | None:
    """The first character that no database stores as text: NUL, or half of a surrogate pair."""
    if text.isascii() and "\0" not in text:
        return None
    return _UNSTORABLE.search(text)


def _check_digits(value: int, path: KeyPath) -> None:
    limit = min(sys.get_int_max_str_digits() or _MAX_DIGITS, _MAX_DIGITS)
    if abs(value) >= 10**limit:
        raise refusals.too_many_digits(limit, path)


def _check_depth(path: KeyPath) -> None:
    if len(path) > MAX_DEPTH:
        raise refusals.too_deep(path)
