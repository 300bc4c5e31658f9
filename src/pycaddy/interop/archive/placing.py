"""Files put in their places, all of them or none: what was done is undone from a journal.

Everything lies in `.pycaddy/import` until it is moved. The journal is written before the first
file is, and stays until the ledger has the runs and their folders describe them.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pycaddy import codec
from pycaddy._files import make_folders, replace_file, sync_folder
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.ledger import Ledger, sidecar
from pycaddy.records import RunRecord

__all__ = ["Move", "Workshop"]


@dataclass(frozen=True, slots=True)
class Move:
    """A file that goes from the workshop to its place."""

    staged: str
    """"": nothing does, and what lies there is put away."""
    target: str
    """Relative to the project's root."""
    replaces: bool
    """Whether a file lies there already."""


class Workshop:
    """The folder in which an import is prepared. One import at a time may use it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.folder = os.path.join(ledger.root, LEDGER_FOLDER, "import")
        self.files = os.path.join(self.folder, "files")
        self._old = os.path.join(self.folder, "old")
        self._journal = os.path.join(self.folder, "journal.json")

    def recover(self) -> None:
        """Bring an import that was killed to its end, or undo what it has done."""
        if (journal := self._read()) is not None:
            if self._is_committed(journal["runs"]):
                self.describe(journal["runs"])
            else:
                self.undo()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self, moves: list[Move], runs: Iterable[RunRecord]) -> None:
        """Move files to their places.

        Args:
            moves: From where to where.
            runs: What the ledger will have, by which it is seen whether it came to that.
        """
        make_folders(self._old)
        journal = {
            "runs": [[run.relpath, run.identifier, run.uid, run.history_text] for run in runs],
            "moves": [[move.staged, move.target, move.replaces] for move in moves],
        }
        replace_file(self._journal, codec.encode(journal).encode(), sync=True)
        folders = set()
        for number, move in enumerate(moves):
            target = self._target(move.target)
            folders.add(os.path.dirname(target))
            make_folders(os.path.dirname(target))
            if move.replaces:
                # What is replaced stays in its place until the other one is there.
                (_keep if move.staged else _move)(target, self._kept(number))
            if move.staged:
                _move(move.staged, target)
        for folder in folders:
            sync_folder(folder)

    def undo(self) -> None:
        """Take the files out of their places again, and put back what they replaced."""
        journal = self._read()
        if journal is None:
            return
        for number, (staged, path, replaces) in reversed([*enumerate(journal["moves"])]):
            target = self._target(path)
            if not replaces:
                if os.path.lexists(target):
                    _move(target, staged)
                _remove_empty(os.path.dirname(target), self._ledger.root)
            elif os.path.lexists(self._kept(number)):
                if staged and not os.path.lexists(staged):
                    _keep(target, staged)
                _move(self._kept(number), target)
        os.unlink(self._journal)

    def finish(self, runs: list[RunRecord]) -> None:
        """Describe the runs in their folders, now that the ledger has them, and tidy up."""
        self.describe([[run.relpath, run.identifier, run.uid] for run in runs])
        shutil.rmtree(self.folder)

    def describe(self, runs: list[list[str]]) -> None:
        """Write the `run.json` of each run as the ledger has it."""
        for relpath, identifier, uid, *_ in runs:
            record = self._ledger.store.get(relpath, identifier, int(uid))
            if record is not None and record.trashed_us is None and sidecar.has_one(record):
                self._ledger.describe(record)

    def _is_committed(self, runs: list[list[str]]) -> bool:
        """Whether the ledger has the runs: one tells of all, they came in one transaction."""
        relpath, identifier, uid, history = runs[0]
        record = self._ledger.store.get(relpath, identifier, int(uid))
        if record is None:
            return False
        expected = codec.decode_history(history)
        return record.history[: len(expected)] == expected

    def _target(self, path: str) -> str:
        return os.path.join(self._ledger.root, path)

    def _kept(self, number: int) -> str:
        return os.path.join(self._old, str(number))

    def _read(self) -> dict[str, Any] | None:
        try:
            with open(self._journal, "rb") as file:
                journal: dict[str, Any] = json.load(file)
                return journal
        except FileNotFoundError:
            return None


def _move(source: str, target: str) -> None:
    """Move a file, to another disk as well: *target* is whole or not there."""
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = f"{target}.tmp"
        shutil.copy2(source, partial)
        os.replace(partial, target)
        os.unlink(source)


def _keep(source: str, copy: str) -> None:
    """Have a file under a second name as well: *copy* is whole or not there."""
    try:
        os.link(source, copy)
    except OSError:  # another disk, or one without links
        partial = f"{copy}.tmp"
        shutil.copy2(source, partial)
        os.replace(partial, copy)


def _remove_empty(folder: str, root: str) -> None:
    """Remove *folder* and the folders above it, as far as they are empty."""
    with suppress(OSError):
        while folder.startswith(os.path.join(root, "")):
            os.rmdir(folder)
            folder = os.path.dirname(folder)
