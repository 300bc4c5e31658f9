"""A copy of a ledger's file, taken while others go on working."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from pycaddy._files import random_id, sync_folder
from pycaddy.errors import LedgerDamagedError

__all__ = ["backup"]


def backup(sql: sqlite3.Connection, target: str) -> None:
    """Write the database of *sql* to the file *target*, whole, checked and on disk or not at all.

    Raises:
        LedgerDamagedError: The copy is not sound, since what was copied is not.
    """
    partial = f"{target}.{random_id()}.tmp"
    try:
        _copy(sql, partial, target)
        _sync(partial)
        os.replace(partial, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)
    sync_folder(os.path.dirname(target))


def _copy(sql: sqlite3.Connection, partial: str, target: str) -> None:
    copy = sqlite3.connect(partial)
    try:
        sql.backup(copy)
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
    fd = os.open(path, os.O_RDWR)  # Windows syncs only what may be written
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
