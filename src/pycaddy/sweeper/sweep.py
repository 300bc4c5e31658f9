"""Sweep, the base class of all sweeps, and the sweeps that are made of other sweeps."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, chain
from math import prod
from operator import index
from typing import Any, ClassVar, SupportsIndex, TypeAlias, overload

from pycaddy.errors import SweepError, SweepIndexError, SweepLengthError
from pycaddy.sweeper.keys import dotted
from pycaddy.sweeper.ranges import read_written
from pycaddy.sweeper.tree import clash, either, joined
from pycaddy.sweeper.values import any_container, fresh

Config: TypeAlias = dict[str, Any]
Where: TypeAlias = Callable[[Config], object]


class Sweep(ABC):
    """Configurations in a fixed order, each generated when it is asked for.

    A sweep never changes. It can be iterated again, by several threads, and pickled. A subclass
    defines how many configurations there are, which one is at a position, and how all of them
    are generated in order. This class applies *where*, which selects some of them.
    """

    __slots__ = ("_where",)

    # DictSweep. Its module imports this one, so it sets the attribute itself.
    _of_lists: ClassVar[Callable[[Mapping[str, Any]], Sweep]]

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
        """Number of configurations before *where*; None if it is unknown without generating."""

    @property
    @abstractmethod
    def _shape(self) -> Mapping[str, Any]:
        """The keys of every configuration as nested dicts; a value that is not a dict is a leaf."""

    @abstractmethod
    def _at(self, position: int) -> Config:
        """Make the configuration at *position*, which is in `range(_total)`."""

    def _every(self) -> Iterator[Config]:
        """Make all configurations in order, before *where*.

        A subclass overrides this where it is faster, and where the total may be unknown.
        """
        return map(self._at, range(self._total or 0))

    @abstractmethod
    def _identity(self) -> tuple[object, ...]:
        """Two sweeps of one class are equal if this and their *where* are equal."""

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
        """The number of configurations, without a limit.

        It is known at once, except with a `where`, a filter or a `+`: then all configurations
        are generated to count them.
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
        """The configuration at a position (negative: from the end), or a slice as a sweep.

        Raises:
            SweepError: The position is out of range (also an IndexError); or positions are
                unknown because of a `where`, a filter or a `+` (also a TypeError).
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
            return _Slice(self, positions[item])
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
        """The configurations of this sweep, then those of *other*, without duplicates.

        Two configurations are equal if their params keys are.
        """
        if not isinstance(other, Sweep):
            return NotImplemented
        return _Union(self, other)

    def __mul__(self, other: Sweep) -> Sweep:
        """Every configuration of this sweep combined with every one of *other*: `ChainSweep`.

        Raises:
            SweepError: Both set the same key.
        """
        if not isinstance(other, Sweep):
            return NotImplemented
        return ChainSweep([self, other])

    def filter(self, keep: Where) -> Sweep:
        """The configurations for which *keep* returns a true value."""
        return _Filtered(self, keep)

    def shuffle(self, *, seed: SupportsIndex = 0) -> Sweep:
        """The same configurations in a random order, which depends on *seed* only.

        No configuration is generated or stored to shuffle them, and the order is the same in
        every process.

        Raises:
            SweepError: The number of positions is not known.
        """
        return _Shuffled(self, checked_seed(seed))

    def sample(self, n: SupportsIndex, *, seed: SupportsIndex = 0) -> Sweep:
        """*n* of the configurations, none of them twice, in a random order.

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
            seeds: The number of seeds, counted from 0, or the seeds themselves.
            name: The key, written as in `DictSweep`: "train.seed" is that of a nested dict.

        Raises:
            SweepError: The configurations already have a param *name*, or *seeds* is a dict that
                is not a range.
        """
        if isinstance(seeds, Mapping) and read_written(seeds, (name,)) is None:
            raise SweepError(
                f"seeds is the dict {dict(seeds)!r}. Write a number of seeds, a list of them, or "
                'a range such as {"type": "range", "start": 10, "stop": 20}.'
            )
        counted = isinstance(seeds, str) or not isinstance(seeds, Iterable)
        values = range(checked_count("seeds", seeds)) if counted else seeds
        return self * Sweep._of_lists({name: values})

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Sweep):
            return NotImplemented
        return (self._where, *self._identity()) == (other._where, *other._identity())

    def _described(self, summary: str = "") -> str:
        """The `repr` of a sweep: its class, *summary* and the number of configurations."""
        words = [summary] if summary else []
        total = self._total
        if total is not None:
            upto = "" if self._where is None else "up to "
            words.append(f"{upto}{total} configuration{'' if total == 1 else 's'}")
        return f"{type(self).__name__}({'; '.join(words)})"


class EmptySweep(Sweep):
    """A sweep that varies nothing: one configuration, `{}`.

    A chain of no sweeps has the same configuration. In a chain with others it changes nothing.

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
    def _shape(self) -> Mapping[str, Any]:
        return {}

    def _at(self, position: int) -> Config:
        return {}

    def _identity(self) -> tuple[object, ...]:
        return ()

    def __repr__(self) -> str:
        return self._described()


