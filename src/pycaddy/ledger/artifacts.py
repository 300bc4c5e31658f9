"""Attached files: how their paths are kept and what is remembered of them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pycaddy import codec
from pycaddy._names import fold
from pycaddy.codec import FileRecord
from pycaddy.errors import FileKeyError
from pycaddy.layout import LEDGER_FOLDER

__all__ = ["absolute", "attach", "examine", "hash_file", "refresh", "relative"]


def attach(
    files: dict[str, FileRecord],
    added: Mapping[Any, str | os.PathLike[str]],
    root: str,
    *,
    run: str,
    hash: bool,
    replace: bool,
) -> dict[str, FileRecord]:
    """Return *files* with *added*, as the files are now.

    Raises:
        FileKeyError: A key is no text or is taken by another file, or a file is the ledger's.
    """
    result = dict(files)
    for key, path in added.items():
        if not isinstance(key, str) or not key:
            raise FileKeyError(
                f"A file's key must be a text such as 'model', not {key!r}.", key=key, path=path
            )
        kept = relative(root, os.fspath(path))
        if kept == LEDGER_FOLDER or kept.startswith(f"{LEDGER_FOLDER}/"):
            raise FileKeyError(
                f"{os.fspath(path)!r} belongs to the ledger and cannot be attached. "
                "Use session.path(...) for the run's own files.",
                key=key,
                path=path,
            )
        taken = result.get(key)
        if taken is not None and taken.path != kept and not replace:
            raise FileKeyError(
                f"Run {run} has a file {key!r} already: {taken.path!r}. Use another key for "
                f"{kept!r}, or attach_files(..., replace=True).",
                key=key,
                path=path,
            )
        _refuse_case_twin(result, key, kept, run)
        hashed = hash or (taken is not None and taken.hashed)
        result[key] = examine(root, FileRecord(kept, hashed=hashed))
    return result


def refresh(files_text: str, root: str) -> str:
    """Return encoded files as they are now; only those that changed are hashed again."""
    if files_text == "{}":
        return files_text
    files = codec.decode_files(files_text)
    return codec.encode_files({key: examine(root, file) for key, file in files.items()})


def examine(root: str, file: FileRecord) -> FileRecord:
    """Return *file* with the size, time and (if asked for) hash that it has now."""
    path = absolute(root, file.path)
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return replace(file, size=None, mtime_ns=None, sha256=None)
    if not stat.S_ISREG(facts.st_mode):  # a folder: that it is there is all that is kept
        return replace(file, size=None, mtime_ns=None, sha256=None)
    if (facts.st_size, facts.st_mtime_ns) == (file.size, file.mtime_ns):
        return file
    sha256 = hash_file(path) if file.hashed else None
    return replace(file, size=facts.st_size, mtime_ns=facts.st_mtime_ns, sha256=sha256)


def hash_file(path: str) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def relative(root: str, path: str) -> str:
    """Return *path* as the ledger keeps it: below *root* relative, elsewhere absolute."""
    path = os.path.abspath(path)
    if not path.startswith(root + os.sep):
        return path
    return path[len(root) + 1 :].replace(os.sep, "/")


def absolute(root: str, path: str) -> str:
    """Return the place where a path that the ledger keeps is now."""
    return os.path.join(root, path)


def _refuse_case_twin(files: dict[str, FileRecord], key: str, path: str, run: str) -> None:
    folded = fold(path)
    for other_key, other in files.items():
        if other_key != key and other.path != path and fold(other.path) == folded:
            raise FileKeyError(
                f"Run {run} has the file {other.path!r}, and {path!r} differs only by case: many "
                "file systems take the two for one. Use another name.",
                key=key,
                path=path,
            )
