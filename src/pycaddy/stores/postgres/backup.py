"""A project of a PostgreSQL ledger as a file that opens without a server."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import psycopg

from pycaddy._files import random_id, sync_folder
from pycaddy.stores.postgres import statements as sql
from pycaddy.stores.rows import COLUMNS
from pycaddy.stores.sqlite.errors import translated
from pycaddy.stores.sqlite.store import SqliteStore

__all__ = ["backup"]


def backup(at: psycopg.Connection[Any], project: str, target: str) -> None:
    """Write the runs, counters and folders of *project* to the file *target*, as of one moment."""
    target = os.path.abspath(target)
    workshop = f"{target}.{random_id()}.partial"
    with translated(target):
        os.mkdir(workshop)
    try:
        path = os.path.join(workshop, "ledger.db")
        SqliteStore(path, project).counts()
        with (
            at.transaction(),
            translated(target),
            closing(sqlite3.connect(path)) as copy,
        ):
            at.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            with copy:
                _copy(at, copy, "identifier", sql.IDENTIFIER_COLUMNS, project)
                _copy(at, copy, "folder", sql.FOLDER_COLUMNS, project)
                _copy(at, copy, "run", (*COLUMNS, "identifier"), project)
            copy.execute("PRAGMA journal_mode=DELETE")  # it stands alone: no WAL beside it
        os.replace(path, target)
        sync_folder(os.path.dirname(target))
    finally:
        shutil.rmtree(workshop)


def _copy(
    at: psycopg.Connection[Any],
    copy: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    project: str,
) -> None:
    rows = at.execute(sql.everything(table, columns), (project,))
    places = ", ".join("?" for _ in columns)
    copy.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
