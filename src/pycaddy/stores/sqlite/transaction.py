"""Transactions on a ledger file: a connection held for reading, or for one change."""

from __future__ import annotations

import os
import sqlite3

from pycaddy.errors import LedgerError
from pycaddy.stores.sqlite.connection import Connection, Connections
from pycaddy.stores.sqlite.errors import raise_translated
from pycaddy.stores.sqlite.file import BUSY_TIMEOUT_S
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt
from pycaddy.stores.sqlite.one_host import OneHost

__all__ = ["Reading", "Transactions", "Writing"]

# https://www.sqlite.org/wal.html: readers slow down with the size of the WAL.
_CHECKPOINT_BYTES = 4 << 20
_CHECKPOINT_EVERY = 256  # commits of a connection, from its first on


class Transactions:
    """The transactions of this process's threads on the ledger *path*.

    Args:
        connections: To the file; a transaction uses the calling thread's.
    """

    __slots__ = ("__weakref__", "_one_host", "connections", "path")

    def __init__(self, path: str, connections: Connections) -> None:
        self.path = path
        self.connections = connections
        self._one_host = OneHost(path)

    def close(self) -> None:
        """Close the connections, each after the transaction that its thread is in."""
        self._one_host.end()
        deferred = DeferredInterrupt()
        deferred.defer()
        try:
            self.connections.close()
        finally:
            deferred.end()

    def finish(self, connection: Connection, error: BaseException | None) -> None:
        """Commit the transaction, or roll it back after *error*, and release the lock."""
        if not connection.is_open:
            self._refuse_closed(error)
            return
        try:
            if error is not None:
                self._roll_back(connection, error)
                return
            try:
                connection.sql.execute("COMMIT")
            except BaseException as failure:
                self._roll_back(connection, failure)
                raise
            connection.commits += 1
            if connection.commits % _CHECKPOINT_EVERY == 1:
                self._checkpoint(connection)
        finally:
            connection.lock.release()

    def _refuse_closed(self, error: BaseException | None) -> None:
        """Leave a transaction to the process that this one was forked from in the middle of it."""
        if error is None:
            raise LedgerError(
                f"The ledger {self.path} was closed in the middle of a change, or this process "
                "was forked there. It has changed nothing.",
                ledger=self.path,
            )

    def _roll_back(self, connection: Connection, error: BaseException) -> None:
        if _must_reopen(error):
            # After a failed fsync the kernel may have dropped dirty pages: start anew.
            # Closing rolls back as well, and where the disk fails a ROLLBACK may too.
            self.connections.drop()
        elif connection.sql.in_transaction:
            connection.sql.execute("ROLLBACK")

    def claim_host(self, db: sqlite3.Connection, deferred: DeferredInterrupt) -> None:
        """Go on in the transaction when this host may write; wait for that outside of it."""
        while (holder := self._one_host.claim(db)) is not None:
            db.execute("ROLLBACK")
            self._one_host.watch(db, holder, deferred)
            db.execute("BEGIN IMMEDIATE")
        self._one_host.keep(self._beat)

    def _beat(self) -> None:
        with Writing(self):
            pass

    def _checkpoint(self, connection: Connection) -> None:
        """Move the WAL into the database once it has grown, under the writer lock.

        RESTART makes the next commits overwrite the WAL: a file that does not change its size
        is on disk in two thirds of the time (docs/design/0003-checkpoints.md).
        """
        try:
            if os.stat(f"{self.path}-wal").st_size < _CHECKPOINT_BYTES:
                return
        except FileNotFoundError:  # no WAL on this file system
            return
        if connection.lock.is_marked():
            return  # the database must not contain what may be missing from the log on disk
        db = connection.sql
        try:
            db.execute("PRAGMA busy_timeout=0")  # a reader in the way is no reason to wait
            try:
                db.execute("PRAGMA wal_checkpoint(RESTART)")
            finally:
                db.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        except sqlite3.OperationalError as error:
            # The change is committed and stays in the WAL: an error would say that it is not.
            from logging import getLogger

            getLogger("pycaddy").warning(
                "The write-ahead log of %s could not be moved into it: %s", self.path, error
            )
            connection.is_spent = True


class Reading(DeferredInterrupt):
    """The calling thread's connection, held for reading statements.

    A class: a generator takes three times as long.

    Args:
        in_a_loop: Look only from time to time whether the file was replaced.
    """

    def __init__(self, transactions: Transactions, *, in_a_loop: bool = False) -> None:
        self._transactions = transactions
        self._in_a_loop = in_a_loop

    def __enter__(self) -> Connection:
        self.defer()
        try:
            self._connection = self._transactions.connections.hold(in_a_loop=self._in_a_loop)
        except BaseException as error:
            self.end()
            raise_translated(error, self._transactions.path)
            raise
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._connection.release()
        self.end()
        if error is not None:
            raise_translated(error, self._transactions.path)


class Writing(DeferredInterrupt):
    """The calling thread's connection, held for one transaction without other writers."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def __enter__(self) -> Connection:
        self.defer()
        transactions = self._transactions
        try:
            connection = self._connection = transactions.connections.hold()
            if connection.sql.in_transaction:
                connection.release()
                raise LedgerError(
                    f"A change of the ledger {transactions.path} cannot be made within another "
                    "one.",
                    ledger=transactions.path,
                )
            try:
                connection.lock.acquire(self)  # Ctrl-C ends the wait
                # A deferred transaction would fail at once when another writer came in between.
                connection.sql.execute("BEGIN IMMEDIATE")
                if connection.on_network:
                    transactions.claim_host(connection.sql, self)
                connection.durability.before_write()
            except BaseException as error:
                try:
                    transactions.finish(connection, error)
                finally:
                    connection.release()
                raise
        except BaseException as error:
            self.end()
            raise_translated(error, transactions.path)
            raise
        return connection

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """End the transaction. The lock is released first, and only then the disk waited for."""
        connection, transactions = self._connection, self._transactions
        failure = error
        try:
            transactions.finish(connection, error)
            if error is None:
                connection.durability.after_commit()
        except BaseException as raised:
            failure = raised
            raise
        finally:
            if connection.is_spent:
                transactions.connections.drop()
            connection.release()
            self.end()
            if failure is not None:
                raise_translated(failure, transactions.path)


def _must_reopen(error: BaseException | None) -> bool:
    """Whether the connection is of no more use: the disk failed, or it was opened to read only."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
