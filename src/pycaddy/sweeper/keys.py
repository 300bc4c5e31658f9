"""How a key is written: "model.lr" is lr in the dict model; "model['a.b']" is a.b in it.

Dots lead into nested dicts. A part in brackets and quotes is taken literally, so it may contain
a dot. Filters write such parts in the same way: `params['a.b'] == 1`.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from pycaddy.errors import SweepError

Path: TypeAlias = tuple[str, ...]

BRACKETS = ("['", '["')
# The escapes that repr() writes, so that `dotted` can write any part.
_ESCAPE = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_QUOTED = rf"""\[('(?:[^'\\]|{_ESCAPE})*'|"(?:[^"\\]|{_ESCAPE})*")\]"""


def dotted(path: Path) -> str:
    """*path* as one key, which `parts_of` reads back."""
    return "".join(map(_written, path)).removeprefix(".")


def parts_of(key: str) -> Path:
    """The parts of *key*, outermost first.

    >>> parts_of("model.lr"), parts_of("model['a.b']"), parts_of("['a.b'].c")
    (('model', 'lr'), ('model', 'a.b'), ('a.b', 'c'))

    Raises:
        SweepError: A part is empty, or a bracket cannot be read.
    """
    if "[" in key:
        return _bracketed(key)
    parts = tuple(key.split("."))
    if len(parts) > 1 and "" in parts:
        raise _empty_part(key)
    return parts


def _written(part: str) -> str:
    literal = not part or "." in part or any(opening in part for opening in BRACKETS)
    return f"[{part!r}]" if literal else f".{part}"


def _bracketed(key: str) -> Path:
    parts: list[str] = []
    rest = key if key.startswith(BRACKETS) else f".{key}"
    while rest:
        read = _literal_part if rest.startswith(BRACKETS) else _plain_part
        part, rest = read(key, rest)
        parts.append(part)
    return tuple(parts)


def _literal_part(key: str, rest: str) -> tuple[str, str]:
    from ast import literal_eval

    found = re.match(_QUOTED, rest)
    try:
        if found:
            return str(literal_eval(found[1])), rest[found.end() :]
    except (SyntaxError, ValueError):
        pass
    raise SweepError(
        f"The key {key!r} has a bracket that cannot be read. A part that is taken literally is "
        "written as Python writes a str: \"model['a.b']\".",
        key=key,
    )


def _plain_part(key: str, rest: str) -> tuple[str, str]:
    if not rest.startswith("."):
        raise SweepError(
            f"The key {key!r} goes on with {rest!r} after a bracket. Write a dot or another "
            "bracket there: \"['a.b'].c\".",
            key=key,
        )
    ends = [rest.find(opening, 1) for opening in (".", *BRACKETS)]
    end = min((end for end in ends if end > 0), default=len(rest))
    if end == 1:
        raise _empty_part(key)
    return rest[1:end], rest[end:]


def _empty_part(key: str) -> SweepError:
    literal = dotted((key,))
    return SweepError(
        f"The key {key!r} has an empty part before or after a dot. Dots lead into nested dicts, as "
        f"in 'model.lr'; for a key that contains the dots write {literal!r}.",
        key=key,
    )
