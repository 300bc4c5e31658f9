"""Whether the attached files are still what they were."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pycaddy.codec import FileRecord
from pycaddy.ledger import artifacts
from pycaddy.ledger.ledger import Ledger
from pycaddy.records import RunKey, RunRecord

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what it was when its run ended."""

    run: RunKey
    key: str
    path: str
    """Where the file lies, or should."""
    problem: str

    def __str__(self) -> str:
        return f"{self.run} {self.key}: {self.path} {self.problem}"


def differences(
    ledger: Ledger, records: Iterable[RunRecord], *, data: bool = False
) -> Iterator[Difference]:
    """Yield what differs in the files of the runs that have ended; the others still write.

    Args:
        data: Read every file that was attached with a hash, not only its size and time.
    """
    for record in records:
        if not record.status.is_final:
            continue
        for key, file in record.artifacts.items():
            path = artifacts.absolute(ledger.root, file.path)
            if problem := _problem(path, file, data=data):
                yield Difference(record.key, key, path, problem)


def _problem(path: str, file: FileRecord, *, data: bool) -> str | None:
    try:
        now = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if file.size is None:
        return None
    if not stat.S_ISREG(now.st_mode):
        return "is no file any more"
    if now.st_size != file.size:
        return f"has {now.st_size} bytes, and had {file.size}"
    if data and file.sha256 is not None:
        return _hash_problem(path, file.sha256)
    if now.st_mtime_ns != file.mtime_ns:
        return "was written again: same size, another time"
    return None


def _hash_problem(path: str, expected: str) -> str | None:
    try:
        found = artifacts.hash_file(path)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None if found == expected else f"has SHA-256 {found}, and had {expected}"
