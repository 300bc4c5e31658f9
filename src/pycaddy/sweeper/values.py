"""Which values are swept, and which are one value; and copies of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from operator import eq
from typing import Any, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.keys import Path, dotted

Values: TypeAlias = tuple[Any, ...] | range

_CONTAINERS = frozenset({dict, list, set, tuple})


@dataclass(frozen=True, slots=True)
class Fixed:
    """One value that is not swept, of any type.

    >>> from pycaddy.sweeper import DictSweep, Fixed
    >>> list(DictSweep({"layers": Fixed([64, 64]), "lr": [0.1, 0.2]}))
    [{'layers': [64, 64], 'lr': 0.1}, {'layers': [64, 64], 'lr': 0.2}]
    """

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """The values of one key, at least one; *copied* if each configuration needs its own copy."""

    values: Values
    copied: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Swept):
            return NotImplemented
        mine, theirs = self.values, other.values
        if type(mine) is type(theirs):
            return mine == theirs
        return len(mine) == len(theirs) and all(map(eq, mine, theirs))


def fresh(value: Any) -> Any:
    """*value* with its dicts, lists, sets and tuples copied, at every depth.

    Other objects are shared, and so are instances of subclasses: copying a model or a data set
    may be expensive or impossible.
    """
    kind = type(value)
    if kind is dict:
        return {key: fresh(item) for key, item in value.items()}
    if kind is list or kind is tuple:
        return kind(map(fresh, value))
    return set(value) if kind is set else value


def any_container(values: Iterable[Any]) -> bool:
    """Whether `fresh` would copy one of *values*."""
    return not _CONTAINERS.isdisjoint(map(type, values))


def read_value(value: Any, path: Path) -> Swept | Fixed:
    """Decide whether *value*, which is not a mapping, is swept.

    Raises:
        SweepError: It cannot be iterated again in the same order, or it has no values.
    """
    if isinstance(value, Fixed):
        return Fixed(fresh(value.value))
    if isinstance(value, str | bytes | bytearray | memoryview):
        return Fixed(value)
    dimensions = getattr(value, "ndim", None)
    if isinstance(dimensions, int) and hasattr(value, "tolist"):
        return _array(value, dimensions, path)
    if isinstance(value, Sequence):
        return swept(value, path)
    if isinstance(value, Iterable):
        raise _not_repeatable(value, path)
    return Fixed(value)


def swept(values: Sequence[Any], path: Path) -> Swept:
    """A copy of *values*, so that a later change of the list does not change the sweep."""
    if len(values) == 0:
        raise SweepError(
            f"{dotted(path)!r} has no values, so the sweep would have no configurations. "
            "Give it at least one, or Fixed([]) to pass the empty list itself.",
            key=dotted(path),
        )
    if isinstance(values, range):
        return Swept(values)
    kept = tuple(item.value if isinstance(item, Fixed) else item for item in values)
    copied = any_container(kept)
    return Swept(fresh(kept) if copied else kept, copied)


def _array(value: Any, dimensions: int, path: Path) -> Swept | Fixed:
    """A NumPy array, or another object with `ndim` and `tolist()`."""
    if dimensions == 0:
        return Fixed(value)
    if dimensions > 1:
        raise SweepError(
            f"{dotted(path)!r} is an array of {dimensions} dimensions, and a sweep goes along "
            "one. Use list(array) to sweep its rows, or Fixed(array) to keep it whole.",
            key=dotted(path),
        )
    return swept(value.tolist(), path)


def _not_repeatable(value: Iterable[Any], path: Path) -> SweepError:
    if isinstance(value, Iterator):
        why = "which can be iterated once, and a sweep must be repeatable"
    elif isinstance(value, Set):
        why = "which has no order, and a sweep must have one"
    else:
        why = "which can be iterated but is not a sequence"
    how = "sorted(...)" if isinstance(value, Set) else "list(...)"
    return SweepError(
        f"{dotted(path)!r} is a {type(value).__name__}, {why}. "
        f"Use {how} to sweep its items, or Fixed(...) to keep it whole.",
        key=dotted(path),
    )
