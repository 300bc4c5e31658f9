"""The configurations of several sweeps one after another, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import chain
from typing import Any

from pycaddy.sweeper.base import Config, Sweep
from pycaddy.sweeper.tree import either


class UnionSweep(Sweep):
    """What `sweep + other` gives.

    Two configurations are equal if their params would be, as in the ledger: in any order of
    the keys, 1 as 1.0, a tuple as a list. Iterating remembers the key of each.
    """

    __slots__ = ("_sweepers",)

    def __init__(self, first: Sweep, second: Sweep) -> None:
        super().__init__()
        self._sweepers = (*_parts(first), *_parts(second))

    @property
    def _total(self) -> None:
        return None

    @property
    def _shape(self) -> Mapping[str, Any]:
        return reduce(either, (sweep._shape for sweep in self._sweepers))

    def _at(self, position: int) -> Config:
        raise NotImplementedError("Without a total there are no positions.")

    def _every(self) -> Iterator[Config]:
        from pycaddy import params

        seen: set[str] = set()
        for config in chain.from_iterable(self._sweepers):
            key = params.freeze(config).key
            if key not in seen:
                seen.add(key)
                yield config

    def _identity(self) -> tuple[object, ...]:
        return (self._sweepers,)

    def __repr__(self) -> str:
        return " + ".join(map(repr, self._sweepers))


def _parts(sweep: Sweep) -> tuple[Sweep, ...]:
    return sweep._sweepers if isinstance(sweep, UnionSweep) else (sweep,)
