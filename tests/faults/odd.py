"""Content that nobody would write, for files that pycaddy reads."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

LEAVES: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 10**30, "", "x", "\ud800", "\0", "é\u202e", "/etc/passwd", "..",
    "../../outside", "C:\\x", "CON", "0001", "2026-01-01", "9" * 5000, [], {}, [None], {"": 1},
    "train/0001/../../../outside", ".pycaddy/ledger.db", "\x1b[31m", "<script>", "done", "running",
]  # fmt: skip
values = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["path", "size", "a", "", ".."]), inner, max_size=2)
    ),
    max_leaves=4,
)


def with_a_part_replaced(value: Any, by: Any, chance: random.Random) -> Any:
    """Return JSON with one of its parts, at any depth, replaced or left out."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: with_a_part_replaced(value[key], by, chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        place = chance.randrange(len(value))
        changed = with_a_part_replaced(value[place], by, chance)
        return [*value[:place], changed, *value[place + 1 :]]
    return by


def with_bytes_changed(content: bytes, chance: random.Random) -> bytes:
    """Return what a bad disk, or a hand in the wrong place, makes of a file."""
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del changed[place : place + chance.randrange(60)]
            case 2:
                changed[place:place] = chance.randbytes(chance.randrange(20))
            case _:
                del changed[place:]
    return bytes(changed)
