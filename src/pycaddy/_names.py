"""What a name may be: the one place that decides which text becomes part of a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from pycaddy.errors import InvalidNameError

__all__ = [
    "MAX_NAME_BYTES",
    "check_name",
    "check_parts",
    "check_tag",
    "fold",
    "looks_like_a_run",
]

MAX_NAME_BYTES = 120

# Names of letters, digits and a few safe marks need none of the checks below.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_=+,-]{0,63}(?:\.[A-Za-z0-9_-]{1,16})?", re.ASCII)
# A shell takes it as one word, and a command line does not take it for an option.
_TAG = re.compile(r"\w[\w.+:/@-]{0,63}")
_RUN = re.compile(r"[0-9]{4,}(?:_|$)")
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: devices, with any extension.
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?", re.IGNORECASE
)
_DEVICE_INITIALS = frozenset("cpanlCPANL")
_FORBIDDEN = frozenset('<>:"|?*')
# https://unicode.org/reports/tr9/: characters that change the direction of what follows.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL = frozenset(("Cc", "Zl", "Zp"))


def check_name(name: object, what: str) -> str:
    """Return *name* if a folder or file may have it.

    Args:
        name: One part of a path: no separator in it.
        what: What the name is for, as the error calls it ("identifier").

    Raises:
        TypeError: *name* is no string.
        InvalidNameError: Says which character or rule is in the way and what to use instead.
    """
    if not isinstance(name, str):
        raise TypeError(f"The {what} must be a str, not {name!r}.")
    if _PLAIN.fullmatch(name) and not (name[0] in _DEVICE_INITIALS and _DEVICE.fullmatch(name)):
        return name
    if problem := _problem(name):
        raise InvalidNameError(f"The {what} {_shown(name)} {problem}", name=name)
    return name


def check_parts(path: object, what: str) -> tuple[str, ...]:
    """Return the parts of a "/"-separated *path*, each checked as a name."""
    if not isinstance(path, str):
        raise TypeError(f"The {what} must be a str, not {path!r}.")
    if path.startswith("/"):
        raise InvalidNameError(
            f"The {what} {_shown(path)} is an absolute path. Use a path that starts with a name.",
            name=path,
        )
    parts = path.split("/")
    if "" in parts and path:
        raise InvalidNameError(
            f"The {what} {_shown(path)} has an empty part. Use {'/'.join(filter(None, parts))!r}.",
            name=path,
        )
    return tuple(check_name(part, what) for part in parts)


def check_tag(tag: object) -> str:
    """Return *tag* if a run can be marked with it.

    Raises:
        TypeError: It is no string.
        InvalidNameError: It is empty, too long, or has another character in it.
    """
    if not isinstance(tag, str):
        raise TypeError(f"A tag must be a str, not {tag!r}.")
    composed = unicodedata.normalize("NFC", tag)
    if not _TAG.fullmatch(composed):
        raise InvalidNameError(
            f"The tag {_shown(tag)} cannot be used: a tag has 1 to 64 letters, digits or . + : / @ "
            "_ - and begins with a letter, a digit or _. Write a sentence with note().",
            name=tag,
        )
    return composed


def fold(name: str) -> str:
    """Return the form in which two names are equal on a file system that ignores case."""
    return unicodedata.normalize("NFC", name.casefold())


def looks_like_a_run(name: str) -> bool:
    """Whether *name* could be the folder or the prefix of a run: "0001", "0001_model.pt"."""
    return _RUN.match(name) is not None


def _problem(name: str) -> str | None:
    if not name:
        return "is empty. Use at least one character."
    if name in (".", ".."):
        return "leads to another folder. Use a name of its own."
    for character in name:
        if problem := _character_problem(character):
            return problem
    if name[-1] in ". ":
        return f"ends in {name[-1]!r}, which Windows drops. Use {name.rstrip('. ') or 'a word'!r}."
    if _DEVICE.fullmatch(name):
        return f"is a device on Windows. Use '{name}_' or another word."
    if (composed := unicodedata.normalize("NFC", name)) != name:
        return f"is not in Unicode's composed form (NFC): {_shown(name, ascii)}. Use {composed!r}."
    if (size := len(name.encode())) > MAX_NAME_BYTES:
        return (
            f"takes {size} bytes in UTF-8, and {MAX_NAME_BYTES} is the most. "
            "Use a shorter name and put the details into params."
        )
    return None


def _character_problem(character: str) -> str | None:
    if character in "/\\":
        return f"contains the separator {character!r}. Use '_' or '-' instead, or nest with sub()."
    if character in _FORBIDDEN:
        return f"contains {character!r}, which Windows forbids. Use '_' or '-' instead."
    if character < "\x7f":
        return None if character >= " " else _unprintable(character, "control character")
    if character in _BIDI:
        return _unprintable(character, "bidirectional control character")
    category = unicodedata.category(character)
    if category == "Cs":
        return _unprintable(character, "lone surrogate")
    if category in _CONTROL:
        return _unprintable(character, "control character")
    return None


def _unprintable(character: str, kind: str) -> str:
    return f"contains the {kind} U+{ord(character):04X}. Leave it out."


def _shown(name: str, how: Callable[[str], str] = repr) -> str:
    return how(name) if len(name) <= 60 else how(name[:60]) + "..."
