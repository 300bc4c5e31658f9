"""SQLite's errors in the words of the error tree."""

from __future__ import annotations

import errno
import os
import sqlite3

from pycaddy.errors import (
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerStorageError,
    LedgerSyncError,
    PycaddyError,
)

__all__ = ["not_kept", "raise_translated", "translated"]

_STORAGE = {
    sqlite3.SQLITE_FULL: "the disk is full. Make room and call again",
    sqlite3.SQLITE_IOERR: "the disk failed, or a quota is used up. See dmesg and `quota`",
    sqlite3.SQLITE_READONLY: "it is read-only. Check the permissions of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the permissions of its folder",
    sqlite3.SQLITE_PERM: "access is denied. Check the permissions of the file and its folder",
}
_DAMAGED = frozenset((sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT))
_BUSY = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))


class translated:  # noqa: N801 - it reads as contextlib.suppress does
    """Raise what SQLite and the operating system raise inside as a LedgerError about *path*."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is not None:
            raise_translated(error, self._path)


def raise_translated(error: BaseException, path: str) -> None:
    """Raise the LedgerError that *error* stands for; do nothing if it stands for itself."""
    if isinstance(error, LedgerError):
        return
    if isinstance(error, sqlite3.Error):
        raise _translate(error, path) from error
    if isinstance(error, OSError) and not isinstance(error, PycaddyError):
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise LedgerStorageError(
            f"The ledger {path} cannot be used: {reason}. "
            "What was acknowledged before is kept; check the disk and the permissions.",
            ledger=path,
        ) from error


def not_kept(error: Exception, path: str) -> LedgerSyncError:
    """Return the error for a change that is made, and that the disk may not keep."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = _STORAGE[sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR]
    return LedgerSyncError(
        f"The change of the ledger {path} is made, and may not outlive a power cut: {reason}. "
        "What was acknowledged before is kept.",
        ledger=path,
    )


def _translate(error: sqlite3.Error, path: str) -> LedgerError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    if reason := _STORAGE.get(code):
        return LedgerStorageError(
            f"The ledger {path} was not changed: {reason}. What was acknowledged before is kept.",
            ledger=path,
        )
    if code in _DAMAGED:
        return LedgerDamagedError(
            f"The ledger {path} is damaged ({error}). "
            "Run `pycaddy rebuild` to make it again from the runs' folders.",
            ledger=path,
        )
    if code in _BUSY:
        return LedgerBusyError(
            f"Another program has kept the ledger {path} locked. See which one: fuser -v {path}",
            ledger=path,
        )
    return LedgerError(f"The ledger {path}: {error}.", ledger=path)
