"""Parameters that are there only where another one has a certain value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.base import Sweep
from pycaddy.sweeper.chain_sweep import ChainSweep
from pycaddy.sweeper.concat import Concat
from pycaddy.sweeper.grid import Grid
from pycaddy.sweeper.keys import Path, dotted, parts_of
from pycaddy.sweeper.tree import Tree, clash, either, joined, read_parameters
from pycaddy.sweeper.values import Fixed, Swept

Branch: TypeAlias = Mapping[str, Any] | Sweep
When: TypeAlias = Mapping[str, Mapping[Any, Branch]]


def conditional(tree: Tree, when: When) -> Sweep:
    """The product of the values of *tree*, with what *when* adds to some of them.

    A key that others depend on becomes a sweep of its own: each of its values, combined with
    what depends on it. The product of those and of the other keys has a known length and known
    positions, as any chain has.

    Raises:
        SweepError: *when* names no key or no value of the tree, or sets a key of its own twice.
    """
    leaves = dict(_leaves(tree))
    cases = {
        path: _cases(path, leaves[path], when[name]) for path, name in _paths(leaves, when).items()
    }
    _check_keys(tree, cases)
    factors: list[Sweep] = []
    plain: Tree = {}
    for path, leaf in leaves.items():
        if path in cases:
            factors += [Grid(plain), cases[path]] if plain else [cases[path]]
            plain = {}
        else:
            plain = joined(plain, _nested(path, leaf))
    return ChainSweep([*factors, Grid(plain)] if plain else factors)


def _leaves(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Tree | Swept | Fixed]]:
    for key, child in tree.items():
        if isinstance(child, dict) and child:
            yield from _leaves(child, (*path, key))
        else:
            yield (*path, key), child


def _nested(path: Path, leaf: Any) -> Tree:
    for key in reversed(path):
        leaf = {key: leaf}
    return dict(leaf)


def _paths(leaves: Mapping[Path, Any], when: When) -> dict[Path, str]:
    """The paths that *when* names, with their names as written."""
    if not isinstance(when, Mapping):
        raise SweepError(
            f"when is a {type(when).__name__}, and must be a dict of dicts: "
            "{'optimizer': {'sgd': {'momentum': [0.8, 0.9]}}}."
        )
    found: dict[Path, str] = {}
    names: list[Any] = list(when)
    for name in names:
        path = parts_of(name) if isinstance(name, str) else ()
        if path not in leaves or isinstance(leaves[path], dict):
            known = (dotted(path) for path, leaf in leaves.items() if not isinstance(leaf, dict))
            raise SweepError(
                f"when names {name!r}, which is no parameter. Use {_list(known)}.", key=name
            )
        if path in found:
            raise SweepError(
                f"when names {dotted(path)!r} twice, as {found[path]!r} and {name!r}. "
                "Keep one of them.",
                key=dotted(path),
            )
        found[path] = name
    return found


def _cases(path: Path, leaf: Any, branches: Mapping[Any, Branch]) -> Concat:
    name = dotted(path)
    values = leaf.values if isinstance(leaf, Swept) else (leaf.value,)
    if not isinstance(branches, Mapping):
        raise SweepError(
            f"when[{name!r}] is a {type(branches).__name__}, and must be a dict from values to "
            f"what they add: {{{values[0]!r}: {{'key': [1, 2]}}}}.",
            key=name,
        )
    for given in branches:
        if not any(_same(given, value) for value in values):
            raise SweepError(
                f"when[{name!r}] names {given!r}, which {name!r} never is. Use {_list(values)}.",
                key=name,
            )
    made = {
        given: _branch(branch, f"when[{name!r}][{given!r}]") for given, branch in branches.items()
    }
    return Concat(_case(path, value, made) for value in values)


def _case(path: Path, value: Any, made: Mapping[Any, Sweep]) -> Sweep:
    alone = Grid(_nested(path, Fixed(value)))
    found = [sweep for given, sweep in made.items() if _same(given, value)]
    return ChainSweep([alone, *found])


def _branch(branch: Branch, where: str) -> Sweep:
    if isinstance(branch, Sweep):
        return branch
    if isinstance(branch, Mapping):
        return Grid(read_parameters(branch))
    raise SweepError(
        f"{where} is a {type(branch).__name__}, and must be a dict of parameters or a sweep: "
        "{'momentum': [0.8, 0.9]}.",
    )


def _check_keys(tree: Tree, cases: Mapping[Path, Concat]) -> None:
    taken = tree
    for path, sweep in cases.items():
        added = _without(dict(sweep._shape), path)
        twice = clash(taken, added)
        if twice is not None:
            name = dotted(twice)
            raise SweepError(
                f"{name!r} depends on {dotted(path)!r} in when, and is set elsewhere too. "
                "Keep it in one of them.",
                key=name,
            )
        taken = either(taken, added)


def _without(shape: dict[str, Any], path: Path) -> dict[str, Any]:
    head, *rest = path
    left = {key: value for key, value in shape.items() if key != head}
    inner = _without(shape[head], tuple(rest)) if rest else {}
    return {**left, head: inner} if inner else left


def _same(given: Any, value: Any) -> bool:
    # Params tell True from 1, and so do conditions.
    return isinstance(given, bool) is isinstance(value, bool) and bool(given == value)


def _list(items: Any) -> str:
    return ", ".join(map(repr, items))
