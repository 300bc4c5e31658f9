"""What differs between the params of two attempts of one run: values of ignored params."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pycaddy.params._plain import inner_names
from pycaddy.params._text import canonical

__all__ = ["Changes", "differences", "undone", "with_ignored"]

Changes = dict[str, dict[str, Any]]
"""{"device": {"before": "cpu", "now": "cuda"}}; dots lead into nested params. A param that was
not there, or is not there any more, has no "before" or no "now"."""

_ABSENT = object()


def differences(before: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> Changes:
    """Return the plain params in which *now* differs from *before*, by name.

    >>> differences({"lr": 1, "opt": {"seed": 1}}, {"lr": 1.0, "opt": {"seed": 2}})
    {'opt.seed': {'before': 1, 'now': 2}}
    """
    found: Changes = {}
    for key in (*before, *(key for key in now if key not in before)):
        old, new = before.get(key, _ABSENT), now.get(key, _ABSENT)
        if type(old) is dict and type(new) is dict:
            found |= differences(old, new, f"{above}{key}.")
        elif old is _ABSENT or new is _ABSENT or canonical(old) != canonical(new):
            sides = {"before": old, "now": new}
            found[above + key] = {side: it for side, it in sides.items() if it is not _ABSENT}
    return found


def undone(values: dict[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the plain params *values* as they were before *changes*; *values* are used up."""
    for name, sides in changes.items():
        parts = _parts(values, name)
        *above, last = parts
        inner = values
        for part in above:
            inner = inner.setdefault(part, {})
        if "before" in sides:
            inner[last] = sides["before"]
        else:
            inner.pop(last, None)
    return values


def _parts(values: Any, name: str) -> list[str]:
    """Return the keys that *name* leads through; a key may have dots in it."""
    if type(values) is dict and name not in values:
        for key in values:
            if name.startswith(f"{key}.") and type(values[key]) is dict:
                return [key, *_parts(values[key], name[len(key) + 1 :])]
    return [name]


def with_ignored(
    values: Mapping[str, Any], before: Mapping[str, Any], names: frozenset[str]
) -> dict[str, Any]:
    """Return the plain params *values* with what *before* has under the ignored *names*."""
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key in names:
            continue
        inner, old = inner_names(key, names), before.get(key)
        is_inside = inner and type(value) is dict and type(old) is dict
        kept[key] = with_ignored(value, old, inner) if is_inside else value  # type: ignore[arg-type]
    return kept | {key: value for key, value in before.items() if key in names}
