"""DictSweep: the combinations of the values written in a dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Config, Sweep, Where
from pycaddy.sweeper.grid import Grid
from pycaddy.sweeper.keys import dotted
from pycaddy.sweeper.strategies import StrategyName
from pycaddy.sweeper.tree import Tree, axes, clash, joined, read_constants, read_parameters

if TYPE_CHECKING:
    from pycaddy.sweeper.conditions import When

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
            A key with dots is that of a nested dict: "model.width" means the same as
            {"model": {"width": ...}}. A key that contains a dot is written "['a.b']".
        constants: Values that every configuration has, never swept; merged into nested dicts.
            Their keys are written in the same way.
        strategy: `PRODUCT` combines every value with every other, the last key fastest; `ZIP`
            takes the first values together, then the second ones, and wants equal lengths.
        when: Parameters that are there only where another one has a value:
            `{"optimizer": {"sgd": {"momentum": [0.8, 0.9]}}}`. A nested key is written
            "model.kind"; in place of the inner dict may stand a sweep.
        where: Takes a configuration; those for which it returns something false are left out.

    Raises:
        SweepError: A key is not a str, or is given twice; a value cannot be swept; unknown
            strategy; unequal lengths under `ZIP`; `when` names a key or a value that there is not.
    """

    __slots__ = ("_axes", "_made")

    def __init__(
        self,
        parameters: Mapping[str, Any] | None = {},
        constants: Mapping[str, Any] | None = {},
        strategy: StrategyName | str = StrategyName.PRODUCT,
        *,
        when: When | None = None,
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
        tree = joined(varied, constant)
        self._axes = tuple(axes(tree))
        self._made: Sweep = Grid(tree, strategy)
        if when is not None:
            self._made = _conditional(tree, when, strategy)

    @property
    def _total(self) -> int | None:
        return self._made._total

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._made._shape

    def _at(self, position: int) -> Config:
        return self._made._at(position)

    def _every(self) -> Iterator[Config]:
        return self._made._every()

    def _identity(self) -> tuple[object, ...]:
        return (self._made,)

    def __repr__(self) -> str:
        names = [f"{dotted(path)}: {len(axis.values)}" for path, axis in self._axes[:_SHOWN]]
        if len(self._axes) > _SHOWN:
            names.append(f"and {len(self._axes) - _SHOWN} more")
        return self._described(", ".join(names))


def _conditional(tree: Tree, when: When, strategy: StrategyName | str) -> Sweep:
    if strategy != StrategyName.PRODUCT:
        raise SweepError(
            "when goes with StrategyName.PRODUCT. Zip the other keys in a sweep of their own, and "
            "chain both: DictSweep(..., strategy='zip') * DictSweep(..., when=...)."
        )
    from pycaddy.sweeper.conditions import conditional

    return conditional(tree, when)


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
