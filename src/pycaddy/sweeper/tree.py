"""Parameters and constants as one tree: nested dicts of what is swept and what is fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.copies import fresh
from pycaddy.sweeper.ranges import read_written
from pycaddy.sweeper.values import Fixed, Path, Swept, dotted, read_value

Tree: TypeAlias = "dict[str, Tree | Swept | Fixed]"

# What the params of a run may have; it also ends a dict that contains itself.
MAX_DEPTH = 64


def read_parameters(parameters: Mapping[str, Any], path: Path = ()) -> Tree:
    """Read what the user wrote: a sequence is swept, a mapping is nested, the rest is fixed."""
    tree: Tree = {}
    for key, value in _items(parameters, path):
        inner = (*path, key)
        if isinstance(value, Mapping):
            written = read_written(value, inner)
            tree[key] = read_parameters(value, inner) if written is None else written
        else:
            tree[key] = read_value(value, inner)
    return tree


def read_constants(constants: Mapping[str, Any], path: Path = ()) -> Tree:
    """Read what the user wrote, where nothing is swept: a mapping is nested, the rest is fixed."""
    tree: Tree = {}
    for key, value in _items(constants, path):
        if isinstance(value, Mapping):
            tree[key] = read_constants(value, (*path, key))
        else:
            tree[key] = Fixed(fresh(value.value if isinstance(value, Fixed) else value))
    return tree


def axes(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Swept]]:
    """The swept keys, in the order they were written."""
    for key, child in tree.items():
        if isinstance(child, dict):
            yield from axes(child, (*path, key))
        elif isinstance(child, Swept):
            yield (*path, key), child


def clash(left: Mapping[str, Any], right: Mapping[str, Any], path: Path = ()) -> Path | None:
    """The first key that both set, apart from dicts whose own keys differ."""
    for key, value in left.items():
        if key not in right:
            continue
        inner, other = (*path, key), right[key]
        if not (isinstance(value, dict) and isinstance(other, dict)):
            return inner
        found = clash(value, other, inner)
        if found is not None:
            return found
    return None


def joined(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    """Both in one new dict; a key of both is a dict in both, because they do not clash."""
    both = left | right
    if len(both) < len(left) + len(right):
        for key in left.keys() & right.keys():
            both[key] = joined(left[key], right[key])
    return both


def either(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a configuration that has one shape or the other."""
    both = {**left, **right}
    for key in left.keys() & right.keys():
        one, other = left[key], right[key]
        if isinstance(one, dict) and isinstance(other, dict):
            both[key] = either(one, other)
        elif isinstance(other, dict):
            both[key] = one  # a leaf clashes with more than a dict does
    return both


def _items(mapping: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    where = f" under {dotted(path)!r}" if path else ""
    if len(path) >= MAX_DEPTH:
        raise SweepError(
            f"The dicts under {path[0]!r} are nested deeper than {MAX_DEPTH} levels. "
            "Flatten them, or check that none contains itself.",
            key=path[0],
        )
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise SweepError(
                f"The key {key!r}{where} is of type {type(key).__name__}, and a key must be a str. "
                f"Write {str(key)!r}, or keep the dict around it whole with Fixed(...).",
                key=key,
            )
        yield key, value
