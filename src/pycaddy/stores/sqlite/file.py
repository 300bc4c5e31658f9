"""Opening a ledger file: what is there, is it ours, is it whole, is it up to date."""

from __future__ import annotations

import os
import sqlite3
import time

from pycaddy._files import make_folders, random_id
from pycaddy.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerMissingError,
    LedgerVersionError,
)
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.stores import migrations
from pycaddy.stores.sqlite.backup import backup
from pycaddy.stores.sqlite.connection import Connection
from pycaddy.stores.sqlite.durability import Durability, at_open
from pycaddy.stores.sqlite.errors import translated
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.mounts import is_network

__all__ = ["BUSY_TIMEOUT_S", "connect", "lost"]

BUSY_TIMEOUT_S = 60.0

# One statement, so that what it tells is of one moment.
_WHAT_IS_IT = (
    "SELECT (SELECT application_id FROM pragma_application_id), "
    "(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)"
)

_OLDEST = (3, 37, 0)  # STRICT tables; also the oldest that Python 3.11 was released with


def connect(path: str, durability: str, project: str | None) -> Connection:
    """Open the ledger file *path*, making or migrating it when needed.

    Args:
        project: The id that a new ledger is made for. None: a fresh one.

    Raises:
        LedgerError: One of its kinds, which says what to do.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise LedgerError(
            f"SQLite {sqlite3.sqlite_version} is too old; 3.37 is the least. "
            "Use a newer Python, or conda's.",
            ledger=path,
        )
    folder = os.path.dirname(path)
    _refuse_lost(path)
    with translated(path):
        if _size(path) > 0 and not _may_write(folder):
            return _connect_to_read(path)
        make_folders(folder)
        network = is_network(folder)
        # Asked before the file is opened: if it is replaced meanwhile, the store notices.
        inode = os.stat(path).st_ino if os.path.exists(path) else None
        lock = WriterLock(None if network else f"{path}.lock", BUSY_TIMEOUT_S)
        sql = _open(path)
        try:
            has_log = _prepare(sql, lock, path, project, network=network)
            _refuse_truncated(sql, path)
            opened = at_open(sql, path, lock, durability, has_log=has_log, on_network=network)
            # Checkpoints are ours: whole, and only under the writer lock.
            sql.execute("PRAGMA wal_autocheckpoint=0")
            sql.execute("PRAGMA journal_size_limit=16777216")  # a WAL that grew does not stay so
            sql.execute("PRAGMA cache_size=-16000")  # 16 MB
            inode = inode or os.stat(path).st_ino
            return Connection(sql, lock, opened, inode, on_network=network)
        except BaseException:
            sql.close()
            lock.close()
            raise


def _connect_to_read(path: str) -> Connection:
    """Open a ledger in a folder that we may not write to: a colleague's, or a read-only disk."""
    from urllib.parse import quote

    # Nobody writes when there is no write-ahead log, and SQLite could not make one here.
    mode = "mode=ro" if _size(f"{path}-wal") > 0 else "mode=ro&immutable=1"
    sql = _open(f"file:{quote(path)}?{mode}", uri=True)
    try:
        _recognised(sql, path)
        _refuse_truncated(sql, path)
        lock = WriterLock(None, 0)
        unsynced = Durability(path, lock, waits=False)
        return Connection(sql, lock, unsynced, os.stat(path).st_ino, on_network=False)
    except BaseException:
        sql.close()
        raise


def _open(database: str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        database,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # a connection serves one thread, but any may close it
        cached_statements=64,
        uri=uri,
    )


