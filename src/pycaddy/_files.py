"""Files written whole or not at all, and folders that outlive a power cut."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["make_folders", "random_id", "replace_file", "sync_folder"]

_O_CLOEXEC = getattr(os, "O_CLOEXEC", 0)  # Windows never hands a handle on.


def replace_file(path: str, content: bytes, *, sync: bool = False) -> None:
    """Put *content* into *path*: readers see the old file or the new one, never a part.

    Args:
        sync: Wait until the content and the name are on disk. Without it a power cut may
            leave the old file, the new one, or an empty one.
    """
    temporary = f"{path}.{os.urandom(6).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_CLOEXEC, 0o666)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            if sync:
                os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):  # an interrupt may come right after the replacement
            os.unlink(temporary)
        raise
    if sync:
        sync_folder(os.path.dirname(path))


def random_id() -> str:
    """Return 32 random hex digits, as many as a UUID has."""
    return os.urandom(16).hex()


def make_folders(path: str) -> None:
    """Make *path* and its missing parents, each on disk when this returns."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent and parent != path:
        make_folders(parent)
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    sync_folder(parent)


def sync_folder(path: str) -> None:
    """Wait until the names in *path* are on disk."""
    if os.name == "nt":  # Windows cannot open a folder; its file systems journal names.
        return
    fd = os.open(path or ".", os.O_RDONLY | _O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
