"""The configurations of a sweep in an order of chance, each still made at its position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isqrt
from typing import Any

from pycaddy.errors import SweepLengthError
from pycaddy.sweeper.base import Config, Sweep
from pycaddy.sweeper.chance import key_of, number

# A network over a handful of positions takes more turns until all orders are equally likely.
_FEW = 1 << 16
_TURNS_OF_FEW = 12
_TURNS = 4


def permuted(position: int, size: int, key: bytes) -> int:
    """Where *position* lands in the order of `range(size)` that *key* chooses.

    A Feistel network over pairs of numbers, with the walk along its cycle until a position
    falls inside: methods 3 and 2 of Black and Rogaway, "Ciphers with Arbitrary Finite Domains",
    https://web.cs.ucdavis.edu/~rogaway/papers/subset.pdf. Each step adds to one half a number
    that depends on the other half alone, so it can be undone, and no two positions land on one.
    Nothing is stored, however large the size.
    """
    lefts = isqrt(size - 1) + 1
    rights = -(-size // lefts)
    turns = _TURNS_OF_FEW if size < _FEW else _TURNS
    while True:
        left, right = divmod(position, rights)
        for turn in range(turns):
            left = (left + number(b"%b %d left %d" % (key, turn, right))) % lefts
            right = (right + number(b"%b %d right %d" % (key, turn, left))) % rights
        position = left * rights + right
        # Fewer than `lefts` of the pairs lie outside, so this is rarely done twice.
        if position < size:
            return position


class ShuffledSweep(Sweep):
    """What `sweep.shuffle(seed=...)` gives."""

    __slots__ = ("_count", "_key", "_seed", "_sweep")

    def __init__(self, sweep: Sweep, seed: int) -> None:
        # The positions before a `where` are known, and leaving out does not disturb the order.
        super().__init__(sweep._where)
        total = sweep._total
        if total is None:
            raise SweepLengthError(
                "shuffle() needs the number of configurations, and that of this sweep is only "
                "known when they are generated. Shuffle first, and chain, add or slice after it."
            )
        self._count = total
        self._sweep = sweep
        self._seed = seed
        self._key = key_of("shuffle", seed)

    @property
    def _total(self) -> int:
        return self._count

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._sweep._shape

    def _at(self, position: int) -> Config:
        return self._sweep._at(permuted(position, self._count, self._key))

    def _every(self) -> Iterator[Config]:
        position = 0
        while position < self._count:  # range() may be too long for the C code that map() uses
            yield self._at(position)
            position += 1

    def _identity(self) -> tuple[object, ...]:
        return self._sweep, self._seed

    def __repr__(self) -> str:
        return f"{self._sweep!r}.shuffle(seed={self._seed})"
