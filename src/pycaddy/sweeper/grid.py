"""DictSweep: the combinations of the values in a dict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product, starmap
from math import prod
from typing import Any, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.keys import Path, dotted, parts_of
from pycaddy.sweeper.sweep import ChainSweep, Concat, Config, Sweep, Where, places
from pycaddy.sweeper.tree import (
    Template,
    Tree,
    axes,
    clash,
    either,
    joined,
    read_constants,
    read_parameters,
)
from pycaddy.sweeper.values import Fixed, Swept, Values

Row: TypeAlias = tuple[Any, ...]
Branch: TypeAlias = Mapping[str, Any] | Sweep
When: TypeAlias = Mapping[str, Mapping[Any, Branch]]

# itertools.product copies each of its inputs into memory. A longer range is passed in blocks.
BLOCK = 4096

_SHOWN = 6


class StrategyName(StrEnum):
    """How swept values are combined: every value with every other, or position by position."""

    PRODUCT = "product"
    ZIP = "zip"


class DictSweep(Sweep):
    """The combinations of the values in a dict.

    >>> sweep = DictSweep(parameters={"lr": [0.1, 0.2], "model.width": [32, 64]})
    >>> len(sweep), sweep[-1]
    (4, {'lr': 0.2, 'model': {'width': 64}})

    Args:
        parameters: A list, tuple, range, one-dimensional array or other sequence is swept; a
            nested dict stays nested; any other value, and `Fixed(...)`, is one value. A range
            may be written as data: `{"type": "range", "start": 0, "stop": 5, "step": 1}`.
            A key with dots is that of a nested dict: "model.width" means the same as
            {"model": {"width": ...}}. A key that contains a dot is written "['a.b']".
        constants: Values that every configuration has, never swept; merged into nested dicts.
            Their keys are written in the same way.
        strategy: `PRODUCT` combines every value with every other, the last key fastest; `ZIP`
            takes the first values together, then the second ones, and needs equal lengths.
        when: Parameters that are added where another one has a certain value:
            `{"optimizer": {"sgd": {"momentum": [0.8, 0.9]}}}`. A nested key is written
            "model.kind". A sweep may take the place of the inner dict.
        where: A function that takes a configuration and returns whether to keep it.

    Raises:
        SweepError: A key is not a str, or is given twice; a value cannot be swept; unknown
            strategy; unequal lengths with `ZIP`; `when` names an unknown key or value.
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
        self._made: Sweep = _Grid(tree, strategy)
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


Sweep._of_lists = DictSweep


class _Grid(Sweep):
    """The combinations of the swept values of *tree*."""

    __slots__ = ("_axes", "_template", "_values", "_zipped")

    def __init__(self, tree: Tree, strategy: StrategyName | str = StrategyName.PRODUCT) -> None:
        super().__init__()
        self._template = Template(tree)
        # Equal trees may differ in the order of their keys, and so of their configurations.
        self._axes = tuple(axes(tree))
        self._values = tuple(axis.values for _, axis in self._axes)
        # With one axis both strategies are the same, and zip() of none would have no rows.
        self._zipped = _strategy(strategy) is StrategyName.ZIP and len(self._values) > 1
        if self._zipped and len(set(map(len, self._values))) > 1:
            lengths = {dotted(path): len(axis.values) for path, axis in self._axes}
            raise SweepError(
                "ZIP takes the values position by position, and "
                f"{', '.join(f'{name!r} has {length}' for name, length in lengths.items())}. "
                "Make them equally long, or use StrategyName.PRODUCT.",
                lengths=lengths,
            )

    @property
    def _total(self) -> int:
        return len(self._values[0]) if self._zipped else prod(map(len, self._values))

    @property
    def _shape(self) -> Tree:
        return self._template.tree

    def _at(self, position: int) -> Config:
        if self._zipped:
            return self._template.build(*(values[position] for values in self._values))
        where = places(position, list(map(len, self._values)))
        return self._template.build(
            *(values[place] for values, place in zip(self._values, where, strict=True))
        )

    def _every(self) -> Iterator[Config]:
        rows = zip(*self._values, strict=True) if self._zipped else _product(self._values)
        return starmap(self._template.build, rows)

    def _identity(self) -> tuple[object, ...]:
        return self._zipped, self._axes, self._template.tree


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


def _strategy(strategy: StrategyName | str) -> StrategyName:
    try:
        return StrategyName(strategy)
    except ValueError:
        raise SweepError(
            f"There is no strategy {strategy!r}. "
            f"Use {' or '.join(f'{known.value!r}' for known in StrategyName)}, which are "
            f"{' and '.join(f'StrategyName.{known.name}' for known in StrategyName)}.",
            strategy=strategy,
        ) from None


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


def _conditional(tree: Tree, when: When, strategy: StrategyName | str) -> Sweep:
    """The product of the values of *tree*, with the parameters that *when* adds.

    A key that others depend on becomes a sweep of its own: each of its values, combined with
    the parameters that depend on it. The product of those sweeps and of the other keys is a chain,
    so its length and its positions are known.
    """
    if strategy != StrategyName.PRODUCT:
        raise SweepError(
            "when goes with StrategyName.PRODUCT. Zip the other keys in a sweep of their own, and "
            "chain both: DictSweep(..., strategy='zip') * DictSweep(..., when=...)."
        )
    leaves = dict(_leaves(tree))
    cases = {
        path: _cases(path, leaves[path], when[name]) for path, name in _paths(leaves, when).items()
    }
    _check_keys(tree, cases)
    factors: list[Sweep] = []
    plain: Tree = {}
    for path, leaf in leaves.items():
        if path in cases:
            factors += [_Grid(plain), cases[path]] if plain else [cases[path]]
            plain = {}
        else:
            plain = joined(plain, _nested(path, leaf))
    return ChainSweep([*factors, _Grid(plain)] if plain else factors)


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
                f"when names {name!r}, which is not a parameter. Use {_list(known)}.", key=name
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
    alone = _Grid(_nested(path, Fixed(value)))
    found = [sweep for given, sweep in made.items() if _same(given, value)]
    return ChainSweep([alone, *found])


def _branch(branch: Branch, where: str) -> Sweep:
    if isinstance(branch, Sweep):
        return branch
    if isinstance(branch, Mapping):
        return _Grid(read_parameters(branch))
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
    # In params, True and 1 are different; the same holds here.
    return isinstance(given, bool) is isinstance(value, bool) and bool(given == value)


def _list(items: Any) -> str:
    return ", ".join(map(repr, items))
