"""Parameters and constants as one tree: nested dicts of what is swept and what is fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from pycaddy.errors import SweepError
from pycaddy.sweeper.keys import BRACKETS, Path, dotted, parts_of
from pycaddy.sweeper.ranges import read_written
from pycaddy.sweeper.values import Fixed, Swept, any_container, fresh, read_value

Tree: TypeAlias = "dict[str, Tree | Swept | Fixed]"

# The limit of params. It also stops the reading of a dict that contains itself.
MAX_DEPTH = 64


def read_parameters(parameters: Mapping[str, Any]) -> Tree:
    """Read parameters: a sequence is swept, a mapping is nested, any other value is fixed."""
    return _read(unfolded(parameters), ())


def _read(values: Mapping[str, Any], path: Path) -> Tree:
    tree: Tree = {}
    for part, value in values.items():
        inner = (*path, part)
        if isinstance(value, Mapping):
            nested = unfolded(value, inner)
            written = read_written(nested, inner)
            tree[part] = _read(nested, inner) if written is None else written
        else:
            tree[part] = read_value(value, inner)
    return tree


def read_constants(constants: Mapping[str, Any], path: Path = ()) -> Tree:
    """Read constants: a mapping is nested, any other value is fixed."""
    tree: Tree = {}
    for part, value in unfolded(constants, path).items():
        if isinstance(value, Mapping):
            tree[part] = read_constants(value, (*path, part))
        else:
            tree[part] = Fixed(fresh(value.value if isinstance(value, Fixed) else value))
    return tree


def axes(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Swept]]:
    """The swept keys, in the order they were written."""
    for key, child in tree.items():
        if isinstance(child, dict):
            yield from axes(child, (*path, key))
        elif isinstance(child, Swept):
            yield (*path, key), child


def unfolded(mapping: Mapping[str, Any], path: Path = ()) -> dict[str, Any]:
    """The values of *mapping* by the first part of their keys.

    A key with more parts becomes a mapping of the others: {"a.b.c": 1, "a.d": 2} is unfolded to
    {"a": {"b.c": 1, "d": 2}}.

    Raises:
        SweepError: A key is not a str, int or bool, or cannot be read; or two keys set the same
            one.
    """
    values: dict[str, Any] = {}
    earlier: dict[str, list[tuple[str, Any]]] = {}
    for key, value in _items(mapping, path):
        part, *rest = parts_of(key)
        nested = {dotted(tuple(rest)): value} if rest else value
        if part in values:
            if clash({part: values[part]}, {part: nested}, path) is not None:
                raise _same_key(part, earlier[part], (key, nested), path)
            values[part] = joined(values[part], nested)
        else:
            values[part] = nested
        earlier.setdefault(part, []).append((key, nested))
    return values


def _same_key(
    part: str, earlier: list[tuple[str, Any]], later: tuple[str, Any], path: Path
) -> SweepError:
    key, value = later
    other, twice = next(
        (other, twice)
        for other, its in earlier
        if (twice := clash({part: its}, {part: value}, path)) is not None
    )
    # Below the part, keys are still as they were written.
    inner = (found for written in twice[len(path) + 1 :] for found in parts_of(written))
    name = dotted((*path, part, *inner))
    return SweepError(
        f"{_in_full(other, path)!r} and {_in_full(key, path)!r} both set {name!r}. "
        "Keep one of them.",
        key=name,
    )


def _in_full(key: str, path: Path) -> str:
    separator = "." if path and not key.startswith(BRACKETS) else ""
    return f"{dotted(path)}{separator}{key}"


def clash(left: Mapping[str, Any], right: Mapping[str, Any], path: Path = ()) -> Path | None:
    """The first key that both set, or None. Mappings clash only if their own keys do."""
    _check_depth(path)
    fewer, more = (right, left) if len(right) < len(left) else (left, right)
    for key in fewer:
        if key not in more:
            continue
        one, other, inner = left[key], right[key], (*path, key)
        if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
            return inner
        found = clash(one, other, inner)
        if found is not None:
            return found
    return None


def joined(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Both merged into one new dict. They must not clash: a key of both is a dict in both."""
    both = {**left, **right}
    if len(both) < len(left) + len(right):
        for key in left.keys() & right.keys():
            both[key] = joined(left[key], right[key])
    return both


def either(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of configurations that have the one shape or the other."""
    both = {**left, **right}
    for key in left.keys() & right.keys():
        one, other = left[key], right[key]
        if isinstance(one, dict) and isinstance(other, dict):
            both[key] = either(one, other)
        elif isinstance(other, dict):
            both[key] = one  # a leaf clashes with more keys than a dict
    return both


def _items(mapping: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
    _check_depth(path)
    for key, value in mapping.items():
        if isinstance(key, int):  # as in params, which become JSON
            yield str(key) if isinstance(key, bool) else int.__repr__(key), value
        elif isinstance(key, str):
            yield key, value
        else:
            raise SweepError(
                f"The key {key!r}{_under(path)} is of type {type(key).__name__}, and a key must be "
                f"a str, int or bool. Write {str(key)!r}.",
                key=key,
            )


def _check_depth(path: Path) -> None:
    if len(path) >= MAX_DEPTH:
        raise SweepError(
            f"The dicts under {dotted(path[:1])!r} are nested deeper than {MAX_DEPTH} levels. "
            "Flatten them, or check that none contains itself.",
            key=path[0],
        )


def _under(path: Path) -> str:
    return f" under {dotted(path)!r}" if path else ""


class Template:
    """Makes configurations of one shape. Its pickle contains the shape, not the compiled code."""

    __slots__ = ("build", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.build = _compiled(tree)

    def __reduce__(self) -> tuple[type[Template], tuple[Tree]]:
        return type(self), (self.tree,)


def _compiled(tree: Tree) -> Callable[..., dict[str, Any]]:
    """Compile a function that takes the swept values, in order, and returns a configuration.

    For {"lr": [...], "model": {"width": [...], "depth": 3}} the source is

        lambda v0, v1: {k0: v0, k1: {k2: v1, k3: f4}}

    A dict display is two to three times as fast as `dict(zip(keys, values))`, and creates new
    nested dicts each time. The source contains no text of the user: it consists of counted
    names, to which the keys and the fixed values are bound.
    """
    bound: dict[str, Any] = {}
    arguments: list[str] = []

    def bind(letter: str, value: Any) -> str:
        name = f"{letter}{len(bound)}"
        bound[name] = value
        return name

    def expression(node: Tree | Swept | Fixed) -> str:
        if isinstance(node, dict):
            entries = [f"{bind('k', key)}: {expression(child)}" for key, child in node.items()]
            return "{" + ", ".join(entries) + "}"
        if isinstance(node, Swept):
            name = f"v{len(arguments)}"
            arguments.append(name)
            return f"fresh({name})" if node.copied else name
        name = bind("f", node.value)
        return f"fresh({name})" if any_container([node.value]) else name

    display = expression(tree)
    source = f"lambda {', '.join(arguments)}: {display}"
    scope = {"__builtins__": {}, "fresh": fresh, **bound}
    build: Callable[..., dict[str, Any]] = eval(compile(source, "<sweep>", "eval"), scope)
    return build
