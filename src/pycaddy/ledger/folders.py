"""The folders of runs, made when needed."""

from __future__ import annotations

import errno
import functools
import os

from pycaddy._files import make_folders
from pycaddy._names import check_name
from pycaddy.errors import FolderTakenError, NameClashError, ProjectFolderError
from pycaddy.layout import check_namespace
from pycaddy.ledger import address
from pycaddy.records import NewRun, RunRecord

__all__ = ["check_home", "make", "make_inner"]


def check_home(root: str, run: NewRun) -> None:
    """Check the folder that the runs of an identifier lie in: its name, and whose it is.

    Raises:
        InvalidNameError: It cannot be a folder's name, or reads as a run's number.
        NameClashError: It lies in another project.
    """
    _check_home(root, run.relpath, run.identifier)


@functools.lru_cache(maxsize=1024)  # once per identifier: an error is not remembered
def _check_home(root: str, relpath: str, identifier: str) -> None:
    check_name(identifier, "identifier")
    parts = (*relpath.split("/"), identifier) if relpath else (identifier,)
    check_namespace(parts)
    for depth in range(1, len(parts) + 1):
        folder = os.path.join(root, *parts[:depth])
        if os.path.exists(address.project_file(folder)):
            raise NameClashError(
                f"{folder} is a project of its own. Open it with Project({folder!r}), or use "
                "another name.",
                name="/".join(parts),
                other=folder,
            )


def make(root: str, record: RunRecord, *, fresh: bool) -> str:
    """Make the run's folder and return its path.

    Args:
        fresh: The run has not described itself in its folder yet.

    Raises:
        FolderTakenError: It holds a run that this ledger does not know: the ledger was
            deleted, or another project lies there.
        ProjectFolderError: A file is in the way, or the disk refuses.
    """
    layout = record.layout
    folder = os.path.join(root, layout.folder)
    if make_inner(folder) and fresh:
        taken = os.path.join(root, layout.sidecar)
        if os.path.exists(taken):
            raise FolderTakenError(
                f"{folder} holds a run that the ledger does not know ({taken}). "
                f"Run `pycaddy rebuild {root}` to take it in.",
                run=str(record.key),
                path=folder,
            )
    return folder


def make_inner(path: str) -> bool:
    """Make a folder and its missing parents; return whether it was there already."""
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
