"""A copy of a ledger file: whole, checked and on disk before it has its name."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from pycaddy._files import random_id, sync_folder
from pycaddy.errors import LedgerDamagedError
from pycaddy.stores._sqlite_errors import translated

__all__ = ["write"]


def write(ledger: sqlite3.Connection, target: str) -> None:
    """Copy *ledger* to the file *target* while others go on writing.

    Raises:
        LedgerDamagedError: The copy is not sound, since what was copied is not. Nothing is kept.
        LedgerStorageError: The disk refuses. An older file of this name is as it was.
    """
    partial = f"{target}.{random_id()}.tmp"
    try:
        with translated(target):
            _copy(ledger, partial, target)
            _sync(partial)
            os.replace(partial, target)
            sync_folder(os.path.dirname(os.path.abspath(target)))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)


def _copy(ledger: sqlite3.Connection, partial: str, target: str) -> None:
    copy = sqlite3.connect(partial)
    try:
        ledger.backup(copy)
        # A copy stands alone: no WAL beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
        found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    finally:
        copy.close()
    if found != ["ok"]:
        raise LedgerDamagedError(
            f"No backup was written to {target}, since the ledger is damaged: {found[0]}. "
            "Run `pycaddy rebuild` to make it again from the runs' folders.",
            ledger=target,
        )


def _sync(path: str) -> None:
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
