"""Connections that a fork has inherited: they belong to its parent, and are never closed."""

from __future__ import annotations

import atexit

__all__ = ["set_aside"]

_inherited: list[object] = []


def set_aside(connection: object) -> None:
    """Keep an inherited *connection* from being closed by this process."""
    if not _inherited:
        atexit.register(_leak)
    _inherited.append(connection)


def _leak() -> None:
    """Keep the interpreter's exit from closing them: it would free them."""
    import ctypes

    for connection in _inherited:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
