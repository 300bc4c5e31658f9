"""Sweeps over a space: the seed and the position determine the point of each configuration."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, SupportsIndex

from pycaddy._extras import require
from pycaddy.errors import SweepError
from pycaddy.sweeper.chance import draw, fraction, key_of, permuted
from pycaddy.sweeper.distributions import Choice, Distribution
from pycaddy.sweeper.keys import Path, dotted
from pycaddy.sweeper.sweep import Config, Sweep, Where, checked_count, checked_seed
from pycaddy.sweeper.tree import Template, Tree, clash, joined, read_constants, read_parameters
from pycaddy.sweeper.values import Fixed, Swept, any_container

__all__ = ["LatinHypercubeSweep", "RandomSweep", "SobolSweep"]

_SHOWN = 6
_BELOW_1 = 1 - 2**-53
_BLOCK = 256
_SOBOL_AXES = 21201
_SOBOL_BITS = 30  # as in SciPy; some of its versions cannot fast-forward more
_SOBOL_SIZE = 1 << _SOBOL_BITS


class Space:
    """A space: distributions by key, nested like the configurations.

    It is read like the parameters of a `DictSweep`. A list is a `Choice`.

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


class _DrawnSweep(Sweep):
    """*n* configurations of a space. A subclass defines the point at each position."""

    __slots__ = ("_count", "_seed", "_space")

    def __init__(
        self,
        space: Mapping[str, Any],
        n: SupportsIndex,
        seed: SupportsIndex = 0,
        *,
        constants: Mapping[str, Any] | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(where)
        self._space = Space(space, constants)
        self._count = checked_count("n", n)
        self._seed = checked_seed(seed)

    @abstractmethod
    def _point(self, position: int) -> Iterable[float]:
        """The fractions at *position*, one for each axis of the space."""

    @property
    def _total(self) -> int:
        return self._count

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._space.template.tree

    def _at(self, position: int) -> Config:
        return self._space.config(self._point(position))

    def _identity(self) -> tuple[object, ...]:
        return self._space, self._count, self._seed

    def __repr__(self) -> str:
        names = [dotted(path) for path, _ in self._space.axes[:_SHOWN]]
        if len(self._space.axes) > _SHOWN:
            names.append(f"and {len(self._space.axes) - _SHOWN} more")
        return self._described("; ".join([", ".join(names), f"seed={self._seed}"]))


class RandomSweep(_DrawnSweep):
    """*n* configurations drawn at random, independently of each other.

    A configuration depends only on the seed, its position and its keys: a larger *n* keeps the
    first configurations, and adding a key does not change the values of the others.

    >>> from pycaddy.sweeper import Choice, LogUniform, RandomSweep
    >>> space = {"lr": LogUniform(1e-4, 1e-1), "depth": Choice([2, 4, 8])}
    >>> RandomSweep(space, n=100, seed=1)
    RandomSweep(lr, depth; seed=1; 100 configurations)

    Args:
        space: Distributions by key, nested like the configurations. A list is a `Choice`; any
            other value is the same in every configuration. Keys are written as in `DictSweep`.
        n: Number of configurations.
        seed: A whole number.
        constants: Values that every configuration has, lists included.
        where: A function that takes a configuration and returns whether to keep it.

    Raises:
        SweepError: A part of the space cannot be drawn from.
    """

    __slots__ = ()

    def _point(self, position: int) -> Iterator[float]:
        for path, _ in self._space.axes:
            yield fraction("random", self._seed, position, *path)


class LatinHypercubeSweep(_DrawnSweep):
    """*n* configurations that divide the range of each parameter evenly.

    Each of *n* equally likely slices of a parameter holds one value, so even a study with few
    runs covers every parameter evenly. Arguments as in `RandomSweep`. Another *n* gives
    entirely different configurations.
    """

    __slots__ = ()

    def _point(self, position: int) -> Iterator[float]:
        for path, _ in self._space.axes:
            slice_ = permuted(position, self._count, key_of("latin", self._seed, *path))
            within = fraction("within", self._seed, position, *path)
            yield min((slice_ + within) / self._count, _BELOW_1)


class SobolSweep(_DrawnSweep):
    """*n* configurations that fill the space evenly: Sobol's sequence, shifted by the seed.

    It is best when *n* is a power of two. A larger *n* keeps the first configurations.
    Arguments as in `RandomSweep`. It needs SciPy: `pip install 'pycaddy[search]'`.

    The direction numbers are those of Joe and Kuo, taken from SciPy. The digital shift by the
    seed flips bits of each coordinate by a mask of its own. It keeps the balance of the sequence,
    and is the same with every version of SciPy, unlike SciPy's own scrambling.
    """

    __slots__ = ()

    def __init__(
        self,
        space: Mapping[str, Any],
        n: SupportsIndex,
        seed: SupportsIndex = 0,
        *,
        constants: Mapping[str, Any] | None = None,
        where: Where | None = None,
    ) -> None:
        super().__init__(space, n, seed, constants=constants, where=where)
        if len(self._space.axes) > _SOBOL_AXES:
            raise SweepError(
                f"Sobol's sequence has at most {_SOBOL_AXES} axes, and the space has "
                f"{len(self._space.axes)}. Use RandomSweep.",
                axes=len(self._space.axes),
            )
        if self._count > _SOBOL_SIZE:
            raise SweepError(
                f"Sobol's sequence has at most {_SOBOL_SIZE} points here, and n is {n!r}. "
                "Use RandomSweep.",
                n=n,
            )

    def _point(self, position: int) -> Iterator[float]:
        engine = self._engine()
        if position:
            engine.fast_forward(position)
        return self._shifted(engine.random(1)[0].tolist())

    def _every(self) -> Iterator[Config]:
        engine = self._engine()
        for start in range(0, self._count, _BLOCK):
            # Always whole blocks: SciPy warns if the first size is not a power of two.
            points = engine.random(_BLOCK).tolist()
            for point in points[: self._count - start]:
                yield self._space.config(self._shifted(point))

    def _engine(self) -> Any:
        qmc = require("scipy.stats.qmc", "search")
        return qmc.Sobol(len(self._space.axes), scramble=False)

    def _shifted(self, point: Iterable[float]) -> Iterator[float]:
        for (path, _), coordinate in zip(self._space.axes, point, strict=True):
            mask = draw("sobol", self._seed, *path) >> (256 - _SOBOL_BITS)
            yield (int(coordinate * _SOBOL_SIZE) ^ mask) / _SOBOL_SIZE


def _drawn(tree: Tree, path: Path, axes: list[tuple[Path, Distribution]]) -> Tree:
    """*tree* with a placeholder for each drawn value; its distribution is added to *axes*."""
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
