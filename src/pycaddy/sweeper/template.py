"""A function that makes configurations of one shape, compiled once for a sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycaddy.sweeper.copies import any_container, fresh
from pycaddy.sweeper.tree import Tree
from pycaddy.sweeper.values import Fixed, Swept


class Template:
    """Makes configurations of one shape; pickled as the shape, without compiled code."""

    __slots__ = ("build", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.build = _compiled(tree)

    def __reduce__(self) -> tuple[type[Template], tuple[Tree]]:
        return type(self), (self.tree,)


def _compiled(tree: Tree) -> Callable[..., dict[str, Any]]:
    """A function from the swept values, in the order of the axes, to a new configuration.

    For {"lr": [...], "model": {"width": [...], "depth": 3}} the source is

        lambda v0, v1: {k0: v0, k1: {k2: v1, k3: f4}}

    A dict display is two to three times as fast as `dict(zip(keys, values))`, and makes the
    nested dicts anew each time. Nothing of what the user wrote is in the source: it is made of
    counted names only, and the keys and the fixed values are bound to those names.
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
