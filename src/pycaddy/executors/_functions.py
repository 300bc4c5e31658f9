"""Functions on their way to another process."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from typing import Any

from pycaddy.errors import MissingExtraError

__all__ = ["pack"]


def pack(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bytes:
    """Pickle a call: functions by their names if another process can import them, else by code.

    Raises:
        MissingExtraError: Code is needed, and cloudpickle is not installed.
        TypeError: Something cannot be pickled; the message names the function.
    """
    call = (fn, args, dict(kwargs))
    if _can_import_main():
        try:
            return pickle.dumps(call)
        except (pickle.PicklingError, AttributeError, TypeError):
            pass  # a lambda, a local function, an object of a local class: by their code then
    # `work(run, function)`: what people know is the function that they gave.
    own = next((given for given in reversed(args) if callable(given)), fn)
    name = getattr(own, "__qualname__", repr(own))
    try:
        import cloudpickle
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{name} cannot be imported by another process. Move it into a module, or run: "
            "pip install 'pycaddy[functions]'",
            extra="functions",
        ) from error
    try:
        packed: bytes = cloudpickle.dumps(call)
    except (pickle.PicklingError, TypeError) as error:
        raise TypeError(
            f"{name} cannot be sent to another process: {error}. Open what it needs inside of it."
        ) from error
    return packed


def _can_import_main() -> bool:
    """Whether another process can import this one's main program.

    A script is imported again by its path, a notebook and `python -c` cannot be.
    """
    return hasattr(sys.modules["__main__"], "__file__") and not hasattr(sys, "ps1")
