"""DictSweep: the combinations of the values written in a dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import starmap
from typing import Any

from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Config, Sweep, Where
from pycaddy.sweeper.strategies import StrategyName, arranged
from pycaddy.sweeper.template import Template
from pycaddy.sweeper.tree import Tree, axes, clash, joined, read_constants, read_parameters
from pycaddy.sweeper.values import dotted

_SHOWN = 6


class DictSweep(Sweep):
    """The combinations of the values written in a dict.

    >>> sweep = DictSweep(parameters={"lr": [0.1, 0.2], "model": {"width": [32, 64]}})
    >>> len(sweep), sweep[-1]
    (4, {'lr': 0.2, 'model': {'width': 64}})

    Args:
        parameters: A list, tuple, range, one-dimensional array or other sequence is swept; a
            nested dict stays nested; anything else, and `Fixed(...)`, is one value. A range
            may be written as data: `{"type": "range", "start": 0, "stop": 5, "step": 1}`.
        constants: Values that every configuration has, never swept; merged into nested dicts.
        strategy: `PRODUCT` combines every value with every other, the last key fastest; `ZIP`
            takes the first values together, then the second ones, and wants equal lengths.
        where: Takes a configuration; those for which it returns something false are left out.

    Raises:
        SweepError: A key is not a str, or is given twice; a value cannot be swept; unknown
            strategy; unequal lengths under `ZIP`.
    """

    __slots__ = ("_axes", "_rows", "_template")

    def __init__(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        constants: Mapping[str, Any] | None = None,
        strategy: StrategyName | str = StrategyName.PRODUCT,
        where: Where | None = None,
    ) -> None:
        super().__init__(where)
        varied = read_parameters(_mapping("parameters", parameters))
        constant = read_constants(_mapping("constants", constants))
        twice = clash(varied, constant)
        if twice is not None:
            name = dotted(twice)
            raise SweepError(
                f"{name!r} is in parameters and in constants. Keep it in one of them.", key=name
            )
        self._template = Template(joined(varied, constant))
        self._axes = tuple(axes(self._template.tree))
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

    def __repr__(self) -> str:
        names = [f"{dotted(path)}: {len(axis.values)}" for path, axis in self._axes[:_SHOWN]]
        if len(self._axes) > _SHOWN:
            names.append(f"and {len(self._axes) - _SHOWN} more")
        return self._described(", ".join(names))


def _mapping(argument: str, value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SweepError(
            f"{argument} is a {type(value).__name__}, and must be a dict. "
            f"Write {argument}={{'lr': ...}}.",
            argument=argument,
        )
    return value
