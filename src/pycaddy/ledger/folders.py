"""The folders of runs, made so that a failure says what is in the way."""

from __future__ import annotations

import errno
import os

from pycaddy._files import make_folders
from pycaddy.errors import ProjectFolderError

__all__ = ["make"]


def make(path: str) -> bool:
    """Make the folder *path* and its missing parents; return whether it was there already.

    Raises:
        ProjectFolderError: A file is in the way, or the disk refuses.
    """
    try:
        try:
            os.mkdir(path)
        except FileNotFoundError:
            make_folders(path)
    except OSError as error:
        if os.path.isdir(path):
            return True
        raise _refusal(path, error) from error
    return False


def _refusal(path: str, error: OSError) -> ProjectFolderError:
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        path = _nearest(path)
        message = f"{path} is a file, and a folder is needed there. Move it, or use another name."
    elif error.errno == errno.ENAMETOOLONG:
        message = f"The folder {path[:200]}... has too long a path. Use shorter names."
    else:
        message = (
            f"The folder {path} cannot be made: {error.strerror}. "
            "Check the permissions and the free space."
        )
    return ProjectFolderError(message, path=path)


def _nearest(path: str) -> str:
    """Return the first of *path* and the folders above it that is there."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path
