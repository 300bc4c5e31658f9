"""A study on disk, for tasks that begin when the scheduler finds room for them."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pycaddy._files import make_folders, replace_file
from pycaddy.executors.options import missing
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.project.study import Study

__all__ = ["Parcel"]

_LOG_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Parcel:
    """A study's folder, `.pycaddy/slurm/<name>/`: the same for each call with the same runs."""

    folder: Path

    @classmethod
    def of(cls, study: Study, keys: Iterable[str]) -> Parcel:
        """Return the parcel of a study whose runs have these param hashes."""
        project = study.project
        digest = sha256("\n".join(sorted(keys)).encode())
        digest.update(f"\n{project.ledger.store.project}\n{project.relpath}".encode())
        digest.update(f"\n{project.root}\n{study.identifier}".encode())
        name = f"{study.identifier}-{digest.hexdigest()[:12]}"
        return cls(project.root / LEDGER_FOLDER / "slurm" / name)

    @property
    def name(self) -> str:
        """The name of the jobs that work on it."""
        # squeue and scancel take a comma as the beginning of another name.
        return "pycaddy-" + self.folder.name.rpartition("-")[2]

    @property
    def log_folder(self) -> Path:
        """Where what the tasks print goes."""
        return self.folder / "log"

    def write(self, study: Study, *, max_lost: int) -> None:
        """Put the study into the folder: tasks that begin from now on work on this one."""
        make_folders(str(self.log_folder))
        self.folder.chmod(0o700)  # the ledger's URL may hold a password
        self._stop_file.unlink(missing_ok=True)
        outer = {
            "path": [os.path.abspath(entry) for entry in sys.path],
            "study": _pack(study),
            "max_lost": max_lost,
        }
        replace_file(str(self._file), pickle.dumps(outer), sync=True)

    def read(self) -> tuple[Study, int]:
        """Return the study and how often its runs may be lost.

        The modules that the writer could import can be imported afterwards.
        """
        outer: dict[str, Any] = pickle.loads(self._file.read_bytes())
        sys.path += [entry for entry in outer["path"] if entry not in sys.path]
        return pickle.loads(outer["study"]), outer["max_lost"]

    def stop(self) -> None:
        """Tell the tasks to begin no more runs."""
        self._stop_file.touch()

    @property
    def is_stopped(self) -> bool:
        """Whether the tasks are to begin no more runs."""
        return self._stop_file.exists()

    def newest_log(self) -> str:
        """Return the end of what the last task printed."""
        logs = sorted(self.log_folder.glob("*.log"), key=lambda path: path.stat().st_mtime_ns)
        if not logs:
            return "(there is none)"
        return logs[-1].read_bytes()[-_LOG_BYTES:].decode("utf-8", "replace").strip()

    @property
    def _file(self) -> Path:
        return self.folder / "study.pickle"

    @property
    def _stop_file(self) -> Path:
        return self.folder / "stop"


def _pack(study: Study) -> bytes:
    try:
        import cloudpickle
    except ModuleNotFoundError as error:
        raise missing("slurm", "cloudpickle") from error
    try:
        packed: bytes = cloudpickle.dumps(study)
    except (pickle.PicklingError, TypeError) as error:
        raise TypeError(
            f"The function or its sweep cannot be sent to another process: {error}. Open what it "
            "needs inside of it."
        ) from error
    return packed
