"""The configurations of several sweeps one after another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from itertools import accumulate, chain
from typing import Any

from pycaddy.sweeper.base import Config, Sweep
from pycaddy.sweeper.tree import either


class Concat(Sweep):
    """The configurations of several sweeps, one sweep after another; equal ones stay."""

    __slots__ = ("_ends", "_sweepers")

    def __init__(self, sweepers: Iterable[Sweep]) -> None:
        super().__init__()
        self._sweepers = tuple(sweepers)
        sizes = [sweep._size for sweep in self._sweepers]
        known = [size for size in sizes if size is not None]
        self._ends = list(accumulate(known)) if len(known) == len(sizes) else None

    @property
    def _total(self) -> int | None:
        if self._ends is None:
            return None
        return self._ends[-1] if self._ends else 0

    @property
    def _shape(self) -> Mapping[str, Any]:
        return reduce(either, (sweep._shape for sweep in self._sweepers))

    def _at(self, position: int) -> Config:
        ends = self._ends or []
        place = bisect_right(ends, position)
        return self._sweepers[place]._at(position - (ends[place - 1] if place else 0))

    def _every(self) -> Iterator[Config]:
        return chain.from_iterable(self._sweepers)

    def _identity(self) -> tuple[object, ...]:
        return (self._sweepers,)
