"""The write-ahead log, put on disk after the turn was handed on.

Several writers wait for the disk at once in this way, and the kernel has it write for all of them
together; docs/design/0020-commits-wait-outside.md says why nothing is lost.
"""

from __future__ import annotations

import os
from contextlib import suppress

from pycaddy.stores.sqlite.lock import WriterLock

__all__ = ["LogFile", "close_the_gap", "take_a_turn_to_close_the_gap"]

_CHUNK_BYTES = 1 << 20


class LogFile:
    """The log of the ledger *path*, as one connection sees it.

    SQLite holds no lock on it that closing this handle could drop: its locks in this mode are on
    the database and the index of the log.
    """

    __slots__ = ("_fd", "_path")

    # Its own, since the interpreter's exit may take `os` away before the last connection goes.
    _close = staticmethod(os.close)

    def __init__(self, path: str) -> None:
        self._path = f"{path}-wal"
        self._fd = -1

    def __del__(self) -> None:
        self.close()

    def open(self) -> None:
        """Open it, inside a transaction: while there is one it is the connection's."""
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)

    def sync(self) -> None:
        """Wait until all that was committed so far is on disk."""
        os.fdatasync(self._fd)

    def write_again(self) -> None:
        """Have the disk take all of it anew."""
        offset = 0
        while part := os.pread(self._fd, _CHUNK_BYTES, offset):
            offset += os.pwrite(self._fd, part, offset)
        self.sync()

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1


def close_the_gap(log: LogFile, lock: WriterLock) -> None:
    """Within a turn: put on disk what the disk has refused, of anybody's changes.

    What could not be written the kernel takes for written, and writes nothing but what is written
    to the file once more. Who comes upon such a gap closes it: the lock file has a mark then.

    Raises:
        OSError: The disk refuses it still. The mark stays.
    """
    try:
        log.open()
        log.write_again()
    except FileNotFoundError:
        pass  # it was moved into the database by whoever closed it last
    except OSError:
        with suppress(OSError):  # a disk that takes no mark takes no change either
            lock.mark(True)
        raise
    lock.mark(False)


def take_a_turn_to_close_the_gap(log: LogFile, lock: WriterLock) -> None:
    """Do what `close_the_gap` does, outside of a turn.

    Raises:
        LedgerBusyError: Another writer kept its turn for too long.
        OSError: The disk refuses it still.
    """
    lock.acquire()
    try:
        close_the_gap(log, lock)
    finally:
        lock.release()
