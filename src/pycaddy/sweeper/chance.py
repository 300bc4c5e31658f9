"""Random numbers that are the same in every process, on every machine and in every version.

They are hashes of their names: `draw(seed, 7, "lr")` needs no draw before it, so any process can
make the seventh configuration without the first six. The random module guarantees a stable
sequence only for `random()`.

Never change a value that could have been drawn: RESUME finds completed runs by it.
"""

from __future__ import annotations

from hashlib import sha256
from math import isqrt

_BITS = 256
_FLOAT_BITS = 53

# Shuffling few positions needs more rounds until all orders are equally likely.
_FEW = 1 << 16
_ROUNDS_OF_FEW = 12
_ROUNDS = 4


def draw(*names: int | str) -> int:
    """A number in `range(2**256)` for *names*."""
    return _number(key_of(*names))


def fraction(*names: int | str) -> float:
    """A number in [0, 1) for *names*."""
    return (draw(*names) >> (_BITS - _FLOAT_BITS)) / (1 << _FLOAT_BITS)


def key_of(*names: int | str) -> bytes:
    """*names* as the bytes that are hashed."""
    return "\0".join(map(str, names)).encode("utf-8", "surrogatepass")


def permuted(position: int, size: int, key: bytes) -> int:
    """The number at *position* in the permutation of `range(size)` that *key* chooses.

    A Feistel network over pairs of numbers with cycle walking: methods 3 and 2 of Black and
    Rogaway, "Ciphers with Arbitrary Finite Domains",
    https://web.cs.ucdavis.edu/~rogaway/papers/subset.pdf. Each step adds to one half a number
    that depends on the other half only. It can be undone, so no two positions become the same.
    Nothing is stored, whatever the size.
    """
    lefts = isqrt(size - 1) + 1
    rights = -(-size // lefts)
    rounds = _ROUNDS_OF_FEW if size < _FEW else _ROUNDS
    while True:
        left, right = divmod(position, rights)
        for turn in range(rounds):
            left = (left + _number(b"%b %d left %d" % (key, turn, right))) % lefts
            right = (right + _number(b"%b %d right %d" % (key, turn, left))) % rights
        position = left * rights + right
        # Fewer than `lefts` of the pairs are outside, so this is rarely repeated.
        if position < size:
            return position


def _number(key: bytes) -> int:
    return int.from_bytes(sha256(key).digest(), "big")
