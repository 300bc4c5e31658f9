"""What makes a committed change outlive a power cut.

With `durability="power"` SQLite commits without waiting for the disk. The writer hands the lock on
and then waits for the disk itself, before the call returns. Several writers wait at once in this
way, and the kernel writes for all of them together. docs/design/0020-commits-wait-outside.md says
why nothing is lost.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from pycaddy.errors import LedgerBusyError
from pycaddy.stores.sqlite.errors import not_kept
from pycaddy.stores.sqlite.lock import WriterLock

__all__ = ["SYNCHRONOUS", "Durability", "at_open"]

SYNCHRONOUS = {"power": "FULL", "process": "NORMAL"}
"""Durability -> https://www.sqlite.org/pragma.html#pragma_synchronous"""

_CHUNK_BYTES = 1 << 20


def at_open(
    sql: sqlite3.Connection,
    path: str,
    lock: WriterLock,
    durability: str,
    *,
    has_log: bool,
    on_network: bool,
) -> Durability:
    """Return what makes the changes of one connection to the ledger *path* durable.

    Args:
        has_log: The file has a write-ahead log.
        on_network: The file is on a network file system, where SQLite waits for the disk itself.
    """
    waits = has_log and durability == "power" and hasattr(os, "fdatasync")
    level = "EXTRA" if on_network else "NORMAL" if waits else SYNCHRONOUS[durability]
    sql.execute(f"PRAGMA synchronous={level}")
    opened = Durability(path, lock, waits=waits)
    if has_log and lock.is_marked():
        # Closing the last connection moves the log into the database, with the part of it that
        # the disk has refused. If the repair fails, the next writer tries again and raises.
        with suppress(OSError, LedgerBusyError):
            opened.repair()
    return opened


class Durability:
    """The write-ahead log of the ledger *path*, as one connection syncs it.

    The kernel reports a failed write of the log once, and takes the pages for written from then
    on. So the writer that was refused marks the lock file. Each writer that finds the mark writes
    the log again before it changes anything.

    SQLite holds no lock on the log that closing this handle could drop: in this mode its locks
    are on the database and on the index of the log.

    Args:
        waits: False: SQLite does all that is needed, and the methods do nothing.
    """

    __slots__ = ("_fd", "_lock", "_log", "_path", "_waits")

    # Its own, since the interpreter's exit may take `os` away before the last connection goes.
    _close = staticmethod(os.close)

    def __init__(self, path: str, lock: WriterLock, *, waits: bool) -> None:
        self._path = path
        self._log = f"{path}-wal"
        self._lock = lock
        self._waits = waits
        self._fd = -1

    def before_write(self) -> None:
        """Inside a transaction: repair the log if the disk has refused a part of it.

        Raises:
            OSError: The disk refuses it still, and nothing was changed.
        """
        if not self._waits:
            return
        if self._fd < 0:
            # During a transaction the file of this name is the connection's own log.
            self._fd = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
        if os.fstat(self._lock.fd).st_size:  # the mark
            # Without it, this change would be acknowledged on top of a gap.
            self._write_again()

    def after_commit(self) -> None:
        """Wait until the last commit is on disk; other processes write meanwhile.

        Raises:
            LedgerSyncError: The disk refuses it.
        """
        if not self._waits:
            return
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            with suppress(OSError):  # a disk that takes no mark takes no change either
                self._lock.mark(True)
            self._repair_or_raise(error)
            return
        if os.fstat(self._lock.fd).st_size:
            self._repair_or_raise()

    def repair(self) -> None:
        """Outside a transaction: write again what the disk has refused.

        Raises:
            LedgerBusyError: Another writer kept the lock for too long.
            OSError: The disk refuses it still.
        """
        self._lock.acquire()
        try:
            self._write_again()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the log's file."""
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1

    def _repair_or_raise(self, refused: OSError | None = None) -> None:
        try:
            self.repair()
        except (OSError, LedgerBusyError) as error:
            raise not_kept(refused or error, self._path) from error

    def _write_again(self) -> None:
        """Write the whole log over itself: the kernel writes nothing that it takes for written."""
        try:
            if self._fd < 0:
                self._fd = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
            offset = 0
            while part := os.pread(self._fd, _CHUNK_BYTES, offset):
                offset += os.pwrite(self._fd, part, offset)
            os.fdatasync(self._fd)
        except FileNotFoundError:
            pass  # the connection that was closed last has moved it into the database
        except OSError:
            with suppress(OSError):  # a disk that takes no mark takes no change either
                self._lock.mark(True)
            raise
        self._lock.mark(False)
