"""The short way for what most params are: one dict of texts, numbers, bools and None."""

from __future__ import annotations

from typing import Any

from pycaddy.params._refusals import MAX_BYTES
from pycaddy.params._text import TAG, canonical, canonical_of_unified, stored

__all__ = ["flat_texts"]

_SCALARS = frozenset((str, int, float, bool, type(None)))
_LARGE = 1 << 64
_SURELY_SHORT = MAX_BYTES // 4  # at most four bytes a character


def flat_texts(params: dict[Any, Any]) -> tuple[str, str] | None:
    """Return the stored and the canonical text of *params* if nothing in them needs a second look.

    None: go the long way, which accepts more and says what it refuses.
    """
    unified = True
    for key, value in params.items():
        kind = type(value)
        if kind not in _SCALARS or type(key) is not str:
            return None
        if kind is float:
            unified = unified and bool(value % 1.0)  # 0 if integral; NaN, thus true, if not finite
        elif kind is int and not -_LARGE < value < _LARGE:
            return None
    try:
        text = stored(params)
        text.encode()  # a lone surrogate is no text
    except ValueError:
        return None
    if len(text) > _SURELY_SHORT or "\\u0000" in text or TAG in text:
        return None
    return text, canonical_of_unified(params) if unified else canonical(params)
