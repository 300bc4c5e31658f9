"""What a ledger lives on: the machine, its disk, what lies beside it, the copies there are."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from pycaddy.layout import LEDGER_FOLDER
from pycaddy.ledger.findings import Finding, leftover
from pycaddy.ledger.ledger import Ledger
from pycaddy.records import RunRecord
from pycaddy.stores.postgres.url import is_postgres
from pycaddy.stores.sqlite.mounts import is_network

__all__ = ["backups", "leftovers", "machine"]

# https://www.sqlite.org/wal.html#walresetbug
_WAL_RESET_MENDED = (3, 51, 3)
_LITTLE_SPACE = 100 << 20
_DAY_S = 86_400
_OLD_S = 30 * _DAY_S
_TEMPORARY = re.compile(r".+\.[0-9a-f]{12}(?:[0-9a-f]{20})?\.tmp")
_COPY = re.compile(r"ledger-.*\.db")


def machine(ledger: Ledger) -> Iterator[Finding]:
    """Look at SQLite, the file system and the room on it."""
    if sqlite3.sqlite_version_info < _WAL_RESET_MENDED:
        yield Finding(
            f"SQLite {sqlite3.sqlite_version}",
            "has a rare bug when several processes reset the write-ahead log; pycaddy takes "
            "turns so that they do not",
            "3.51.3 and newer are free of it",
            severe=False,
        )
    if not is_postgres(ledger.address) and is_network(os.path.dirname(ledger.address)):
        yield Finding(
            ledger.address,
            "lies on a file system that machines share, where one machine at a time can use it",
            "For several at once keep it in PostgreSQL: `pycaddy ledger up`, and `ledger copy`",
            severe=False,
        )
    for place in _places(ledger):
        free = shutil.disk_usage(place).free
        if free < _LITTLE_SPACE:
            yield Finding(place, f"has {free >> 20} MiB left", "Make room", severe=False)


def leftovers(ledger: Ledger, *, fix: bool = False) -> Iterator[Finding]:
    """Look for files in `.pycaddy` that were written and never got their name.

    One that is younger than a day may be on its way: a large backup takes its time.
    """
    own = os.path.join(ledger.root, LEDGER_FOLDER)
    for folder in (own, os.path.join(own, "backups")):
        with suppress(OSError), os.scandir(folder) as entries:
            old = [
                entry.path
                for entry in entries
                if _TEMPORARY.fullmatch(entry.name)
                and entry.is_file(follow_symlinks=False)
                and time.time() - entry.stat().st_mtime > _DAY_S
            ]
            yield from (leftover(path, fix=fix) for path in sorted(old))


def backups(ledger: Ledger, records: Sequence[RunRecord]) -> Iterator[Finding]:
    """Look at the age of the latest backup, once there are runs that are older than it may be."""
    now = time.time()
    if all(now - record.created_us / 1e6 < _OLD_S for record in records):
        return
    folder = os.path.join(ledger.root, LEDGER_FOLDER, "backups")
    latest = 0.0
    with suppress(OSError), os.scandir(folder) as entries:
        times = [entry.stat().st_mtime for entry in entries if _COPY.fullmatch(entry.name)]
        latest = max(times, default=0.0)
    if now - latest < _OLD_S:
        return
    age = f"the latest is {(now - latest) / _DAY_S:.0f} days old" if latest else "there is none"
    yield Finding(
        folder,
        f"holds no backup of the last {_OLD_S // _DAY_S} days: {age}",
        "`pycaddy ledger backup` writes one while others work",
        severe=False,
    )


def _places(ledger: Ledger) -> Iterator[str]:
    """Yield the folders that are written to, one for each disk."""
    yield ledger.root
    folder = os.path.dirname(ledger.address)
    if os.path.isdir(folder) and os.stat(folder).st_dev != os.stat(ledger.root).st_dev:
        yield folder
