"""The folders of runs: made when needed, and never somebody else's."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from pycaddy._files import make_folders
from pycaddy._names import check_name
from pycaddy.errors import FolderTakenError, NameClashError
from pycaddy.layout import StorageMode, check_namespace
from pycaddy.ledger import address
from pycaddy.records import NewRun, RunRecord

if TYPE_CHECKING:
    from pycaddy.ledger.ledger import Ledger

__all__ = ["check_home", "make", "make_parents"]


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
    """
    layout = record.layout
    folder = os.path.join(root, layout.folder)
    try:
        os.mkdir(folder)
    except FileNotFoundError:
        make_folders(folder)
    except FileExistsError:
        taken = os.path.join(root, layout.sidecar)
        if fresh and os.path.exists(taken):
            raise FolderTakenError(
                f"{folder} holds a run that the ledger does not know ({taken}). "
                f"Run `pycaddy rebuild {root}` to take it in.",
                run=str(record.key),
                path=folder,
            ) from None
    return folder


def make_parents(ledger: Ledger, record: RunRecord, path: str) -> None:
    """Make the folders above *path*, a nested file of the run.

    Raises:
        NameClashError: In PREFIX mode: one is the folder of a namespace or an identifier.
    """
    folder = path.rpartition("/")[0]
    if record.mode is StorageMode.PREFIX:
        _share(ledger, folder)
    make_folders(os.path.join(ledger.root, folder))


@functools.lru_cache(maxsize=1024)
def _share(ledger: Ledger, folder: str) -> None:
    """Enter a folder that runs in PREFIX mode put files into, so that no run is put there."""
    ledger.store.take_folder(folder, "files")