def _refuse_lost(path: str) -> None:
    """Refuse to begin a new ledger where the project says that there was one."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) != LEDGER_FOLDER:
        return
    if not os.path.exists(os.path.join(folder, "project.json")):
        return
    # Looked at last: another process may be making both, and this file first.
    size = _size(path)
    if size > 1:  # SQLite takes a file of one byte for an empty one
        return
    raise lost(path, size)


def lost(path: str, size: int) -> LedgerError:
    """Return the error that the ledger *path* is gone, or empty if it has a *size*."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) == LEDGER_FOLDER:
        advice = (
            f"Run `pycaddy rebuild {os.path.dirname(folder)}` to make it again from their folders."
        )
    else:
        advice = "Restore it from a backup."
    kind = LedgerMissingError if size < 0 else LedgerDamagedError
    return kind(
        f"The ledger {path} is {'gone' if size < 0 else 'empty'}, and the project's runs may "
        f"still be there. {advice}",
        ledger=path,
    )


def _prepare(
    sql: sqlite3.Connection, lock: WriterLock, path: str, project: str | None, *, network: bool
) -> bool:
    """Make the file what this version works with; return whether it has a write-ahead log."""
    version = _recognised(sql, path)  # before the journal's mode is written into the file
    # WAL needs shared memory, which machines do not share. A file remembers that it is WAL, and
    # nothing else, so the other mode is set for each connection.
    if network:
        sql.execute("PRAGMA journal_mode=TRUNCATE")
    is_wal: bool = sql.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    if version == migrations.LATEST and is_wal is not network:
        return is_wal
    lock.acquire()
    try:
        version = _recognised(sql, path)  # another opener may have been faster
        if 0 < version < migrations.LATEST:
            backup(sql, _place_for_backup(path, version))
        wanted = "TRUNCATE" if network else "WAL"
        is_wal = sql.execute(f"PRAGMA journal_mode={wanted}").fetchone() == ("wal",)
        sql.execute("PRAGMA synchronous=FULL")
        sql.execute("BEGIN IMMEDIATE")
        version = _recognised(sql, path)
        for step in range(version + 1, migrations.LATEST + 1):
            for statement in migrations.script("sqlite", step).split(";\n"):
                sql.execute(statement)
        if version == 0:
            sql.execute("INSERT INTO meta VALUES ('project', ?)", (project or random_id(),))
        sql.execute(f"PRAGMA application_id={migrations.APPLICATION_ID}")
        sql.execute(f"PRAGMA user_version={migrations.LATEST}")
        sql.execute("COMMIT")
    finally:
        if sql.in_transaction:
            sql.execute("ROLLBACK")
        lock.release()
    return is_wal


def _place_for_backup(path: str, version: int) -> str:
    folder, name = os.path.split(path)
    backups = os.path.join(folder, "backups")
    make_folders(backups)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    return os.path.join(backups, f"{name}-schema-{version}-{stamp}.db")


def _recognised(sql: sqlite3.Connection, path: str) -> int:
    """Return the version of the schema, 0 in an empty file; refuse what is not to be touched."""
    application, version, tables = sql.execute(_WHAT_IS_IT).fetchone()
    if application != migrations.APPLICATION_ID:
        if not (application or version or tables):
            return 0
        raise LedgerDamagedError(
            f"{path} is an SQLite database of another program. "
            "Move it away, or give the ledger another path.",
            ledger=path,
        )
    if version > migrations.LATEST:
        raise LedgerVersionError(
            f"The ledger {path} has schema version {version}, and this pycaddy knows "
            f"{migrations.LATEST}. Nothing was changed. Run: pip install --upgrade pycaddy",
            ledger=path,
        )
    return int(version)


def _refuse_truncated(sql: sqlite3.Connection, path: str) -> None:
    """Compare the file's size with its header's: SQLite looks only when it reads past the end."""
    pages, page_size = (
        sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    # Asked in this order: whoever writes meanwhile lets the WAL grow, and then the file.
    if _size(f"{path}-wal") > 0:  # the newest pages are still in there
        return
    size = _size(path)
    if size < pages * page_size:
        raise LedgerDamagedError(
            f"The ledger {path} is truncated: {size} bytes of {pages * page_size}. "
            f"Run `pycaddy rebuild` to make it again from the runs' folders.",
            ledger=path,
        )


def _may_write(folder: str) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK, effective_ids=effective)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return -1
