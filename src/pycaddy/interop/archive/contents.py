"""Which files go into an archive with a run."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from pycaddy._names import check_parts
from pycaddy.errors import InvalidNameError
from pycaddy.layout import LEDGER_FOLDER, StorageMode
from pycaddy.ledger.trash import own_files
from pycaddy.records import RunRecord

__all__ = ["STALE_BESIDE_METRICS", "Contents", "contents"]

STALE_BESIDE_METRICS = ("metrics.db-wal", "metrics.db-shm", "metrics.db-journal")
"""What SQLite would play into a database that came from elsewhere."""


@dataclass(slots=True)
class Contents:
    """The files of one run, as paths in the project."""

    own: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What stays behind, one sentence each."""


def contents(root: str, record: RunRecord, shared: set[str]) -> Contents:
    """Return the files of a run: its own, and those that it attached elsewhere in the project.

    Args:
        root: The project's folder.
        record: The run.
        shared: The folders that runs in PREFIX mode share.
    """
    found = Contents()
    for path in _own(root, record, shared):
        _take(root, path, found.own, found.left_out)
    own = set(found.own)
    for file in record.artifacts.values():
        if file.path in own or os.path.isabs(file.path) or record.layout.name_of(file.path):
            continue  # a file outside of the project has no place in another one
        if os.path.lexists(os.path.join(root, file.path)):
            _take(root, file.path, found.attached, found.left_out)
    found.attached = sorted(set(found.attached))
    return found


def _own(root: str, record: RunRecord, shared: set[str]) -> Iterator[str]:
    layout = record.layout
    kept = {layout.sidecar, *map(layout.own, STALE_BESIDE_METRICS)}
    for top in own_files(root, record, shared):
        inside = _walk(root, top) if layout.mode is StorageMode.SUBFOLDER else iter((top,))
        for path in inside:
            if path not in kept:
                yield path


def _walk(root: str, top: str) -> Iterator[str]:
    for folder, folders, names in os.walk(os.path.join(root, top)):
        folders.sort()
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*names, *links]):
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def _take(root: str, path: str, into: list[str], left_out: list[str]) -> None:
    if reason := _unfitness(root, path):
        shown = path.encode("utf-8", "backslashreplace").decode()
        left_out.append(f"{shown} {reason}")
    else:
        into.append(path)


def _unfitness(root: str, path: str) -> str | None:
    """Return why *path* cannot be in an archive, as the end of a sentence."""
    full = os.path.join(root, path)
    try:
        parts = check_parts(path, "file")
    except InvalidNameError as error:
        return f"has a name that not every system takes. {error}"
    if LEDGER_FOLDER in (part.lower() for part in parts):
        return "belongs to a ledger."
    real = os.path.realpath(full)
    if os.path.islink(full) and not real.startswith(os.path.join(os.path.realpath(root), "")):
        return "is a link that leads out of the project."
    try:
        mode = os.stat(full).st_mode
    except OSError as error:
        return f"cannot be read: {error.strerror}."
    return None if stat.S_ISREG(mode) else "is no regular file."
