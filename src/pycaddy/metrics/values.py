"""From what people log to points."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping
from contextlib import suppress
from time import time
from typing import Any, TypeAlias

from pycaddy import params
from pycaddy.errors import InvalidNameError, ParamsError

__all__ = ["LAST_STEP", "NOTHING", "Point", "as_points"]

Point: TypeAlias = tuple[str, int | None, float, float]
"""Series, step (None: the one after its last), value, time."""

NOTHING: Any = object()
"""Stands for a value that was not given."""

_LONGEST_NAME = 250
LAST_STEP = 2**63 - 1


def as_points(name: str | Mapping[str, Any], value: Any, step: Any) -> list[Point]:
    """Return the points of one call of `Session.log`.

    Raises:
        TypeError: A name is no text, a value no number, or a step no whole number.
        ValueError: A name or a step that no series can have.
    """
    now = time()
    if step is not None and not (type(step) is int and 0 <= step <= LAST_STEP):
        step = _step(step)
    if isinstance(name, str):
        if value is NOTHING:
            raise TypeError(f"log({name!r}) has no value. Write log({name!r}, 0.5).")
        number = value if type(value) is float else _number(name, value)
        return [(_name(name), step, number, now)]
    if value is not NOTHING or not isinstance(name, Mapping):
        raise TypeError(
            f"log() takes a name and a value, or values by name, not {name!r}. "
            "Write log('loss', 0.5) or log({'loss': 0.5})."
        )
    return [
        (_name(key), step, each if type(each) is float else _number(key, each), now)
        for key, each in name.items()
    ]


@functools.lru_cache(maxsize=4096)
def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"The name of a series must be a str, not {name!r}.")
    problem = ""
    if not name:
        problem = "is empty"
    elif len(name) > _LONGEST_NAME:
        problem = f"has {len(name)} characters, and {_LONGEST_NAME} are the most"
    else:
        try:
            params.dump({name: None})
        except ParamsError:
            problem = "has a character that cannot be kept, or is a word of pycaddy's own"
    if problem:
        raise InvalidNameError(
            f"The series name {name[:60]!r} {problem}. Use a text such as 'loss/train'.", name=name
        )
    return str(name)


def _step(step: Any) -> int:
    try:
        number = operator.index(step)
    except TypeError:
        raise TypeError(f"step must be a whole number, not {step!r}.") from None
    if isinstance(step, bool):
        raise TypeError(f"step must be a whole number, not {step!r}.")
    if not 0 <= number <= LAST_STEP:
        raise ValueError(f"step must be from 0 to 2**63 - 1, not {number}.")
    return number


def _number(name: object, value: Any) -> float:
    if isinstance(value, int):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    shape = getattr(value, "shape", ())
    if shape:
        raise TypeError(
            f"The value of {name!r} has the shape {tuple(shape)}. Log its mean, or one name for "
            "each element."
        )
    if _is_real(value):
        with suppress(TypeError):
            if hasattr(value, "__float__"):
                return float(value)
            if hasattr(value, "item"):
                return float(value.item())
    raise TypeError(f"The value of {name!r} must be a number, not {value!r}.")


def _is_real(value: Any) -> bool:
    return not isinstance(value, complex) and "complex" not in str(getattr(value, "dtype", ""))
