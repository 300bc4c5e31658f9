"""The project's own folder."""

from __future__ import annotations

import os
from pathlib import Path

from pycaddy._files import make_folders
from pycaddy._names import fold
from pycaddy.errors import NameClashError, ProjectFolderError

__all__ = ["absolute_root", "make_root"]


def absolute_root(root: str | os.PathLike[str]) -> Path:
    """Return *root* as an absolute path, from the current directory as it is now.

    Raises:
        ProjectFolderError: No folder can have this path.
    """
    path = os.path.abspath(root)
    if "\0" in path:
        raise ProjectFolderError(
            f"The project's folder {path!r} has a NUL in its path, which no folder can have. "
            "Give the project another root.",
            path=path,
        )
    return Path(path)


def make_root(path: str) -> None:
    """Make the folder *path* and what is missing above it.

    Raises:
        ProjectFolderError: Something is in the way, or the disk refuses.
        NameClashError: A folder beside it differs only by case.
    """
    if os.path.isdir(path):
        return
    _refuse_case_twin(path)
    try:
        make_folders(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise ProjectFolderError(
            f"{error.filename or path} is a file, and a project needs a folder. "
            "Give the project another root.",
            path=path,
        ) from error
    except OSError as error:
        raise ProjectFolderError(
            f"The project's folder {path} cannot be made: {error.strerror}. "
            "Check the permissions and the free space, or give the project another root.",
            path=path,
        ) from error


def _refuse_case_twin(path: str) -> None:
    """Look beside the first folder that is missing: only there can a new twin arise."""
    parent, name = os.path.split(path)
    while not os.path.isdir(parent):
        if parent == os.path.dirname(parent):
            return
        parent, name = os.path.split(parent)
    try:
        names = os.listdir(parent)
    except OSError:  # not readable: making the folder will tell
        return
    for other in names:
        if other != name and fold(other) == fold(name):
            raise NameClashError(
                f"{os.path.join(parent, name)} differs only by case from the existing "
                f"{other!r}, and many file systems take the two for one folder. "
                f"Use {other!r} or another name.",
                name=name,
                other=other,
            )
