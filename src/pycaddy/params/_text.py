"""The two JSON texts of a plain value: the one that is stored and the one that is hashed.

Both are strict JSON without spaces. They differ in what they are for: the stored text gives the
value back as it was written, the canonical text is equal for values that count as equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

__all__ = ["TAG", "canonical", "canonical_of_unified", "load", "stored"]

TAG = "__float__"

# Plain values are trees of bounded depth: the encoder need not look for circles. The encoders are
# kept, because `json.dumps` with options makes a new one at each call.
_in_order = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode
_sorted = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"), sort_keys=True
).encode


def stored(value: Any) -> str:
    """The text that `load` turns back into the plain value *value*; keys in their order."""
    try:
        return _in_order(value)
    except ValueError:  # a NaN or an infinity, which strict JSON has no word for
        return _in_order(_with_floats(value, _tagged))


def canonical(value: Any) -> str:
    """The text that is equal for equal plain values; docs/params.md defines it."""
    return _sorted(_with_floats(value, _unified))


def canonical_of_unified(value: Any) -> str:
    """`canonical` of a plain value without NaN, infinities and integral floats."""
    return _sorted(value)


def load(text: str) -> Any:
    """The plain value whose stored text is *text*."""
    # The hook costs a call for each mapping, and few texts need it.
    return _load_tagged(text) if TAG in text else json.loads(text)


def _with_floats(value: Any, write: Callable[[float], object]) -> Any:
    kind = type(value)
    if kind is dict:
        return {key: _with_floats(item, write) for key, item in value.items()}
    if kind is list:
        return [_with_floats(item, write) for item in value]
    return write(value) if kind is float else value


def _tagged(value: float) -> object:
    return value if isfinite(value) else {TAG: repr(value)}


def _unified(value: float) -> object:
    # Every integral float, however large: `a == b` then means equal texts for any int and float.
    return int(value) if value.is_integer() else _tagged(value)


def _untagged(value: dict[str, Any]) -> Any:
    return float(value[TAG]) if TAG in value else value


_load_tagged = json.JSONDecoder(object_hook=_untagged).decode