class _OfSweeps(Sweep):
    """A sweep made of other sweeps."""

    __slots__ = ("_sweepers",)

    def __init__(self, sweepers: Iterable[Sweep], where: Where | None = None) -> None:
        super().__init__(where)
        self._sweepers = tuple(sweepers)

    def _identity(self) -> tuple[object, ...]:
        return (self._sweepers,)

    def _sizes(self) -> list[int] | None:
        """The number of configurations of each sweep; None if one of them is unknown."""
        sizes = [size for sweep in self._sweepers if (size := sweep._size) is not None]
        return sizes if len(sizes) == len(self._sweepers) else None


class ChainSweep(_OfSweeps):
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
        sweepers: Sweeps of any kind, other chains included. Without any, the chain has one empty
            configuration.
        where: A function that takes a combined configuration and returns whether to keep it.

    Raises:
        SweepError: Two sweeps set the same key, or an item is not a sweep.
    """

    __slots__ = ("_merged",)

    def __init__(self, sweepers: Iterable[Sweep], *, where: Where | None = None) -> None:
        if isinstance(sweepers, (Sweep, Mapping)):
            raise SweepError(
                f"sweepers is a {type(sweepers).__name__}, and must be a list of sweeps. "
                "Write ChainSweep([sweep, ...])."
            )
        super().__init__(sweepers, where)
        self._merged: dict[str, Any] = {}
        for position, sweep in enumerate(self._sweepers):
            if not isinstance(sweep, Sweep):
                raise SweepError(
                    f"sweepers[{position}] is a {type(sweep).__name__}, and must be a sweep. "
                    "Write DictSweep(parameters={...}).",
                    position=position,
                )
            twice = clash(self._merged, sweep._shape)
            if twice is not None:
                name = dotted(twice)
                raise SweepError(
                    f"{name!r} of sweepers[{position}] is set by an earlier one too. "
                    "Keep it in one of them.",
                    key=name,
                )
            self._merged = joined(self._merged, sweep._shape)

    @property
    def _total(self) -> int | None:
        sizes = self._sizes()
        return None if sizes is None else prod(sizes)

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._merged

    def _at(self, position: int) -> Config:
        where = places(position, self._sizes() or [])
        parts = (sweep._at(place) for sweep, place in zip(self._sweepers, where, strict=True))
        start: Config = {}
        return reduce(joined, parts, start)

    def _every(self) -> Iterator[Config]:
        return _combined(self._sweepers)

    def __repr__(self) -> str:
        return self._described(", ".join(map(repr, self._sweepers)))


class Concat(_OfSweeps):
    """The configurations of several sweeps, one sweep after another; duplicates stay."""

    __slots__ = ("_ends",)

    def __init__(self, sweepers: Iterable[Sweep]) -> None:
        super().__init__(sweepers)
        sizes = self._sizes()
        self._ends = None if sizes is None else list(accumulate(sizes, initial=0))

    @property
    def _total(self) -> int | None:
        return None if self._ends is None else self._ends[-1]

    @property
    def _shape(self) -> Mapping[str, Any]:
        return reduce(either, (sweep._shape for sweep in self._sweepers))

    def _at(self, position: int) -> Config:
        ends = self._ends or []
        place = bisect_right(ends, position) - 1
        return self._sweepers[place]._at(position - ends[place])

    def _every(self) -> Iterator[Config]:
        return chain.from_iterable(self._sweepers)


class _Union(Concat):
    """`sweep + other`. Iterating remembers the params key of each configuration."""

    __slots__ = ()

    def __init__(self, first: Sweep, second: Sweep) -> None:
        super().__init__(
            part
            for sweep in (first, second)
            for part in (sweep._sweepers if isinstance(sweep, _Union) else (sweep,))
        )

    @property
    def _total(self) -> None:
        return None

    def _every(self) -> Iterator[Config]:
        from pycaddy import params

        seen: set[str] = set()
        for config in super()._every():
            key = params.freeze(config).key
            if key not in seen:
                seen.add(key)
                yield config

    def __repr__(self) -> str:
        return " + ".join(map(repr, self._sweepers))


class _OfOne(Sweep):
    """A sweep made of one other sweep."""

    __slots__ = ("_sweep",)

    def __init__(self, sweep: Sweep, where: Where | None = None) -> None:
        super().__init__(where)
        self._sweep = sweep

    @property
    def _total(self) -> int | None:
        return self._sweep._total

    @property
    def _shape(self) -> Mapping[str, Any]:
        return self._sweep._shape


class _Slice(_OfOne):
    """`sweep[start:stop:step]`."""

    __slots__ = ("_positions",)

    def __init__(self, sweep: Sweep, positions: range) -> None:
        super().__init__(sweep)
        self._positions = positions

    @property
    def _total(self) -> int:
        # len() cannot return more than sys.maxsize.
        positions = self._positions
        return (positions[-1] - positions[0]) // positions.step + 1 if positions else 0

    def _at(self, position: int) -> Config:
        return self._sweep._at(self._positions[position])

    def _every(self) -> Iterator[Config]:
        return map(self._sweep._at, self._positions)

    def _identity(self) -> tuple[object, ...]:
        return self._sweep, self._positions

    def __repr__(self) -> str:
        positions = self._positions
        # A range that counts down to 0 stops at -1. In a slice, -1 is the last position.
        stop = "" if positions.stop < 0 else positions.stop
        step = "" if positions.step == 1 else f":{positions.step}"
        return f"{self._sweep!r}[{positions.start}:{stop}{step}]"


class _Filtered(_OfOne):
    """`sweep.filter(keep)`."""

    __slots__ = ("_keep",)

    def __init__(self, sweep: Sweep, keep: Where) -> None:
        super().__init__(sweep, keep)
        if sweep._where is not None:
            self._where = _Both(sweep._where, keep)
        self._keep = keep

    def _at(self, position: int) -> Config:
        return self._sweep._at(position)

    def _every(self) -> Iterator[Config]:
        return self._sweep._every()

    def _identity(self) -> tuple[object, ...]:
        return (self._sweep,)

    def __repr__(self) -> str:
        name = getattr(self._keep, "__name__", None) or repr(self._keep)
        return f"{self._sweep!r}.filter({name})"


@dataclass(frozen=True, slots=True)
class _Both:
    """Keeps the configurations that both functions keep."""

    first: Where
    second: Where

    def __call__(self, config: Config) -> bool:
        return bool(self.first(config)) and bool(self.second(config))


class _Shuffled(_OfOne):
    """`sweep.shuffle(seed=...)`."""

    __slots__ = ("_count", "_key", "_seed")

    def __init__(self, sweep: Sweep, seed: int) -> None:
        # The positions before a `where` are known, and leaving some out keeps the order.
        super().__init__(sweep, sweep._where)
        total = sweep._total
        if total is None:
            raise SweepLengthError(
                "shuffle() needs the number of configurations, and that of this sweep is only "
                "known when they are generated. Shuffle first, and chain, add or slice after it."
            )
        from pycaddy.sweeper.chance import key_of  # it imports hashlib, which is slow to load

        self._count = total
        self._seed = seed
        self._key = key_of("shuffle", seed)

    def _at(self, position: int) -> Config:
        from pycaddy.sweeper.chance import permuted

        return self._sweep._at(permuted(position, self._count, self._key))

    def _identity(self) -> tuple[object, ...]:
        return self._sweep, self._seed

    def __repr__(self) -> str:
        return f"{self._sweep!r}.shuffle(seed={self._seed})"


def _combined(sweepers: Sequence[Sweep]) -> Iterator[Config]:
    if not sweepers:
        yield {}
        return
    for head in _combined(sweepers[:-1]):
        shared = any_container(head.values())
        for tail in sweepers[-1]:
            yield joined(fresh(head) if shared else head, tail)


def places(position: int, sizes: Sequence[int]) -> list[int]:
    """The place on each axis of the row at *position*, where the last axis moves fastest."""
    found = []
    for size in reversed(sizes):
        position, place = divmod(position, size)
        found.append(place)
    return found[::-1]


def checked_seed(seed: SupportsIndex) -> int:
    """*seed* as an int.

    Raises:
        SweepError: It is not a whole number. Without a seed, a sweep would differ between
            processes.
    """
    try:
        return index(seed)
    except TypeError:
        raise SweepError(
            f"seed is {seed!r}, and must be a whole number: it is what makes the sweep the same "
            "in every process. Write seed=0.",
            seed=seed,
        ) from None


def checked_count(name: str, count: object) -> int:
    """*count* as an int, 0 or more.

    Raises:
        SweepError: It is something else.
    """
    try:
        number = index(count)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if number < 0:
        raise SweepError(f"{name} is {count!r}. Write a whole number, such as {name}=100.")
    return number
