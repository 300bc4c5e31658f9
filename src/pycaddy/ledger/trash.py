"""Runs put aside: out of every list, their files out of the way, both to be had again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress

from pycaddy._clock import utc_now_us
from pycaddy._files import make_folders
from pycaddy.errors import FolderTakenError, RunNotFoundError
from pycaddy.layout import TRASH_FOLDER, StorageMode
from pycaddy.ledger import recording, transitions
from pycaddy.ledger.ledger import Ledger
from pycaddy.ledger.owner import this_process
from pycaddy.records import RunRecord
from pycaddy.status import Status

__all__ = ["delete", "own_files", "remove", "restore"]


def remove(ledger: Ledger, record: RunRecord) -> RunRecord:
    """Put a run and its own files into the project's trash.

    The ledger first, then the files: stopped in between, `restore` still brings both back.

    Raises:
        RunBusyError: Somebody is on it who is not known to be dead.
    """
    me = this_process()

    def trashed(seen: RunRecord) -> RunRecord:
        if seen.trashed_us is not None:
            return seen
        waiting_for_us = seen.status is Status.PENDING and seen.owner == me
        if not seen.status.is_final and not waiting_for_us:
            transitions.refuse_busy(seen, me, ledger.is_gone)
        return seen.changed(trashed_us=utc_now_us())

    with recording.Ending(ledger, record):
        stored = ledger.change(record, trashed, trashed=True)
    for path in own_files(ledger.root, stored, ledger.store.folders("files")):
        _move(ledger.root, path, f"{TRASH_FOLDER}/{path}", stored)
    return stored


def restore(ledger: Ledger, record: RunRecord) -> RunRecord:
    """Bring a run and its files back from the trash.

    Raises:
        RunNotFoundError: It is not in the trash.
        FolderTakenError: Something else lies where its files were.
    """
    if record.trashed_us is None:
        raise RunNotFoundError(
            f"Run {record.key} is not in the trash. project.trash() lists what is.",
            run=str(record.key),
        )
    trash = os.path.join(ledger.root, TRASH_FOLDER)
    for path in own_files(trash, record, ledger.store.folders("files")):
        _move(ledger.root, f"{TRASH_FOLDER}/{path}", path, record)
    return ledger.change(record, lambda seen: seen.changed(trashed_us=None), trashed=True)


def delete(ledger: Ledger, record: RunRecord) -> bool:
    """Delete a run that is in the trash, and its files, for good; return whether it was there.

    The ledger first: what a restore is about to bring back is not deleted. An empty folder stays
    in the trash, by which a rebuild knows that the uid is taken.
    """
    if not ledger.store.forget(record):
        return False
    trash = os.path.join(ledger.root, TRASH_FOLDER)
    for path in own_files(trash, record, ledger.store.folders("files")):
        _delete(os.path.join(trash, path))
    make_folders(os.path.join(trash, record.layout.home, record.uid))
    return True


def own_files(base: str, record: RunRecord, shared: set[str]) -> Iterator[str]:
    """Yield what belongs to the run alone below *base*: its folder, or files with its prefix."""
    layout = record.layout
    if layout.mode is StorageMode.SUBFOLDER:
        if os.path.isdir(os.path.join(base, layout.folder)):
            yield layout.folder
        return
    # Only the folders that runs share hold files of theirs; others belong to somebody else.
    for folder in (layout.home, *(path for path in shared if path.startswith(f"{layout.home}/"))):
        with suppress(FileNotFoundError):
            for name in sorted(os.listdir(os.path.join(base, folder))):
                if name.startswith(f"{record.uid}_"):
                    yield f"{folder}/{name}"


def _move(root: str, source: str, target: str, record: RunRecord) -> None:
    goal = os.path.join(root, target)
    with suppress(OSError):
        os.rmdir(goal)  # an empty folder is in nobody's way
    if os.path.lexists(goal):
        raise FolderTakenError(
            f"{goal} is in the way of run {record.key}. Move it elsewhere and call again.",
            run=str(record.key),
            path=goal,
        )
    make_folders(os.path.dirname(goal))
    os.rename(os.path.join(root, source), goal)


def _delete(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
