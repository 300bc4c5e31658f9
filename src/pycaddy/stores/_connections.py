"""One SQLite connection per thread and process, made when needed.

After a fork the child must neither use nor close what it inherited: SQLite would drop the
parent's locks, or flush what the parent is still writing.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable

from pycaddy.stores._lock import WriterLock

__all__ = ["Connection", "Connections"]


class Connection:
    """An open ledger file with its turn-taking lock."""

    __slots__ = ("commits", "identifiers", "inode", "lock", "on_network", "sql")

    def __init__(
        self, sql: sqlite3.Connection, lock: WriterLock, inode: int, *, on_network: bool
    ) -> None:
        self.sql = sql
        self.lock = lock
        self.inode = inode
        self.on_network = on_network
        self.commits = 0
        self.identifiers: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Close the file and the lock."""
        self.sql.close()
        self.lock.close()


class Connections:
    """The connections of this process to one ledger, by thread.

    Args:
        connect: Makes a connection for the calling thread.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._forget()
        _all.add(self)

    def __del__(self) -> None:
        # A project is dropped, not closed; its lock file's descriptor would stay open.
        self.close()

    def get(self) -> Connection:
        """Return the calling thread's connection."""
        thread = threading.get_ident()
        connection = self._by_thread.get(thread)
        if connection is None:
            # Outside the lock: another thread's work must not wait for this file to open.
            connection = self._connect()
            with self._mutex:
                self._close_the_dead()
                self._by_thread[thread] = connection
        return connection

    def drop(self) -> None:
        """Close the calling thread's connection; the next `get` makes a new one."""
        with self._mutex:
            connection = self._by_thread.pop(threading.get_ident(), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close all connections, those of other threads included: nobody may be using them."""
        with self._mutex:
            connections = list(self._by_thread.values())
            self._by_thread.clear()
        for connection in connections:
            connection.close()

    def _close_the_dead(self) -> None:
        alive = sys._current_frames()
        for thread in [thread for thread in self._by_thread if thread not in alive]:
            self._by_thread.pop(thread).close()

    def _forget(self) -> None:
        self._mutex = threading.Lock()
        self._by_thread: dict[int, Connection] = {}

    def after_fork_in_child(self) -> None:
        """Set what was inherited aside, untouched."""
        for connection in self._by_thread.values():
            connection.lock.close()
            _inherited.append(connection.sql)
        self._forget()


_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_inherited: list[sqlite3.Connection] = []


def _after_fork_in_child() -> None:
    for connections in list(_all):
        connections.after_fork_in_child()


def _leak_inherited() -> None:
    """Keep the interpreter's exit from closing inherited connections: it would free them."""
    if _inherited:
        import ctypes

        for connection in _inherited:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
    atexit.register(_leak_inherited)
