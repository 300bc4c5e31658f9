"""Which function made the results of a sweep: its name, and whether another one did."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from pycaddy.errors import FunctionClashError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.params._refusals import label
from pycaddy.project.claiming import Claims
from pycaddy.project.origin import FACT, Origin
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["check_function", "default_identifier"]

_SHOWN = 3


def default_identifier(function: Callable[..., Any]) -> str:
    """Return the name of *function* as an identifier, if it says which function it is.

    Raises:
        ValueError: It has no name of its own: a lambda, a partial, a bound method, or what a
            decorator without `functools.wraps` returns.
    """
    if (reason := _why_unnamed(function)) is not None:
        raise ValueError(f"{label(function)} {reason}. Give identifier='...' (--identifier).")
    name: str = getattr(function, "__name__")  # noqa: B009 - any callable
    return name


def check_function(
    ledger: Ledger, claims: Claims, function: Callable[..., Any], *, chosen: bool
) -> dict[str, int]:
    """Return how many DONE runs of a sweep another function made, by the functions' names.

    Args:
        chosen: The caller has chosen the identifier, which the functions may therefore share: a
            warning is logged. Otherwise it is the function's name, which the other one has too.

    Raises:
        FunctionClashError: There are such runs, and the identifier was not chosen.
    """
    origin = Origin.of(function)
    found = _of_others(ledger, claims, origin)
    if not found:
        return {}
    counts: dict[str, int] = {}
    for _, other in found:
        counts[str(other)] = counts.get(str(other), 0) + 1
    key = found[0][0].key
    runs = f"{key}" if len(found) == 1 else f"{key} and {len(found) - 1} more"
    sentence = (
        f"The results of {runs} were made by {' and '.join(list(counts)[:_SHOWN])}, not by {origin}"
    )
    if not chosen:
        raise FunctionClashError(
            f"{sentence}. Both go by the name '{key.identifier}'. Give this one another name with "
            "identifier='...' (--identifier). If it is the same function, which was moved, pass "
            f"identifier='{key.identifier}' (--identifier {key.identifier}).",
            identifier=key.identifier,
            functions=tuple(counts),
        )
    from logging import getLogger

    getLogger("pycaddy").warning("%s. They are skipped as done.", sentence)
    return counts


def _of_others(ledger: Ledger, claims: Claims, origin: Origin) -> list[tuple[RunRecord, Origin]]:
    """Return the DONE runs of the sweep that another function made, with that function."""
    options = claims.options
    done = Selection(options.relpath, options.identifier, status=Status.DONE)
    same: dict[str | None, Origin | None] = {None: None}
    found = []
    for record in ledger.records(done):
        text = _function_text(record.capture_text)
        if text not in same:
            other = Origin.recorded(record.capture_text)
            same[text] = other if other is not None and _is_other(other, origin) else None
        if (other := same[text]) is not None:
            found.append((record, other))
    if not found or claims.is_adaptive:  # an adaptive sweep learns from every run
        return found
    keys = set(claims.keys())
    return [(record, other) for record, other in found if record.params_key in keys]


def _function_text(capture_text: str | None) -> str | None:
    """Return the end of a capture, which has the function: equal ends have the same one."""
    if capture_text is None or (start := capture_text.find(f'"{FACT}":')) < 0:
        return None
    return capture_text[start:]


def _is_other(recorded: Origin, ours: Origin) -> bool:
    if recorded.name != ours.name:
        return True
    if recorded.file is None or ours.file is None:
        return recorded.module != ours.module
    if recorded.file == ours.file:
        return False
    if not os.path.exists(recorded.file):  # moved, or on another machine
        return recorded.module != ours.module
    if os.path.samefile(recorded.file, ours.file):
        return False
    return recorded.module != ours.module or not _is_copy(recorded.file, ours)


def _is_copy(file: str, ours: Origin) -> bool:
    """Whether *file* has the very function: two checkouts of one repository."""
    try:
        with open(file, "rb") as one, open(ours.file or "", "rb") as other:
            return one.read() == other.read()
    except OSError:
        return False


def _why_unnamed(function: Any) -> str | None:
    """Return why the name of *function* does not say which function it is, or None."""
    if isinstance(function, functools.partial):
        return "is a partial function, and its arguments are not in its name"
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        return "is a method, and its object is not in its name"
    name = getattr(function, "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        return "has no name to go by"
    if _is_wrapper(function):
        return (
            f"is called {name!r} like everything that its decorator returns, which does not use "
            "functools.wraps"
        )
    return None


def _is_wrapper(function: Any) -> bool:
    """Whether a decorator returned *function* and kept neither its name nor the original's.

    That is so if it is a closure over a function of a module whose name there now means something
    else, or over any function if it has a name that is usual for wrappers.
    """
    if not isinstance(function, FunctionType) or hasattr(function, "__wrapped__"):
        return False
    if "<locals>" not in function.__qualname__:
        return False
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        if isinstance(held, FunctionType) and (function.__name__ in _USUAL or _is_replaced(held)):
            return True
    return False


_USUAL = frozenset({"wrapper", "_wrapper", "wrapped", "wrap", "inner", "_inner", "decorated"})


def _is_replaced(function: FunctionType) -> bool:
    """Whether the name of *function* in its module means another object."""
    if "." in function.__qualname__ or function.__name__ == "<lambda>":
        return False
    module = sys.modules.get(function.__module__)
    return getattr(module, function.__name__, function) is not function
