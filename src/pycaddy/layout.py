"""Where a run's files lie: arithmetic on paths, no I/O."""

from __future__ import annotations

import enum
import os
import re
from typing import NamedTuple

from pycaddy._names import check_parts, looks_like_a_run
from pycaddy.errors import InvalidNameError

__all__ = [
    "CAPTURED_PACKAGES",
    "CAPTURED_PATCH",
    "LEDGER_FOLDER",
    "METRICS",
    "SIDECAR",
    "TRASH_FOLDER",
    "RunLayout",
    "StorageMode",
    "check_namespace",
    "check_relpath",
    "check_storage_mode",
    "is_metrics_file",
]

LEDGER_FOLDER = ".pycaddy"
TRASH_FOLDER = f"{LEDGER_FOLDER}/trash"
SIDECAR = "run.json"
CAPTURED_PATCH = "capture.patch"
CAPTURED_PACKAGES = "capture.packages.txt"
METRICS = "metrics.db"
_METRICS_FILE = re.compile(r"(?:[0-9]{4,}_)?metrics\.db(?:-wal|-shm|-journal)?")
_RESERVED = frozenset(
    (
        SIDECAR,
        CAPTURED_PATCH,
        CAPTURED_PACKAGES,
        *(f"{METRICS}{ending}" for ending in ("", "-wal", "-shm", "-journal")),
    )
)


def is_metrics_file(name: str) -> bool:
    """Whether a file of this name within a project holds the metrics of a run."""
    return _METRICS_FILE.fullmatch(name) is not None


class StorageMode(enum.Enum):
    """How the files of one run are kept apart from those of the others."""

    SUBFOLDER = "subfolder"
    """A folder per run: `train/0001/model.pt`."""
    PREFIX = "prefix"
    """A prefix per file: `train/0001_model.pt`."""


def check_storage_mode(mode: object) -> StorageMode:
    """Return *mode* if it is a StorageMode; a str such as "prefix" is not."""
    if not isinstance(mode, StorageMode):
        raise TypeError(
            f"storage_mode must be a StorageMode, not {mode!r}. "
            "Use StorageMode.SUBFOLDER or StorageMode.PREFIX."
        )
    return mode


class RunLayout(NamedTuple):
    """The paths of one run, relative to the project's root, with "/" between parts."""

    relpath: str
    identifier: str
    uid: str
    mode: StorageMode

    @property
    def home(self) -> str:
        """The folder of all runs of the identifier."""
        return f"{self.relpath}/{self.identifier}" if self.relpath else self.identifier

    @property
    def folder(self) -> str:
        """The folder that the run's files are in."""
        home = f"{self.relpath}/{self.identifier}" if self.relpath else self.identifier
        return f"{home}/{self.uid}" if self.mode is StorageMode.SUBFOLDER else home

    @property
    def sidecar(self) -> str:
        """The run's `run.json`."""
        return self.own(SIDECAR)

    @property
    def metrics(self) -> str:
        """The run's time series, once something was logged."""
        return self.own(METRICS)

    def file(self, filename: str, include_identifier: bool = True) -> str:
        """Return the path of the run's file *filename*, which may be nested ("a/b.pt")."""
        parts = check_parts(filename, "filename")
        if self.mode is StorageMode.SUBFOLDER:
            _refuse_reserved(filename, parts[0])
            return f"{self.folder}/{filename}"
        for part in parts:
            _refuse_ledger_folder(part)
        for part in parts if not include_identifier else parts[:-1]:
            if looks_like_a_run(part):
                raise InvalidNameError(
                    f"The filename {filename!r} would lie among the files of run "
                    f"{part.split('_')[0]}. Begin {part!r} with a letter.",
                    name=filename,
                )
        if not include_identifier:
            return f"{self.home}/{filename}"
        # At any depth: "0001_run.json" always describes a run.
        _refuse_reserved(filename, parts[-1])
        return self.own(filename)

    def own(self, filename: str) -> str:
        """Return the path of a file that pycaddy keeps for the run."""
        if self.mode is StorageMode.SUBFOLDER:
            return f"{self.folder}/{filename}"
        parents, slash, last = filename.rpartition("/")
        return f"{self.home}/{parents}{slash}{self.uid}_{last}"

    def name_of(self, path: str) -> str | None:
        """Return the filename that `own` makes *path* of; None if the run has no such file."""
        if not path.startswith(f"{self.folder}/"):
            return None
        parents, slash, last = path[len(self.folder) + 1 :].rpartition("/")
        if self.mode is StorageMode.PREFIX:
            if not last.startswith(f"{self.uid}_"):
                return None
            last = last.removeprefix(f"{self.uid}_")
        return f"{parents}{slash}{last}" if last else None


def _refuse_reserved(filename: str, name: str) -> None:
    if name.lower() in _RESERVED:
        raise InvalidNameError(
            f"The filename {filename!r} has {name!r} in it, which pycaddy keeps for the run "
            f"itself. Use another name, such as 'my_{name}'.",
            name=filename,
        )


def check_namespace(parts: tuple[str, ...]) -> None:
    """Refuse the folder *parts* if it could be one that belongs to the project or to a run.

    A project's first level holds identifiers and namespaces only, so any name will do there,
    years included. Below it, "0001" next to "train" is a run of "train".
    """
    for part in parts:
        _refuse_ledger_folder(part)
    for part in parts[1:]:
        if looks_like_a_run(part):
            raise InvalidNameError(
                f"The name {part!r} below {parts[0]!r} reads as a run's number. "
                f"Begin it with a letter, such as 'v{part}'.",
                name=part,
            )


def check_relpath(relpath: str | os.PathLike[str]) -> str:
    """Return a namespace as the ledger keeps it: "" or parts with "/" between them."""
    text = os.fspath(relpath).replace(os.sep, "/")
    return "" if text in ("", ".") else "/".join(check_parts(text, "relpath"))


def _refuse_ledger_folder(part: str) -> None:
    # At any depth: it would make the folder that it lies in a project of its own.
    if part.lower() == LEDGER_FOLDER:
        raise InvalidNameError(
            f"The name {part!r} is the folder of a project's ledger. Use another one.", name=part
        )
