"""How much room the runs of a project take on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from pycaddy.layout import LEDGER_FOLDER, TRASH_FOLDER
from pycaddy.ledger.ledger import Ledger
from pycaddy.ledger.trash import own_files
from pycaddy.records import RunRecord

__all__ = ["Usage", "measure", "size_of_run"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes, as the files' sizes add up."""

    runs: dict[str, int]
    """By run ("imagenet/train/0007"): the files that are its own."""
    identifiers: dict[str, int]
    """By identifier with its namespace ("imagenet/train"): those of its runs."""
    trash: int
    """What `empty_trash` would free."""
    ledger: int
    """The ledger, and what else lies beside it."""

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.runs.values()) + self.trash + self.ledger


def measure(ledger: Ledger, records: Iterable[RunRecord]) -> Usage:
    """Return what *records*, the trash and the ledger take; a file is counted for whom it is."""
    shared = ledger.store.folders("files")
    runs: dict[str, int] = {}
    identifiers: dict[str, int] = {}
    for record in records:
        size = size_of_run(ledger.root, record, shared)
        runs[str(record.key)] = size
        home = record.layout.home
        identifiers[home] = identifiers.get(home, 0) + size
    trash = _size(os.path.join(ledger.root, TRASH_FOLDER))
    own = _size(os.path.join(ledger.root, LEDGER_FOLDER)) - trash
    return Usage(runs, identifiers, trash, own)


def size_of_run(base: str, record: RunRecord, shared: set[str]) -> int:
    """Return the bytes of a run's own files below *base*.

    Args:
        base: The project's root, or its trash.
        record: The run.
        shared: The folders that runs in PREFIX mode share.
    """
    return sum(_size(os.path.join(base, path)) for path in own_files(base, record, shared))


def _size(path: str) -> int:
    """Return the bytes of a file, or of all files below a folder; links are not followed.

    What disappears while it is counted counts for nothing.
    """
    try:
        if not os.path.isdir(path) or os.path.islink(path):
            return os.lstat(path).st_size
        with os.scandir(path) as entries:
            return sum(
                _size(entry.path)
                if entry.is_dir(follow_symlinks=False)
                else entry.stat(follow_symlinks=False).st_size
                for entry in entries
            )
    except FileNotFoundError:
        return 0
