"""Turns at a ledger file: a connection held for reading, or for one write transaction."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress

from pycaddy.errors import LedgerBusyError, LedgerError
from pycaddy.stores.sqlite.connection import Connection, Connections, is_within_a_turn
from pycaddy.stores.sqlite.durability import close_the_gap, take_a_turn_to_close_the_gap
from pycaddy.stores.sqlite.errors import not_kept, raise_translated
from pycaddy.stores.sqlite.file import BUSY_TIMEOUT_S
from pycaddy.stores.sqlite.one_host import OneHost

__all__ = ["Turns"]

# https://www.sqlite.org/wal.html: readers slow down with the size of the WAL.
_CHECKPOINT_BYTES = 4 << 20
_CHECKPOINT_EVERY = 256  # commits of a connection, from its first on

# A loop over a finished grid looks this often whether the file was replaced, all else each time.
_TRUST_S = 0.05


class Turns:
    """The turns that the threads of this process take at the ledger *path*.

    Args:
        connections: To the file; a turn takes the calling thread's.
    """

    __slots__ = ("__weakref__", "_connections", "_one_host", "path")

    def __init__(self, path: str, connections: Connections) -> None:
        self.path = path
        self._connections = connections
        self._one_host = OneHost(path)

    def reading(self, *, in_a_loop: bool = False) -> _Reading:
        """Hand out the connection for reading statements.

        Args:
            in_a_loop: Whether the file was replaced is looked up from time to time only.
        """
        return _Reading(self, in_a_loop=in_a_loop)

    def writing(self) -> _Writing:
        """Run the block as one transaction that no other writer interrupts."""
        return _Writing(self)

    def close(self) -> None:
        """Close the connections, each when its thread has done what it is doing."""
        self._one_host.end()
        self._connections.close()

    def hold(self, *, in_a_loop: bool = False) -> Connection:
        """Return this thread's connection to the file that is at the path now, held."""
        while True:
            connection = self._connections.hold()
            try:
                if in_a_loop and time.monotonic() < connection.surely_there_until:
                    return connection
                if self._is_there(connection):
                    return connection
                # Deleted, or replaced by a rebuild: writing on would be writing into nothing.
                self._connections.drop()
            except BaseException:
                connection.release()
                raise
            connection.release()

    def _is_there(self, connection: Connection) -> bool:
        try:
            if os.stat(self.path).st_ino != connection.inode:
                return False
        except FileNotFoundError:
            return False
        connection.surely_there_until = time.monotonic() + _TRUST_S
        return True

    def begin(self, connection: Connection) -> None:
        """Wait for the writer's turn, and open a transaction."""
        connection.lock.acquire()
        # Deferred, it would fail at once when another writer came between.
        connection.sql.execute("BEGIN IMMEDIATE")
        if connection.on_network:
            self._claim_host(connection.sql)
        elif connection.log is not None and connection.lock.is_marked():
            # Somebody's change is not on disk: ours would be acknowledged on top of a gap.
            close_the_gap(connection.log, connection.lock)

    def commit(self, connection: Connection) -> None:
        """Make the transaction last, and tidy up from time to time."""
        if connection.log is not None:
            connection.log.open()
        connection.sql.execute("COMMIT")
        connection.commits += 1
        if connection.commits % _CHECKPOINT_EVERY == 1:
            self._checkpoint(connection)

    def sync(self, connection: Connection) -> None:
        """Wait until what was committed is on disk, while others write already."""
        if connection.log is None:
            return
        refused: OSError | None = None
        try:
            connection.log.sync()
        except OSError as error:
            # The kernel takes the pages for written now: whoever asks again, and whoever opens
            # the log from now on, hears of no failure.
            refused = error
            with suppress(OSError):  # a disk that takes no mark takes no change either
                connection.lock.mark(True)
        if refused is not None or connection.lock.is_marked():
            self.sync_all(connection, refused)

    def sync_all(self, connection: Connection, refused: OSError | None = None) -> None:
        """Put the log on disk whole, whatever the disk has refused of it before."""
        if connection.log is None:
            return
        try:
            take_a_turn_to_close_the_gap(connection.log, connection.lock)
        except (OSError, LedgerBusyError) as error:
            raise not_kept(refused or error, self.path) from error

    def drop(self) -> None:
        """Close the calling thread's connection; its next turn opens another one."""
        self._connections.drop()

    def undo(self, connection: Connection, error: BaseException | None) -> None:
        """Take back what the transaction did before *error*."""
        if _must_reopen(error):
            # After a failed fsync the kernel may have dropped dirty pages: start anew.
            # Closing rolls back as well, and where the disk fails a ROLLBACK may too.
            self._connections.drop()
        elif connection.sql.in_transaction:
            connection.sql.execute("ROLLBACK")

    def _claim_host(self, db: sqlite3.Connection) -> None:
        """Go on in the transaction when this host may write; wait for that outside of it."""
        while (holder := self._one_host.claim(db)) is not None:
            db.execute("ROLLBACK")
            self._one_host.watch(db, holder)
            db.execute("BEGIN IMMEDIATE")
        self._one_host.keep(self._beat)

    def _beat(self) -> None:
        with self.writing():
            pass

    def _checkpoint(self, connection: Connection) -> None:
        """Move the WAL into the database once it has grown, under the writer's lock.

        RESTART makes the next commits overwrite the WAL: a file that does not change its size
        is on disk in two thirds of the time (docs/design/0003-checkpoints.md).
        """
        try:
            if os.stat(f"{self.path}-wal").st_size < _CHECKPOINT_BYTES:
                return
        except FileNotFoundError:  # no WAL on this file system
            return
        if connection.lock.is_marked():
            return  # the database must not get what the log may not have on disk
        db = connection.sql
        try:
            db.execute("PRAGMA busy_timeout=0")  # a reader in the way is no reason to wait
            try:
                db.execute("PRAGMA wal_checkpoint(RESTART)")
            finally:
                db.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        except sqlite3.OperationalError as error:
            # The change is committed and stays in the WAL: to raise would be to deny it.
            from logging import getLogger

            getLogger("pycaddy").warning(
                "The write-ahead log of %s could not be moved into it: %s", self.path, error
            )
            connection.is_spent = True


