"""One SQLite connection per thread and process, made when needed.

Before a fork the connections are closed. SQLite remembers per process which locks it holds, and
a child would take that over together with the memory, but not the locks: its own connection to
the same file would go without them.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable

from pycaddy.stores._lock import WriterLock
from pycaddy.stores._log import LogFile
from pycaddy.stores._recent import Recent

__all__ = ["Connection", "Connections", "set_aside"]


class Connection:
    """An open ledger file with its turn-taking lock."""

    __slots__ = (
        "_held",
        "_mutex",
        "commits",
        "identifiers",
        "inode",
        "lock",
        "log",
        "on_network",
        "recent",
        "sql",
        "surely_there_until",
    )

    def __init__(
        self,
        sql: sqlite3.Connection,
        lock: WriterLock,
        inode: int,
        *,
        on_network: bool,
        log: LogFile | None = None,
    ) -> None:
        self.sql = sql
        self.lock = lock
        self.log = log
        self.inode = inode
        self.on_network = on_network
        self.commits = 0
        self.identifiers: dict[tuple[str, str], int] = {}
        self.recent = Recent(sql)
        self.surely_there_until = 0.0
        self._mutex = threading.RLock()
        self._held = 0

    def hold(self) -> None:
        """Keep other threads from closing it."""
        self._mutex.acquire()
        self._held += 1

    def release(self) -> None:
        """Undo one `hold`."""
        self._held -= 1
        self._mutex.release()

    def close(self) -> None:
        """Close the file and the lock when no other thread holds them."""
        with self._mutex:
            self.sql.close()
            self.close_own_files()

    def close_own_files(self) -> None:
        """Close what is open beside SQLite's files."""
        self.lock.close()
        if self.log is not None:
            self.log.close()

    def close_before_fork(self) -> bool:
        """Close it, unless this very thread forks while it works with it."""
        with self._mutex:
            if self._held:
                return False
            self.close()
        return True


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
        # A project is dropped, not closed; its files would stay open.
        self.close()

    def hold(self) -> Connection:
        """Return the calling thread's connection, to be released after use."""
        thread = threading.get_ident()
        while True:
            connection = self._by_thread.get(thread) or self._open(thread)
            connection.hold()
            if self._by_thread.get(thread) is connection:
                return connection
            connection.release()  # closed by another thread, for a fork

    def drop(self) -> None:
        """Close the calling thread's connection; the next `hold` makes a new one."""
        with self._mutex:
            connection = self._by_thread.pop(threading.get_ident(), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close all connections, each when its thread has done what it is doing."""
        with self._mutex:
            connections = list(self._by_thread.values())
            self._by_thread.clear()
        for connection in connections:
            connection.close()

    def _open(self, thread: int) -> Connection:
        with _opening:
            connection = self._connect()
            with self._mutex:
                self._close_the_dead()
                self._by_thread[thread] = connection
        return connection

    def _close_the_dead(self) -> None:
        # A thread that `threading` does not know opens another one when it needs it.
        alive = {thread.ident for thread in threading.enumerate()}
        for thread in [thread for thread in self._by_thread if thread not in alive]:
            self._by_thread.pop(thread).close()

    def _forget(self) -> None:
        self._mutex = threading.Lock()
        self._by_thread: dict[int, Connection] = {}

    def before_fork(self) -> None:
        """Close what is open; a thread that is at work is waited for."""
        for thread, connection in list(self._by_thread.items()):
            if connection.close_before_fork():
                self._by_thread.pop(thread, None)

    def after_fork_in_child(self) -> None:
        """Set what was inherited aside, neither used nor closed."""
        for connection in self._by_thread.values():
            connection.close_own_files()
            set_aside(connection.sql)
        self._forget()


_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_inherited: list[object] = []
_opening = threading.RLock()


def set_aside(connection: object) -> None:
    """Keep what a fork has inherited from ever being closed by it: it is its parent's."""
    _inherited.append(connection)


def _before_fork() -> None:
    _opening.acquire()  # and nobody opens another one meanwhile
    for connections in list(_all):
        connections.before_fork()


def _after_fork_in_parent() -> None:
    _opening.release()


def _after_fork_in_child() -> None:
    _opening.release()
    for connections in list(_all):
        connections.after_fork_in_child()


def _leak_inherited() -> None:
    """Keep the interpreter's exit from closing inherited connections: it would free them."""
    if _inherited:
        import ctypes

        for connection in _inherited:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
    atexit.register(_leak_inherited)
