"""What every sweep is: configurations in a fixed order, each made when it is asked for."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import index
from typing import Any, SupportsIndex, TypeAlias, overload

from pycaddy.errors import SweepError, SweepIndexError, SweepLengthError
from pycaddy.sweeper.chance import checked_count, checked_seed

Config: TypeAlias = dict[str, Any]
Where: TypeAlias = Callable[[Config], object]


class Sweep(ABC):
    """Configurations in a fixed order, each made when it is asked for.

    A sweep never changes, so it can be iterated again, by several threads, and pickled. A
    subclass says how many configurations there are, which one stands at a position, and how to
    make all of them in order; leaving some out by *where* is done here.
    """

    __slots__ = ("_where",)

    def __init__(self, where: Where | None = None) -> None:
        if where is not None and not callable(where):
            raise SweepError(
                f"where is a {type(where).__name__}, which cannot be called. "
                "Pass a function that takes a configuration and returns True to keep it.",
                where=where,
            )
        self._where = where

    @property
    @abstractmethod
    def _total(self) -> int | None:
        """Number of configurations before *where*; None if only generating tells."""

    @property
    @abstractmethod
    def _shape(self) -> Mapping[str, Any]:
        """The keys of every configuration as nested dicts; whatever is no dict is a leaf."""

    @abstractmethod
    def _at(self, position: int) -> Config:
        """Make the configuration at *position*, which lies in `range(_total)`."""

    @abstractmethod
    def _every(self) -> Iterator[Config]:
        """Make all configurations in order, before *where*."""

    @abstractmethod
    def _identity(self) -> tuple[object, ...]:
        """What two equal sweeps of one class have in common."""

    @property
    def _size(self) -> int | None:
        return self._total if self._where is None else None

    def __iter__(self) -> Iterator[Config]:
        every = self._every()
        return every if self._where is None else filter(self._where, every)

    def generate(self) -> Iterator[Config]:
        """Make the configurations one at a time; the same as `iter(sweep)`."""
        return iter(self)

    def count(self) -> int:
        """The number of configurations, however many.

        Known at once, unless a `where`, a filter or a `+` is involved: then all of them are
        generated to count.
        """
        size = self._size
        return sum(1 for _ in self) if size is None else size

    def __len__(self) -> int:
        size = self._size
        if size is None:
            raise SweepLengthError(
                "With a where, a filter or a + the number of configurations is not known before "
                "they are generated. Use sweep.count(), which generates them all."
            )
        if size > sys.maxsize:
            raise SweepLengthError(
                f"len() cannot return {size}, the number of configurations. Use sweep.count()."
            )
        return size

    def __bool__(self) -> bool:
        size = self._size
        return any(True for _ in self) if size is None else size > 0

    @overload
    def __getitem__(self, item: SupportsIndex) -> Config: ...
    @overload
    def __getitem__(self, item: slice) -> Sweep: ...
    def __getitem__(self, item: SupportsIndex | slice) -> Config | Sweep:
        """The configuration at a position, counted from the end if negative, or a lazy part.

        Raises:
            SweepError: Out of range (also an IndexError), or positions are not known because a
                `where`, a filter or a `+` is involved (also a TypeError).
        """
        size = self._size
        if size is None:
            raise SweepLengthError(
                "With a where, a filter or a + the positions are not known before the "
                "configurations are generated. Use itertools.islice(sweep, start, stop), or "
                "list(sweep)."
            )
        positions = range(size)
        if isinstance(item, slice):
            return _Part(self, positions[item])
        position = index(item)
        if not -size <= position < size:
            raise SweepIndexError(
                f"There is no configuration {position} among {size}. "
                f"Use a position in range({size}), or a negative one from the end.",
                position=position,
                size=size,
            )
        return self._at(positions[position])

    def __add__(self, other: Sweep) -> Sweep:
        """The configurations of this sweep, then those of *other* that are not among them.

        Equal configurations are left out wherever they stand, by their params key.
        """
        if not isinstance(other, Sweep):
            return NotImplemented
        from pycaddy.sweeper.union_sweep import UnionSweep

        return UnionSweep(self, other)

    def __mul__(self, other: Sweep) -> Sweep:
        """Every configuration of this sweep with every one of *other*: `ChainSweep`.

        Raises:
            SweepError: Both set the same key.
        """
        if not isinstance(other, Sweep):
            return NotImplemented
        from pycaddy.sweeper.chain_sweep import ChainSweep

        return ChainSweep([self, other])

    def filter(self, keep: Where) -> Sweep:
        """The configurations for which *keep* returns something true."""
        from pycaddy.sweeper.filtered import FilteredSweep

        return FilteredSweep(self, keep)

    def shuffle(self, *, seed: SupportsIndex = 0) -> Sweep:
        """The same configurations in an order that *seed* chooses.

        Nothing is generated or stored for it, however many there are, and the order is the
        same in every process.

        Raises:
            SweepError: The number of positions is not known.
        """
        from pycaddy.sweeper.shuffled import ShuffledSweep

        return ShuffledSweep(self, checked_seed(seed))

    def sample(self, n: SupportsIndex, *, seed: SupportsIndex = 0) -> Sweep:
        """*n* of the configurations, none of them twice, in an order that *seed* chooses.

        They are the first *n* of `shuffle(seed=seed)`: a larger sample begins with a smaller one.

        Raises:
            SweepError: There are fewer than *n*, or their number is not known.
        """
        size, wanted = self._size, checked_count("n", n)
        if size is None:
            raise SweepLengthError(
                "sample() needs the number of configurations, and that of this sweep is only "
                "known when they are generated. Take some of its random order: "
                "itertools.islice(sweep.shuffle(seed=0), n)."
            )
        if wanted > size:
            raise SweepError(
                f"sample() cannot take {wanted} of {size} configurations without taking one "
                f"twice. Take {size} at most.",
                n=wanted,
                size=size,
            )
        return self.shuffle(seed=seed)[:wanted]

    def repeat(self, seeds: SupportsIndex | Iterable[Any], *, name: str = "seed") -> Sweep:
        """Every configuration once with each seed, as the param *name*.

        Args:
            seeds: How many, counted from 0, or the seeds themselves.
            name: The key, written as in `DictSweep`: "train.seed" is that of a nested dict.

        Raises:
            SweepError: The configurations have a param *name* already.
        """
        from pycaddy.sweeper.dict_sweep import DictSweep

        counted = isinstance(seeds, str) or not isinstance(seeds, Iterable)
        values: Any = range(checked_count("seeds", seeds)) if counted else seeds
        return self * DictSweep({name: values})

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Sweep):
            return NotImplemented
        return (self._where, *self._identity()) == (other._where, *other._identity())

    def _described(self, summary: str = "") -> str:
        """*summary* with the class and the number of configurations around it, for `repr`."""
        words = [summary] if summary else []
        total = self._total
        if total is not None:
            upto = "" if self._where is None else "up to "
            words.append(f"{upto}{total} configuration{'' if total == 1 else 's'}")
        return f"{type(self).__name__}({'; '.join(words)})"


class _Part(Sweep):
    """Some positions of another sweep: what a slice gives."""

    __slots__ = ("_positions", "_sweep")

    def __init__(self, sweep: Sweep, positions: range) -> None:
        super().__init__()
        self._sweep = sweep
        self._positions = positions

    @property
    def _total(self) -> int:
        # Not len(): a range may hold more than sys.maxsize positions.
        positions = self._positions
        return (positions[-1] - positions[0]) // positions.step + 1 if positions else 0

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._sweep._shape

    def _at(self, position: int) -> Config:
        return self._sweep._at(self._positions[position])

    def _every(self) -> Iterator[Config]:
        return map(self._sweep._at, self._positions)

    def _identity(self) -> tuple[object, ...]:
        return self._sweep, self._positions

    def __repr__(self) -> str:
        positions = self._positions
        # A range that runs down to 0 stops at -1, which a slice would take for the last.
        stop = "" if positions.stop < 0 else positions.stop
        step = "" if positions.step == 1 else f":{positions.step}"
        return f"{self._sweep!r}[{positions.start}:{stop}{step}]"
