"""ChainSweep: the configurations of several sweeps, combined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any

from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Config, Sweep, Where
from pycaddy.sweeper.copies import any_container, fresh
from pycaddy.sweeper.keys import dotted
from pycaddy.sweeper.strategies import places
from pycaddy.sweeper.tree import clash, joined


class ChainSweep(Sweep):
    """Every configuration of each sweep combined with every one of the others.

    The last sweep moves fastest, and nested dicts are merged.

    >>> from pycaddy.sweeper import DictSweep
    >>> pairs = DictSweep({"lr": [0.1, 0.01], "steps": [100, 1000]}, strategy="zip")
    >>> for config in ChainSweep(sweepers=[pairs, DictSweep({"seed": [0, 1]})]):
    ...     print(config)
    {'lr': 0.1, 'steps': 100, 'seed': 0}
    {'lr': 0.1, 'steps': 100, 'seed': 1}
    {'lr': 0.01, 'steps': 1000, 'seed': 0}
    {'lr': 0.01, 'steps': 1000, 'seed': 1}

    Args:
        sweepers: Sweeps of any kind, chains among them. None at all is one empty configuration.
        where: Takes a combined configuration; those for which it returns something false are
            left out.

    Raises:
        SweepError: Two sweeps set the same key, or an item is no sweep.
    """

    __slots__ = ("_merged", "_sweepers")

    def __init__(self, sweepers: Iterable[Sweep], *, where: Where | None = None) -> None:
        super().__init__(where)
        self._sweepers = tuple(sweepers)
        self._merged: dict[str, Any] = {}
        for position, sweep in enumerate(self._sweepers):
            self._merged = joined(self._merged, self._checked(position, sweep))

    def _checked(self, position: int, sweep: Sweep) -> dict[str, Any]:
        if not isinstance(sweep, Sweep):
            raise SweepError(
                f"sweepers[{position}] is a {type(sweep).__name__}, and must be a sweep. "
                "Write DictSweep(parameters={...}).",
                position=position,
            )
        shape = dict(sweep._shape)
        twice = clash(self._merged, shape)
        if twice is not None:
            name = dotted(twice)
            raise SweepError(
                f"{name!r} of sweepers[{position}] is set by an earlier one too. "
                "Keep it in one of them.",
                key=name,
            )
        return shape

    @property
    def _total(self) -> int | None:
        sizes = self._sizes()
        return None if sizes is None else prod(sizes)

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._merged

    def _sizes(self) -> list[int] | None:
        sizes = [size for sweep in self._sweepers if (size := sweep._size) is not None]
        return sizes if len(sizes) == len(self._sweepers) else None

    def _at(self, position: int) -> Config:
        where = places(position, self._sizes() or [])
        parts = (sweep._at(place) for sweep, place in zip(self._sweepers, where, strict=True))
        start: Config = {}
        return reduce(joined, parts, start)

    def _every(self) -> Iterator[Config]:
        return _combined(self._sweepers)

    def _identity(self) -> tuple[object, ...]:
        return (self._sweepers,)

    def __repr__(self) -> str:
        return self._described(", ".join(map(repr, self._sweepers)))


def _combined(sweepers: Sequence[Sweep]) -> Iterator[Config]:
    if not sweepers:
        yield {}
        return
    for head in _combined(sweepers[:-1]):
        shared = any_container(head.values())
        for tail in sweepers[-1]:
            yield joined(fresh(head) if shared else head, tail)
