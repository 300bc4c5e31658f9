"""Grid: the combinations of the values of a tree that has been read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap

from pycaddy.sweeper.base import Config, Sweep
from pycaddy.sweeper.strategies import StrategyName, arranged
from pycaddy.sweeper.template import Template
from pycaddy.sweeper.tree import Tree, axes


class Grid(Sweep):
    """The combinations of the swept values of *tree*."""

    __slots__ = ("_axes", "_rows", "_template")

    def __init__(self, tree: Tree, strategy: StrategyName | str = StrategyName.PRODUCT) -> None:
        super().__init__()
        self._template = Template(tree)
        self._axes = tuple(axes(tree))
        self._rows = arranged(strategy, self._axes)

    @property
    def _total(self) -> int:
        return self._rows.size

    @property
    def _shape(self) -> Tree:
        return self._template.tree

    def _at(self, position: int) -> Config:
        return self._template.build(*self._rows.row(position))

    def _every(self) -> Iterator[Config]:
        return starmap(self._template.build, self._rows)

    def _identity(self) -> tuple[object, ...]:
        # The axes as well as the tree: the order of the keys is the order of the configurations.
        return type(self._rows), self._axes, self._template.tree
