"""One SQLite connection per thread and process, opened when first needed.

Before a fork the connections are closed. SQLite remembers per process which locks it holds. A
child would inherit that memory but not the locks, so its own connection to the same file would
work without them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable

from pycaddy.stores.forks import set_aside
from pycaddy.stores.sqlite.durability import Durability
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.recent import Recent

__all__ = ["Connection", "Connections"]


# A loop over a finished grid looks this often whether the file was replaced. Others always look.
_TRUST_S = 0.05


class Connection:
    """An open ledger file with its writer lock, for the thread that opens it."""

    __slots__ = (
        "commits",
        "durability",
        "held",
        "identifiers",
        "inode",
        "is_open",
        "is_spent",
        "lock",
        "mutex",
        "on_network",
        "recent",
        "sql",
        "surely_there_until",
    )

    def __init__(
        self,
        sql: sqlite3.Connection,
        lock: WriterLock,
        durability: Durability,
        inode: int,
        *,
        on_network: bool,
    ) -> None:
        self.sql = sql
        self.lock = lock
        self.durability = durability
        self.inode = inode
        self.is_open = True
        self.is_spent = False
        """Whether it has to be replaced after the current transaction."""
        self.on_network = on_network
        self.commits = 0
        self.identifiers: dict[tuple[str, str], int] = {}
        self.recent = Recent(sql)
        self.surely_there_until = 0.0
        self.mutex = threading.RLock()
        """Held by the thread that uses the connection, and by a thread that closes it."""
        self.held = 0

    def release(self) -> None:
        """Let other threads close it: undo one `Connections.hold`."""
        self.held -= 1
        self.mutex.release()

    def close(self) -> None:
        """Close it, after the transaction that another thread may be in."""
        with self.mutex:
            self.is_open = False
            self.sql.close()
            self._close_own_files()

    def close_before_fork(self) -> bool:
        """Close it, after the transaction that another thread may be in.

        Returns:
            Whether it was closed. A thread that forks within its own transaction still needs it.
        """
        with self.mutex:
            if self.held:
                return False
            self.close()
        return True

    def leave_to_parent(self) -> None:
        """In a fork: close the files beside SQLite's, and do not touch those."""
        self.is_open = False
        self._close_own_files()
        set_aside(self.sql)

    def _close_own_files(self) -> None:
        self.lock.close()
        self.durability.close()


class Connections:
    """The connections of this process to one ledger, by thread.

    Args:
        path: The ledger's file.
        connect: Opens a connection for the calling thread.
    """

    def __init__(self, path: str, connect: Callable[[], Connection]) -> None:
        self._path = path
        self._connect = connect
        self._forget()
        _all.add(self)

    def __del__(self) -> None:
        # A project is dropped, not closed. The lock's file would stay open.
        self.close()

    def hold(self, *, in_a_loop: bool = False) -> Connection:
        """Return the calling thread's connection to the file that is at the path now.

        No other thread closes it until it is released. Call this where Ctrl-C is deferred.

        Args:
            in_a_loop: Look only from time to time whether the file was replaced.
        """
        thread = threading.get_ident()
        while True:
            connection = self._by_thread.get(thread) or self._open(thread)
            connection.mutex.acquire()
            connection.held += 1
            try:
                if connection.is_open:  # else another thread has closed it, to fork
                    now = time.monotonic()
                    if in_a_loop and now < connection.surely_there_until:
                        return connection
                    if os.stat(self._path).st_ino == connection.inode:
                        connection.surely_there_until = now + _TRUST_S
                        return connection
                    # It was replaced by a rebuild. A change of the old file would be lost.
                    self.drop()
            except FileNotFoundError:
                self.drop()
            except BaseException:
                connection.release()
                raise
            connection.release()

    def drop(self) -> None:
        """Close the calling thread's connection; the next `hold` opens a new one."""
        with self._mutex:
            connection = self._by_thread.pop(threading.get_ident(), None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close all connections, each after the transaction that its thread is in."""
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
        """Close the connections; a thread that is in a transaction is waited for."""
        for thread, connection in list(self._by_thread.items()):
            if connection.close_before_fork():
                self._by_thread.pop(thread, None)

    def after_fork_in_child(self) -> None:
        """Begin anew, and leave what was open to the parent."""
        for connection in self._by_thread.values():
            connection.leave_to_parent()
        self._forget()


_all: weakref.WeakSet[Connections] = weakref.WeakSet()
_opening = threading.RLock()
_deferred = DeferredInterrupt()


def _before_fork() -> None:
    _deferred.defer()  # the fork needs every connection closed
    _opening.acquire()  # no other thread opens one meanwhile
    for connections in list(_all):
        connections.before_fork()


def _after_fork_in_parent() -> None:
    _opening.release()
    _deferred.end()


def _after_fork_in_child() -> None:
    _opening.release()
    for connections in list(_all):
        connections.after_fork_in_child()
    _deferred.end()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
