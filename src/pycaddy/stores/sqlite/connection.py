"""One SQLite connection per thread and process, made when needed.

Before a fork the connections are closed. SQLite remembers per process which locks it holds, and
a child would take that over together with the memory, but not the locks: its own connection to
the same file would go without them.

Ctrl-C may come at any call, and leave a connection held that nobody uses any more. Whoever waits
for such a one looks at what its thread is doing.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from pycaddy.stores.sqlite.durability import LogFile
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.recent import Recent

__all__ = ["Connection", "Connections", "is_within_a_turn", "set_aside"]


_LOOK_S = 0.2
"""How long to wait for a connection before looking whether its thread still uses it."""


class Connection:
    """An open ledger file with its turn-taking lock, for the thread that opens it."""

    __slots__ = (
        "__weakref__",
        "_held",
        "_mutex",
        "_thread",
        "commits",
        "identifiers",
        "inode",
        "is_open",
        "is_spent",
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
        self.is_open = True
        self.is_spent = False
        self.on_network = on_network
        self.commits = 0
        self.identifiers: dict[tuple[str, str], int] = {}
        self.recent = Recent(sql)
        self.surely_there_until = 0.0
        self._thread = threading.get_ident()
        self._mutex = threading.RLock()
        self._held = 0
        _open.add(self)

    def __del__(self) -> None:
        # Ctrl-C may come before anybody has it, and what it was made of stays with the error.
        if getattr(self, "is_open", False):
            self._close()

    def hold(self) -> None:
        """Keep other threads from closing it."""
        self._mutex.acquire()
        self._held += 1

    def release(self) -> None:
        """Undo one `hold`."""
        self._held -= 1
        self._mutex.release()

    def give_up(self) -> None:
        """Undo a `hold` that was not undone in its time; in another thread it is too late."""
        with suppress(RuntimeError):
            self.release()

    def close(self) -> None:
        """Close the file and the lock when no other thread is at work with them."""
        is_ours = self._wait()
        try:
            self._close()
        finally:
            if is_ours:
                self._mutex.release()

    def close_before_fork(self, forget: Callable[[], object]) -> None:
        """Close it, unless this very thread forks while it works with it.

        Args:
            forget: Called first: its thread may have it in its hand, and looks whether it is known.
        """
        is_ours = self._wait()
        try:
            forks_itself = self._held and self._thread == threading.get_ident()
            if not (forks_itself and _is_at_work(self._thread)):
                forget()
                self._close()
        finally:
            if is_ours:
                self._mutex.release()

    def leave_to_parent(self) -> None:
        """In a fork: close what is open beside SQLite's files, and do not touch those."""
        self.is_open = False
        self._close_own_files()
        set_aside(self.sql)

    def _close(self) -> None:
        self.is_open = False
        self.sql.close()
        self._close_own_files()

    def _close_own_files(self) -> None:
        self.lock.close()
        if self.log is not None:
            self.log.close()

    def _wait(self) -> bool:
        """Wait until its thread is not at work with it; False if it will never be given back."""
        while not self._mutex.acquire(timeout=_LOOK_S):
            if not _is_at_work(self._thread):
                return False
        return True


def is_within_a_turn() -> bool:
    """Whether the turn that is about to begin was called for within another one of its thread."""
    outside = False
    for is_ours in _frames(threading.get_ident()):
        if is_ours and outside:
            return True
        outside = outside or not is_ours
    return False


def _is_at_work(thread: int) -> bool:
    """Whether a thread is within a turn: it is in code of ours, which does not suspend any."""
    return any(_frames(thread))


def _frames(thread: int) -> Iterator[bool]:
    """Yield whether each frame of a thread, the innermost first, is one of a store."""
    frame = sys._current_frames().get(thread)
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if name != __name__:
            yield name.startswith("pycaddy.stores.")
        frame = frame.f_back


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
            connection.close_before_fork(partial(self._by_thread.pop, thread, None))

    def after_fork_in_child(self) -> None:
        """Begin anew; what was inherited was set aside."""
        self._forget()


_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_open: weakref.WeakSet[Connection] = weakref.WeakSet()
_inherited: list[object] = []
_opening = threading.RLock()


def set_aside(connection: object) -> None:
    """Keep what a fork has inherited from ever being closed by it: it is its parent's."""
    _inherited.append(connection)


def _before_fork() -> None:
    _opening.acquire()  # and nobody opens another one meanwhile
    for connections in list(_all):
        connections.before_fork()
    for connection in list(_open):
        if connection.is_open:  # in nobody's hands, after Ctrl-C
            connection.close_before_fork(_nothing)


def _nothing() -> None:
    pass


def _after_fork_in_parent() -> None:
    _opening.release()


def _after_fork_in_child() -> None:
    _opening.release()
    for connection in list(_open):
        if connection.is_open:
            connection.leave_to_parent()
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
