"""Opening a file of a run: what the ledger names, inside the project, and nothing else.

A path is never the client's. Even the ledger's is not believed: it may have come from somebody
else with the project.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from pycaddy.layout import LEDGER_FOLDER

__all__ = ["FileRefused", "media_type", "open_contained", "shown_inline"]

_TEXT = "text/plain; charset=utf-8"
_TEXTS = (
    *(".c", ".cfg", ".conf", ".cpp", ".csv", ".diff", ".err", ".f90", ".h", ".ini", ".jl", ".js"),
    *(".json", ".jsonl", ".log", ".m", ".md", ".out", ".patch", ".py", ".r", ".rs", ".rst", ".sh"),
    *(".tex", ".toml", ".tsv", ".txt", ".xml", ".yaml", ".yml"),
)
_SEEN = {
    **dict.fromkeys(_TEXTS, _TEXT),
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
_SVG = "image/svg+xml"
_OTHER = "application/octet-stream"
_OWN_ENDINGS = ("", "-wal", "-shm", "-journal")


class FileRefused(Exception):  # noqa: N818 - an answer, not a failure
    """The file is not served; the message says why."""


def media_type(path: str) -> str:
    """Return the type to serve *path* as. HTML and scripts are text, or bytes to save."""
    ending = os.path.splitext(path)[1].lower()
    return _SVG if ending == ".svg" else _SEEN.get(ending, _OTHER)


def shown_inline(kind: str) -> bool:
    """Whether a browser may show it: text and pixels. An SVG may hold scripts and is saved."""
    return kind in _SEEN.values()


def open_contained(root: str, path: str) -> BinaryIO:
    """Open the regular file *path* below *root*, following no symbolic link below it.

    Raises:
        FileRefused: It is not below the root, not regular, a link, or a database of ours.
        FileNotFoundError: It is not there.
    """
    parts = path.split("/")
    if path.startswith("/") or os.path.isabs(path) or ("\\" in path and os.sep == "\\"):
        raise FileRefused("It lies outside the project's folder. Open it there.")
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise FileRefused("Its path leads elsewhere.")
    if _is_a_database(parts):
        # To open and close it here would drop the locks that SQLite holds on it.
        raise FileRefused("It is a database of pycaddy's own.")
    try:
        descriptor = _open(root, parts)
    except NotADirectoryError as error:
        raise FileNotFoundError(path) from error
    except FileNotFoundError:
        raise
    except OSError as error:  # ELOOP: a link
        raise FileRefused(f"It cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileRefused("It is no regular file.")
    return os.fdopen(descriptor, "rb")


def _open(root: str, parts: list[str]) -> int:
    if os.open not in os.supports_dir_fd:  # Windows
        return _open_resolved(root, parts)
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            below = _step(here, part)
            os.close(here)
            here = below
        # A fifo would wait for a writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(parts[-1], flags, dir_fd=here)
    finally:
        os.close(here)


def _step(here: int, part: str) -> int:
    if stat.S_ISLNK(os.stat(part, dir_fd=here, follow_symlinks=False).st_mode):
        raise FileRefused("A symbolic link leads to it.")
    return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)


def _open_resolved(root: str, parts: list[str]) -> int:
    path = os.path.join(os.path.realpath(root), *parts)
    if os.path.normcase(os.path.realpath(path)) != os.path.normcase(path):
        raise FileRefused("A symbolic link leads to it.")
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise FileRefused("It is no regular file.")
    return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))


def _is_a_database(parts: list[str]) -> bool:
    if any(part.lower() == LEDGER_FOLDER for part in parts):
        return True
    name = parts[-1].lower().rpartition("_")[2]
    return name in {f"metrics.db{ending}" for ending in _OWN_ENDINGS}
