"""One process's way to a PostgreSQL server: connections, and patience when it is gone."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from pycaddy.stores import lease
from pycaddy.stores.forks import set_aside
from pycaddy.stores.postgres import schema
from pycaddy.stores.postgres.errors import is_conflict, is_passing, translate
from pycaddy.stores.postgres.url import conninfo, public, schema_of

__all__ = ["Connection", "Server", "Work"]

Connection = psycopg.Connection[Any]
Work = Callable[[Connection, bool], "T"]
T = TypeVar("T")

_FIRST_PATIENCE_S = 10.0
_LONGEST_PAUSE_S = 1.0
# A thread that comes later takes one of these; a server has not many to give.
_KEPT = 4


class Server:
    """The connections of this process to the ledger at *url*, used by one call at a time each.

    No pool of threads: it would not outlive a fork, and a call needs a connection for as long
    as it takes and no longer.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = url
        self.read_only = read_only
        self.address = public(url)
        self.schema = schema_of(url)
        self._was_there = False
        self._mutex = threading.Lock()
        self._idle: list[Connection] = []
        _all.add(self)

    def __del__(self) -> None:
        self.close()

    def call(self, work: Work[T], *, patience_s: float | None = None) -> T:
        """Return what *work* returns, called again when the server was lost meanwhile.

        *work* gets a connection in autocommit, and whether an earlier call of it may have been
        carried out without our hearing of it. What it raises ends its transaction.

        Args:
            patience_s: How long to wait for a server that is away. Default: a lease; or, if it
                was never there, some seconds.

        Raises:
            LedgerUnreachableError: The server stayed away for longer.
        """
        begun = time.monotonic()
        lost = 0
        while True:
            try:
                return self._try(work, again=lost > 0)
            except psycopg.Error as error:
                if not is_conflict(error):
                    patience = patience_s or self._patience
                    if not is_passing(error) or time.monotonic() - begun > patience:
                        raise translate(error, self.address) from error
                    self.close()  # the others are lost as well
                lost += 1
                time.sleep(min(0.02 * 2**lost, _LONGEST_PAUSE_S) * (0.5 + _jitter()))

    @property
    def _patience(self) -> float:
        return lease.LEASE_S if self._was_there else _FIRST_PATIENCE_S

    def close(self) -> None:
        """Close the connections that nobody uses now."""
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _try(self, work: Work[T], *, again: bool) -> T:
        with self._mutex:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._connect()
        try:
            answer = work(connection, again)
        except Exception:
            self._keep_if_whole(connection)
            raise
        except BaseException:  # interrupted at any point: what comes next on it is not known
            connection.close()
            raise
        self._keep(connection)
        return answer

    def _connect(self) -> Connection:
        connection = psycopg.connect(conninfo(self.url), autocommit=True)
        try:
            if not self._was_there:
                schema.prepare(connection, self.schema, self.address)
                self._was_there = True
            if self.read_only:
                connection.execute("SET default_transaction_read_only = on")
        except BaseException:
            connection.close()
            raise
        return connection

    def _keep_if_whole(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except psycopg.Error:
            connection.close()
        else:
            self._keep(connection)

    def _keep(self, connection: Connection) -> None:
        with self._mutex:
            if len(self._idle) < _KEPT and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()

    def after_fork_in_child(self) -> None:
        """Set what was inherited aside, neither used nor closed."""
        for connection in self._idle:
            set_aside(connection)
        self._mutex = threading.Lock()  # the inherited one may be held by a thread that is gone
        self._idle = []


_all: weakref.WeakSet[Server] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for server in list(_all):
        server.after_fork_in_child()


def _jitter() -> float:
    return os.urandom(1)[0] / 255


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
