"""How the values of several keys are combined into rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from math import prod
from typing import Any, Protocol, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.keys import Path, dotted
from pycaddy.sweeper.values import Swept, Values

Row: TypeAlias = tuple[Any, ...]

# itertools.product keeps each of its inputs whole; a range longer than this goes in by blocks.
BLOCK = 4096


class StrategyName(StrEnum):
    """How swept values are combined: every value with every other, or position by position."""

    PRODUCT = "product"
    ZIP = "zip"


class Rows(Protocol):
    """Rows of values, one value for each axis."""

    @property
    def size(self) -> int: ...
    def row(self, position: int) -> Row: ...
    def __iter__(self) -> Iterator[Row]: ...


def arranged(strategy: StrategyName | str, axes: Sequence[tuple[Path, Swept]]) -> Rows:
    """The rows that *strategy* makes of *axes*.

    Raises:
        SweepError: There is no such strategy, or ZIP was given unequal lengths.
    """
    try:
        name = StrategyName(strategy)
    except ValueError:
        raise SweepError(
            f"There is no strategy {strategy!r}. "
            f"Use {' or '.join(f'StrategyName.{known.name}' for known in StrategyName)}.",
            strategy=strategy,
        ) from None
    values = tuple(axis.values for _, axis in axes)
    # The rows of a single axis are the same either way, and zip() of none would be no row.
    if name is StrategyName.PRODUCT or len(values) < 2:
        return Product(values)
    if len(set(map(len, values))) > 1:
        lengths = ", ".join(f"{dotted(path)!r} has {len(axis.values)}" for path, axis in axes)
        raise SweepError(
            f"ZIP takes the values position by position, and {lengths}. "
            "Make them equally long, or use StrategyName.PRODUCT.",
            lengths={dotted(path): len(axis.values) for path, axis in axes},
        )
    return Zip(values)


def places(position: int, sizes: Sequence[int]) -> list[int]:
    """The place on each axis of the row at *position*, where the last axis moves fastest."""
    found = []
    for size in reversed(sizes):
        position, place = divmod(position, size)
        found.append(place)
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Product:
    """Every value with every other, in the order of `itertools.product`."""

    axes: tuple[Values, ...]

    @property
    def size(self) -> int:
        return prod(map(len, self.axes))

    def row(self, position: int) -> Row:
        where = places(position, list(map(len, self.axes)))
        return tuple(values[place] for values, place in zip(self.axes, where, strict=True))

    def __iter__(self) -> Iterator[Row]:
        return _product(self.axes)


@dataclass(frozen=True, slots=True)
class Zip:
    """The first values together, then the second ones, and so on."""

    axes: tuple[Values, ...]

    @property
    def size(self) -> int:
        return len(self.axes[0])

    def row(self, position: int) -> Row:
        return tuple(values[position] for values in self.axes)

    def __iter__(self) -> Iterator[Row]:
        return zip(*self.axes, strict=True)


def _product(axes: Sequence[Values]) -> Iterator[Row]:
    for position, values in enumerate(axes):
        if isinstance(values, range) and len(values) > BLOCK:
            return _product_by_blocks(axes[:position], values, axes[position + 1 :])
    return product(*axes)


def _product_by_blocks(
    before: Sequence[Values], long: range, after: Sequence[Values]
) -> Iterator[Row]:
    for head in product(*before):
        pinned = [(value,) for value in head]
        for start in range(0, len(long), BLOCK):
            yield from _product([*pinned, long[start : start + BLOCK], *after])
