"""A copy of a ledger's file, taken while others go on working."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress

from pycaddy._files import sync_folder

__all__ = ["backup"]


def backup(sql: sqlite3.Connection, target: str) -> None:
    """Write the database of *sql* to the file *target*, whole or not at all."""
    partial = f"{target}.partial"
    with suppress(FileNotFoundError):
        os.unlink(partial)
    copy = sqlite3.connect(partial)
    try:
        sql.backup(copy)
        # A copy stands alone: no WAL beside it.
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
    os.replace(partial, target)
    sync_folder(os.path.dirname(target))
