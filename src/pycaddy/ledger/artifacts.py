"""Attached files: how their paths are kept and what is remembered of them."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Mapping
from typing import Any

from pycaddy import codec
from pycaddy._names import fold
from pycaddy.codec import FileRecord
from pycaddy.errors import FileKeyError
from pycaddy.layout import LEDGER_FOLDER, is_metrics_file

__all__ = ["absolute", "attach", "examine", "hash_file", "refresh", "relative"]

_ENDINGS = ("", "-wal", "-shm", "-journal", ".lock")


def attach(
    files: dict[str, FileRecord],
    added: Mapping[Any, str | os.PathLike[str]],
    root: str,
    *,
    run: str,
    ledger: str,
    hash: bool,
    replace: bool,
) -> dict[str, FileRecord]:
    """Return *files* with *added*, as the files are now.

    Raises:
        FileKeyError: A key is no text or is taken by another file, a path cannot be kept, or a
            file is the ledger's.
    """
    if not isinstance(added, Mapping):
        raise TypeError(
            f"attach_files takes paths by key, such as {{'model': path}}, not {added!r}."
        )
    result = dict(files)
    for key, path in added.items():
        given, kept = _kept(root, key, path)
        if kept == LEDGER_FOLDER or _is_of_a_ledger(absolute(root, kept), root, ledger):
            raise FileKeyError(
                f"{os.fspath(path)!r} belongs to the ledger or to a run's metrics, and cannot "
                "be attached. Use session.path(...) for the run's own files.",
                key=key,
                path=path,
            )
        taken = files.get(key)
        if taken is not None and taken.path != kept and not replace:
            raise FileKeyError(
                f"Run {run} has a file {key!r} already: {taken.path!r}. Use another key for "
                f"{kept!r}, or attach_files(..., replace=True).",
                key=key,
                path=path,
            )
        hashed = hash or (taken is not None and taken.hashed)
        result[key] = FileRecord(kept, hashed=hashed, given=given)
    _refuse_case_twins(result, run)
    for key in added:
        result[key] = examine(root, result[key])
    return result


def refresh(files_text: str, root: str) -> str:
    """Return encoded files as they are now; only those that changed are hashed again."""
    if files_text == "{}":
        return files_text
    files = codec.decode_files(files_text)
    now = {key: examine(root, file) for key, file in files.items()}
    return files_text if now == files else codec.encode_files(now)


def examine(root: str, file: FileRecord) -> FileRecord:
    """Return *file* with the size, time and (if asked for) hash that it has now."""
    path = absolute(root, file.path)
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return file._replace(size=None, mtime_ns=None, sha256=None)
    if not stat.S_ISREG(facts.st_mode):  # a folder: that it is there is all that is kept
        return file._replace(size=None, mtime_ns=None, sha256=None)
    if (facts.st_size, facts.st_mtime_ns) == (file.size, file.mtime_ns):
        return file
    sha256 = hash_file(path) if file.hashed else None
    return file._replace(size=facts.st_size, mtime_ns=facts.st_mtime_ns, sha256=sha256)


def hash_file(path: str) -> str:
    """Return the SHA-256 of a file's content, 64 hex digits."""
    import hashlib  # OpenSSL behind it takes its time to load

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def relative(root: str, path: str) -> str:
    """Return *path* as the ledger keeps it: below *root* relative, elsewhere absolute."""
    path = os.path.abspath(path)
    inside = _inside(root, path)
    if inside is None:
        # Either may have been written by way of a symbolic link.
        folder, name = os.path.split(path)
        place = os.path.join(os.path.realpath(folder), name)
        inside = _inside(os.path.realpath(root), place)
    return path if inside is None else inside


def absolute(root: str, path: str) -> str:
    """Return the place where a path that the ledger keeps is now."""
    return os.path.join(root, path)


def _inside(base: str, place: str) -> str | None:
    """Return *place* relative to *base* with "/" between parts; None if it lies elsewhere."""
    start = os.path.join(base, "")
    return place[len(start) :].replace(os.sep, "/") if place.startswith(start) else None


def _kept(root: str, key: object, path: object) -> tuple[str, str]:
    """Return *path* as it was given, and as the ledger keeps it.

    In a project whose root is not Unicode text, a path below the root is kept without the root.
    """
    if not isinstance(key, str) or not key:
        raise FileKeyError(
            f"A file's key must be a text such as 'model', not {key!r}.", key=key, path=path
        )
    if not isinstance(path, (str, bytes, os.PathLike)) or not os.fspath(path):
        raise FileKeyError(
            f"The file {key!r} must be a path, not {path!r}. Use session.path(...) for one.",
            key=key,
            path=path,
        )
    text = os.fsdecode(path)
    kept = None if "\0" in text else relative(root, text)
    given = text if _is_unicode(text) else _inside(root, text)
    if kept is None or given is None or not all(map(_is_unicode, (key, given, kept))):
        raise FileKeyError(
            f"The file {key!r}, {text!r}, has a character in its key or path that is not "
            "Unicode text. Rename it.",
            key=key,
            path=path,
        )
    return given, kept


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, or a byte that was not UTF-8
        return False
    return True


def _is_of_a_ledger(path: str, root: str, ledger: str) -> bool:
    """Whether SQLite may have the file open: to open and close it here would drop its locks."""
    folder, name = os.path.split(_real(path))
    if LEDGER_FOLDER in folder and (
        os.path.basename(folder) == LEDGER_FOLDER
        or relative(root, folder).split("/")[0] == LEDGER_FOLDER
    ):
        return True
    if is_metrics_file(name):
        return not os.path.isabs(relative(root, folder))
    of_ours = {f"{os.path.basename(ledger)}{ending}" for ending in _ENDINGS}
    return name in of_ours and folder == os.path.realpath(os.path.dirname(ledger))


def _real(path: str) -> str:
    """Return *path* with symbolic links resolved."""
    folder, name = os.path.split(path)
    above, last = os.path.split(folder)
    # Most files lie in a folder that was made a moment ago, and all those in one that stays.
    if os.path.islink(path) or os.path.islink(folder):
        return os.path.realpath(path)
    return os.path.join(_real_folder(above), last, name)


_real_folder = functools.lru_cache(maxsize=256)(os.path.realpath)


def _refuse_case_twins(files: Mapping[str, FileRecord], run: str) -> None:
    seen: dict[str, str] = {}
    for key, file in files.items():
        other = seen.setdefault(fold(file.path), file.path)
        if other != file.path:
            raise FileKeyError(
                f"Run {run} has the file {other!r}, and {file.path!r} differs only by case: many "
                "file systems take the two for one. Use another name.",
                key=key,
                path=file.path,
            )
