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

from pycaddy.errors import ParamsError
from pycaddy.params import _refusals as refusals
from pycaddy.params._foreign import fields_of, text_of
from pycaddy.params._refusals import MAX_BYTES, MAX_DEPTH, KeyPath
from pycaddy.params._text import TAG, canonical, stored

__all__ = ["NO_NAMES", "inner_names", "normalise"]

NO_NAMES: frozenset[str] = frozenset()

_AS_THEY_ARE = frozenset({bool, float, type(None)})
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_MAX_DIGITS = 4300  # what Python reads and writes of an int, unless it was told otherwise


def normalise(value: object, path: KeyPath, ignored: frozenset[str] = NO_NAMES) -> Any:
    """*value* as dicts, lists, strings, numbers, bools and None that nobody else holds.

    Args:
        path: Where errors say that *value* is; ("params",) makes them offer `ignore=`.
        ignored: Keys and dotted paths whose values may be anything.
    """
    try:
        return _Pass().value(value, path, ignored)
    except ParamsError:
        raise
    except Exception as error:
        raise refusals.unreadable(path, error) from error


def inner_names(key: str, names: frozenset[str]) -> frozenset[str]:
    """The dotted *names* that lead into the value of *key*, without their first part."""
    start = key + "."
    return frozenset(name[len(start) :] for name in names if name.startswith(start))


class _Pass:
    """One pass over one value, which may take up so much and no more.

    `room` is what is left of MAX_BYTES. It counts low, two bytes a value and one a character, so
    that it only runs out when the text is too long for certain. It stops what would grow without
    end, as lists that share lists do; the exact limit is for the finished text.
    """

    __slots__ = ("room",)

    def __init__(self) -> None:
        self.room = MAX_BYTES

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
                    plain[name] = self.value(value[key], here)
                elif name in ignored:
                    plain[name] = _ignored(value[key], here)
                else:
                    plain[name] = self.value(value[key], here, inner_names(name, ignored))
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
            return self.value(value.value, path, ignored)
        if isinstance(value, str):
            return self.value(str.__str__(value), path)  # the text, whatever str() is made to say
        if isinstance(value, int):
            return self.value(int(value), path)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, bytes | bytearray | memoryview):
            self.spend(len(value), path)
            return b2a_base64(bytes(value), newline=False).decode("ascii")
        if isinstance(value, Mapping):
            return self.mapping(value, path, ignored)
        if hasattr(type(value), "dtype") and hasattr(type(value), "tolist"):
            return self.array(value, path)
        if isinstance(value, AbstractSet):
            return sorted(self.sequence(value, path), key=canonical)
        if isinstance(value, Sequence):
            return self.sequence(value, path)
        text = text_of(value)
        if text is not None:
            return self.value(text, path)
        fields = fields_of(value)
        if fields is not None:
            return self.value(fields, path, ignored)
        raise refusals.refused(value, path)

    def array(self, value: Any, path: KeyPath) -> Any:
        """An array or a scalar of NumPy, or of a library that looks like it."""
        least = 2 * prod(value.shape)
        self.spend(least, path)  # before it becomes as many objects, which are counted one by one
        self.room += least
        items = value.tolist()
        # A longdouble stays one, as no float is as exact. Dates finer than microseconds, or far
        # away, come as a bare count of their unit.
        if hasattr(type(items), "tolist") or (
            getattr(value.dtype, "kind", "") in ("M", "m") and _holds_int(items)
        ):
            raise refusals.refused(value, path)
        return self.value(items, path)

    def spend(self, size: int, path: KeyPath) -> None:
        self.room -= size
        if self.room < 0:
            raise refusals.too_large(path, f"at least {MAX_BYTES - self.room:,}")


def _holds_int(items: Any) -> bool:
    return any(map(_holds_int, items)) if type(items) is list else type(items) is int


def _ignored(value: object, path: KeyPath) -> Any:
    """The value of an ignored key: itself where it can be stored, else what it is."""
    try:
        plain = normalise(value, path)
    except ParamsError:
        return refusals.label(value)
    return plain if len(stored(plain).encode()) <= MAX_BYTES else refusals.label(value)


def _key(key: object, path: KeyPath) -> str:
    if not isinstance(key, str):
        raise refusals.bad_key(key, path)
    name = str.__str__(key)
    if name == TAG:
        raise refusals.reserved_key(name, path)
    if (bad := _unstorable(name)) is not None:
        raise refusals.bad_character_in_key(bad, path)
    return name


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
