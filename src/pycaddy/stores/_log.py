"""The write-ahead log, put on disk after the turn was handed on.

Several writers wait for the disk at once in this way, and the kernel has it write for all of them
together; docs/design/0020-commits-wait-outside.md says why nothing is lost.
"""

from __future__ import annotations

import os

__all__ = ["LogFile"]


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
            self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)

    def sync(self) -> None:
        """Wait until all that was committed so far is on disk."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1
