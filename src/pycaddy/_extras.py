"""Optional libraries: imported where they are needed, asked for by name when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pycaddy.errors import MissingExtraError

__all__ = ["require"]


def require(module: str, extra: str) -> Any:
    """Import *module*, which the extra *extra* of pycaddy installs.

    Raises:
        MissingExtraError: Its library is not installed; the message is the command to run.
    """
    library = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != library:
            raise  # it is there, and one of its own parts is not
        raise MissingExtraError(
            f"This needs {library}, which is not installed. "
            f"Run: python -m pip install 'pycaddy[{extra}]'",
            extra=extra,
        ) from error
