"""A space of parameters: what is drawn, and the configurations that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Config
from pycaddy.sweeper.copies import any_container
from pycaddy.sweeper.distributions import Choice, Distribution
from pycaddy.sweeper.keys import Path, dotted
from pycaddy.sweeper.template import Template
from pycaddy.sweeper.tree import Tree, clash, joined, read_constants, read_parameters
from pycaddy.sweeper.values import Fixed, Swept


class Space:
    """What a user wrote as a space: distributions by key, nested as the configurations are.

    It is read as the parameters of a `DictSweep` are, and what would be swept is a `Choice`.

    Raises:
        SweepError: As `DictSweep`.
    """

    __slots__ = ("axes", "template")

    def __init__(self, space: Mapping[str, Any], constants: Mapping[str, Any] | None) -> None:
        for name, given in (("space", space), ("constants", constants or {})):
            if not isinstance(given, Mapping):
                raise SweepError(
                    f"{name} is a {type(given).__name__}, and must be a dict from keys to what "
                    "they are drawn from: {'lr': LogUniform(1e-4, 1e-1)}."
                )
        varied, constant = read_parameters(space), read_constants(constants or {})
        twice = clash(varied, constant)
        if twice is not None:
            name = dotted(twice)
            raise SweepError(
                f"{name!r} is in the space and in constants. Keep it in one of them.", key=name
            )
        axes: list[tuple[Path, Distribution]] = []
        self.template = Template(joined(_drawn(varied, (), axes), constant))
        self.axes = tuple(axes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Space):
            return NotImplemented
        return (self.axes, self.template.tree) == (other.axes, other.template.tree)

    def config(self, fractions: Iterable[float]) -> Config:
        """The configuration at these fractions, one for each axis."""
        return self.template.build(
            *(
                distribution.quantile(fraction)
                for (_, distribution), fraction in zip(self.axes, fractions, strict=True)
            )
        )


def _drawn(tree: Tree, path: Path, axes: list[tuple[Path, Distribution]]) -> Tree:
    """*tree* with a place for each value that is drawn; what it is drawn from goes to *axes*."""
    places: Tree = {}
    for key, child in tree.items():
        inner = (*path, key)
        if isinstance(child, dict):
            places[key] = _drawn(child, inner, axes)
            continue
        drawn: Any = Choice(child.values) if isinstance(child, Swept) else child.value
        if isinstance(drawn, Distribution):
            axes.append((inner, drawn))
            copied = isinstance(drawn, Choice) and any_container(drawn.values)
            places[key] = Swept((None,), copied)
        else:
            places[key] = Fixed(drawn)
    return places
