"""Functions on their way to another process."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from typing import Any

from pycaddy.errors import MissingExtraError

__all__ = ["pack"]


def pack(function: Callable[..., Any]) -> bytes:
    """Pickle *function*: by its name if another process can import it, else by its code.

    Raises:
        MissingExtraError: Its code is needed, and cloudpickle is not installed.
        TypeError: It holds something that cannot be pickled; the message names the function.
    """
    if _can_be_imported(function):
        try:
            return pickle.dumps(function)
        except (pickle.PicklingError, AttributeError, TypeError):
            pass  # a local function or an object of one: by its code then
    name = getattr(function, "__qualname__", repr(function))
    try:
        import cloudpickle
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{name} cannot be imported by another process. Move it into a module, or run: "
            "pip install 'pycaddy[functions]'",
            extra="functions",
        ) from error
    try:
        packed: bytes = cloudpickle.dumps(function)
    except (pickle.PicklingError, TypeError) as error:
        raise TypeError(
            f"{name} cannot be sent to another process: {error}. Open what it needs inside of it."
        ) from error
    return packed


def _can_be_imported(function: Callable[..., Any]) -> bool:
    """Whether another process finds the function under its name.

    A script is imported again by its path, a notebook and `python -c` cannot be.
    """
    if getattr(function, "__module__", None) != "__main__":
        return True
    return hasattr(sys.modules["__main__"], "__file__") and not hasattr(sys, "ps1")
