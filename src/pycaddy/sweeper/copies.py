"""Copies of the plain containers in a configuration, so that no two configurations share one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_CONTAINERS = frozenset({dict, list, set, tuple})


def fresh(value: Any) -> Any:
    """*value* with its dicts, lists, sets and tuples copied, at every depth.

    Other objects, subclasses of these among them, are shared: pycaddy cannot know what a copy
    of a model or of a data set costs, or whether it can be made.
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
