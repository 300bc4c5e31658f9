"""From the words `module:function` to the function."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from traceback import extract_tb
from types import ModuleType
from typing import Any

from pycaddy.cli._exit import LibraryError, usage_error

__all__ = ["load_function"]


def load_function(words: str) -> Callable[..., Any]:
    """Import the function that *words* name: "package.module:train" or "path/to/file.py:train".

    The current folder, or the one that the file lies in, comes first on the import path, as it
    does for a script; so worker processes can import the function by the same name.

    Raises:
        click.UsageError: There is no such module, file or function.
        LibraryError: The module is there, and importing it raised.
    """
    source, _, name = words.rpartition(":")
    if not source or not name.isidentifier():
        raise usage_error(
            f"{words!r} names no function. Write MODULE:FUNCTION, such as train:main, or "
            "path/to/train.py:main."
        )
    module = _from_file(source) if source.endswith(".py") else _from_module(source)
    function = getattr(module, name, None)
    if function is None:
        raise usage_error(f"{source} has no {name!r}. {_callables(module)}")
    if not callable(function):
        raise usage_error(
            f"{words} is no function: its type is {type(function).__name__}. {_callables(module)}"
        )
    found: Callable[..., Any] = function
    return found


def _from_file(path: str) -> ModuleType:
    file = os.path.abspath(path)
    if not os.path.isfile(file):
        raise usage_error(f"There is no file {path}. Write the path from the current folder.")
    folder, name = os.path.split(file.removesuffix(".py"))
    if not name.isidentifier():
        raise usage_error(f"{path} cannot be imported: {name!r} is no name. Rename the file.")
    module = _import(name, folder, path)
    if not _is_module_of(module, file):
        raise usage_error(
            f"{path} cannot be imported: another module is called {name!r}. Rename the file."
        )
    return module


def _from_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise usage_error(
            f"{name!r} names no module. Write it as Python imports it, such as package.train, or "
            "as the path of a file, such as package/train.py."
        )
    return _import(name, os.getcwd(), name)


def _import(name: str, folder: str, shown: str) -> ModuleType:
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            raise usage_error(
                f"There is no module {error.name!r}, neither in {folder} nor installed. Go to its "
                "folder, or write the path of its file: path/to/file.py:function."
            ) from error
        raise _failed(shown, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(shown, error) from error


def _failed(shown: str, error: BaseException) -> LibraryError:
    reason = f"{type(error).__name__}: {error}".partition("\n")[0].removesuffix(".")
    return LibraryError(f"{shown} cannot be imported: {reason}{_place(error)}. Mend it there.")


def _place(error: BaseException) -> str:
    """Return the line of code that raised, outside of the import machinery."""
    if isinstance(error, SyntaxError):  # its text has the place
        return ""
    frames = [
        frame for frame in extract_tb(error.__traceback__) if not frame.filename.startswith("<")
    ]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"


def _is_module_of(module: ModuleType, file: str) -> bool:
    found = getattr(module, "__file__", None)
    return found is not None and os.path.realpath(found) == os.path.realpath(file)


def _callables(module: ModuleType) -> str:
    """Return the hint which functions the module itself defines."""
    names = [
        name
        for name, value in vars(module).items()
        if callable(value) and getattr(value, "__module__", None) == module.__name__
    ]
    return f"It has {', '.join(names)}." if names else "It defines no function."
