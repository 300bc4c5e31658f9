"""Which ledger a project is kept in: changed in its `project.json`."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from pycaddy._files import make_folders, random_id, replace_file
from pycaddy.ledger import address

__all__ = ["is_unused", "point", "set_aside"]


def is_unused(root: str | os.PathLike[str]) -> bool:
    """Whether the project in *root* has no ledger yet: nothing would be lost from sight."""
    folder = os.path.abspath(root)
    return not any(map(os.path.exists, (address.ledger_file(folder), address.project_file(folder))))


def point(root: str | os.PathLike[str], ledger: str) -> None:
    """Let the project in *root* be kept in the ledger at *ledger*; the change is on disk.

    Processes that have the project open go on with the ledger that they have.
    """
    folder = os.path.abspath(root)
    path = address.project_file(folder)
    try:
        with open(path, encoding="utf-8") as file:
            facts = json.load(file)
    except FileNotFoundError:
        facts = address.first_facts(folder, random_id())
    facts.pop("ledger", None)
    if ledger != address.ledger_file(folder):
        facts["ledger"] = ledger
    make_folders(os.path.dirname(path))
    replace_file(path, json.dumps(facts).encode(), sync=True)


def set_aside(ledger: str, why: str) -> str | None:
    """Move what is there of a ledger file into `backups`; return where it lies now.

    A WAL that stayed behind alone goes too: SQLite would play it into the next ledger.
    """
    backups = os.path.join(os.path.dirname(ledger), "backups")
    make_folders(backups)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    target = os.path.join(backups, f"{why}-{stamp}-{random_id()[:6]}.db")
    for ending in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):  # the last one to close it deletes its WAL
            os.rename(f"{ledger}{ending}", f"{target}{ending}")
    return target if os.path.exists(target) else None
