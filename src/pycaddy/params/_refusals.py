"""The limits of params, and the sentences that say why a value is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from re import Match
from types import ModuleType

from pycaddy.errors import ParamsError, ParamsTooLargeError

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "KeyPath",
    "bad_character",
    "bad_character_in_key",
    "bad_key",
    "label",
    "name_of",
    "not_a_list",
    "refused",
    "reserved_key",
    "same_keys",
    "same_labels",
    "too_deep",
    "too_large",
    "too_many_digits",
    "unreadable",
]

MAX_DEPTH = 64
MAX_BYTES = 1 << 20

KeyPath = tuple[str | int, ...]
"""What the caller calls the value, then the keys and indices that lead to a part of it."""


def name_of(path: KeyPath) -> str:
    """The expression that leads to a value, as in `params['model']['layers'][3]`."""
    parts = [f"[{_short(part)}]" for part in path[1:]]
    if len(parts) > 8:
        parts[4:-2] = ["[...]"]
    return f"{path[0]}{''.join(parts)}"


def label(value: object) -> str:
    """What *value* is, in a text that is the same in each process: "<function train>"."""
    if isinstance(value, type):
        return f"<class {value.__qualname__}>"
    kind = type(value).__qualname__
    if isinstance(value, ModuleType):
        return f"<{kind} {value.__name__}>"
    # A generator has a name too, and is none the clearer for it.
    name = getattr(value, "__qualname__", None) if callable(value) else None
    return f"<{kind} {name}>" if isinstance(name, str) else f"<{kind}>"


def refused(value: object, path: KeyPath) -> ParamsError:
    return _or_ignored(
        path, f"is {label(value)}, which has no canonical form. Pass {_instead_of(value)}"
    )


def not_a_list(value: object, reason: str, path: KeyPath) -> ParamsError:
    """An array at *path* for which its list would not do: *reason* says why and what would."""
    return _or_ignored(path, f"is {label(value)} and {reason}")


def same_labels(value: object, path: KeyPath) -> ParamsError:
    return _or_ignored(
        path, f"is {label(value)} with a label that occurs twice. Pass its tolist(), or rename one"
    )


def bad_character(found: Match[str], path: KeyPath) -> ParamsError:
    return _or_ignored(path, f"has {_character(found)}. Remove it, or pass bytes")


def too_many_digits(limit: int, path: KeyPath) -> ParamsError:
    return _or_ignored(path, f"is an int of more than {limit} digits. Pass hex() of it")


def bad_key(key: object, path: KeyPath) -> ParamsError:
    return ParamsError(
        f"{name_of(path)} has the key {_short(key)} of type {type(key).__name__}. Keys are str, "
        f"int or bool: write {_short(str(key))}.",
        path=name_of(path),
    )


def bad_character_in_key(found: Match[str], path: KeyPath) -> ParamsError:
    return ParamsError(
        f"{name_of(path)} has a key, {_short(found.string)}, with {_character(found)}. Rename it.",
        path=name_of(path),
    )


def reserved_key(key: str, path: KeyPath) -> ParamsError:
    return ParamsError(
        f"{name_of(path)} has the key {key!r}, under which NaN and the infinities are stored. "
        "Rename it, or read stored text with thaw().",
        path=name_of(path),
    )


def same_keys(key: str, path: KeyPath) -> ParamsError:
    return ParamsError(
        f"{name_of(path)} has two keys that are both written {_short(key)}. Rename one.",
        path=name_of(path),
    )


def unreadable(path: KeyPath, error: Exception) -> ParamsError:
    reason = str(error).partition("\n")[0] or type(error).__name__
    return _or_ignored(path, f"cannot be read: {reason}. Give it a value, or take it out")


def too_deep(path: KeyPath) -> ParamsTooLargeError:
    return ParamsTooLargeError(
        f"{name_of(path)} lies deeper than {MAX_DEPTH} levels, or contains itself. Flatten it, "
        "or write it to a file and pass its path.",
        path=name_of(path),
    )


def too_large(path: KeyPath, size: str) -> ParamsTooLargeError:
    """The whole takes *size* bytes, and the part at *path* is the one to look at."""
    return ParamsTooLargeError(
        f"{path[0]} takes {size} bytes as JSON, and at most {MAX_BYTES:,} are kept: look at "
        f"{name_of(path)}. Write big values to a file and pass its path.",
        path=name_of(path),
    )


def _or_ignored(path: KeyPath, sentence: str) -> ParamsError:
    """An error that names, if there is one, the nearest key that can be ignored."""
    keys = list(takewhile(lambda part: isinstance(part, str), path[1:]))
    if path[0] == "params" and keys:
        dotted = ".".join(map(str, keys))
        sentence += f", or leave it out of the key with ignore=[{dotted!r}]"
    return ParamsError(f"{name_of(path)} {sentence}.", path=name_of(path))


def _instead_of(value: object) -> str:
    if isinstance(value, Iterator):
        return "a list of its values"
    if isinstance(value, complex):
        return "[real, imag] or a string"
    if hasattr(value, "total_seconds"):
        return "its total_seconds() as a string"
    if isinstance(value, ModuleType) or callable(value):
        return "its name as a string"
    return "a string that stands for it, or a dict of its fields"


def _character(found: Match[str]) -> str:
    code, index = ord(found.group()), found.start()
    return f"the character U+{code:04X} at position {index}, which no database stores as text"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
