"""Files written whole or not at all, and folders that outlive a power cut."""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["Replacement", "make_folders", "random_id", "replace_file", "sync_folder"]

_O_CLOEXEC = getattr(os, "O_CLOEXEC", 0)  # Windows never hands a handle on.


class Replacement:
    """Content that lies whole beside *path* until it is put in its place, or thrown away.

    Args:
        sync: Wait until the content, and later the name, are on disk. Without it a power cut
            may leave the old file, the new one, or an empty one.
    """

    __slots__ = ("_sync", "_temporary", "path")

    def __init__(self, path: str, content: bytes, *, sync: bool = False) -> None:
        self.path = path
        self._sync = sync
        self._temporary = f"{path}.{os.urandom(6).hex()}.tmp"
        fd = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_CLOEXEC, 0o666)
        try:
            try:
                view = memoryview(content)
                while view:
                    view = view[os.write(fd, view) :]
                if sync:
                    os.fsync(fd)
            finally:
                os.close(fd)
        except BaseException:
            self.discard()
            raise

    def publish(self) -> None:
        """Put it into its place: readers see the old file or the new one, never a part."""
        try:
            os.replace(self._temporary, self.path)
        except BaseException:
            self.discard()
            raise
        if self._sync:
            sync_folder(os.path.dirname(self.path))

    def discard(self) -> None:
        """Throw it away, unless it was published."""
        with suppress(FileNotFoundError):
            os.unlink(self._temporary)


def replace_file(path: str, content: bytes, *, sync: bool = False) -> None:
    """Put *content* into *path* as a whole; see `Replacement`."""
    Replacement(path, content, sync=sync).publish()


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