class _Turn:
    """A connection in a thread's hands. A class: a generator takes three times as long."""

    __slots__ = ("_at", "_in_a_loop", "_turns")

    def __init__(self, turns: Turns, *, in_a_loop: bool = False) -> None:
        self._turns = turns
        self._in_a_loop = in_a_loop
        self._at: Connection | None = None


class _Over(_Turn):
    """What a turn becomes when it is over, without a `__del__`: it would swallow a Ctrl-C."""

    __slots__ = ()


class _Reading(_Turn):
    """A connection that is held for reading."""

    __slots__ = ()

    def __enter__(self) -> Connection:
        try:
            connection = self._at = self._turns.hold(in_a_loop=self._in_a_loop)
        except BaseException as error:
            raise_translated(error, self._turns.path)
            raise
        return connection

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        connection, self._at = self._at, None
        if connection is not None:
            connection.release()
        self.__class__ = _Over  # type: ignore[assignment]
        if error is not None:
            raise_translated(error, self._turns.path)

    def __del__(self) -> None:
        # Ctrl-C may come after the block and before __exit__; or before __init__ has begun.
        connection = getattr(self, "_at", None)
        if connection is not None:
            connection.give_up()


class _Writing(_Turn):
    """A connection that is held for one transaction."""

    __slots__ = ()

    def __enter__(self) -> Connection:
        try:
            connection = self._at = self._turns.hold()
            if connection.sql.in_transaction:
                self._go_on_from(connection)
            self._turns.begin(connection)
        except BaseException as error:
            self._give_up(error)
            raise
        return connection

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            self._give_up(error)
        elif (connection := self._at) is not None:
            try:
                self._turns.commit(connection)
            except BaseException as failure:
                if isinstance(failure, Exception) or connection.sql.in_transaction:
                    self._give_up(failure)
                else:  # Ctrl-C, and the change is made
                    self._settle(connection)
                raise
            self._settle(connection)

    def __del__(self) -> None:
        # Ctrl-C may come after the block and before __exit__: nobody else would ever write.
        connection = getattr(self, "_at", None)
        if connection is not None and connection.is_open:
            self._give_up(None)

    def _go_on_from(self, connection: Connection) -> None:
        """Take back the turn that Ctrl-C has cut off; the one that this is within is left alone."""
        if is_within_a_turn():
            self._at = None
            connection.release()
            raise LedgerError(
                f"A change of the ledger {self._turns.path} cannot be made within another one.",
                ledger=self._turns.path,
            )
        connection.sql.execute("ROLLBACK")
        connection.lock.release()

    def _settle(self, connection: Connection) -> None:
        """Hand the turn on, and wait until the change is on disk.

        After Ctrl-C as well: whoever calls again finds the change made, and takes it for kept.
        """
        try:
            try:
                connection.lock.release()
                self._turns.sync(connection)
            except Exception:
                raise
            except BaseException:
                # The disk may have refused it, which it says once.
                connection.lock.release()
                self._turns.sync_all(connection)
                raise
        finally:
            if connection.is_spent:
                self._turns.drop()
            self._at = None
            connection.release()
            self.__class__ = _Over  # type: ignore[assignment]

    def _give_up(self, error: BaseException | None) -> None:
        if (connection := self._at) is not None:
            try:
                self._turns.undo(connection, error)
            finally:
                self._end(connection)
        if error is not None:
            raise_translated(error, self._turns.path)

    def _end(self, connection: Connection) -> None:
        self._at = None
        connection.lock.release()
        connection.release()


def _must_reopen(error: BaseException | None) -> bool:
    """Whether the connection is of no more use: the disk failed, or it was opened to read only."""
    if not isinstance(error, sqlite3.OperationalError):
        return False
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)
