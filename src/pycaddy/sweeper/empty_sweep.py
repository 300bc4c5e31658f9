"""EmptySweep: nothing to vary."""

from __future__ import annotations

from collections.abc import Iterator

from pycaddy.sweeper.base import Config, Sweep
from pycaddy.sweeper.tree import Tree


class EmptySweep(Sweep):
    """Nothing to vary: one configuration, `{}`.

    It is what a chain of no sweeps is, and changes nothing in a chain with others.

    >>> list(EmptySweep())
    [{}]
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()

    @property
    def _total(self) -> int:
        return 1

    @property
    def _shape(self) -> Tree:
        return {}

    def _at(self, position: int) -> Config:
        return {}

    def _every(self) -> Iterator[Config]:
        yield {}

    def _identity(self) -> tuple[object, ...]:
        return ()

    def __repr__(self) -> str:
        return self._described()
