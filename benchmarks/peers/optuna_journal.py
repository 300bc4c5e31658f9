"""Optuna with its journal, a file that each change is appended to."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

# By its path: drivers run where the package that they lie in is not installed.
_Sqlite: Any = runpy.run_path(str(Path(__file__).with_name("optuna.py")))["Peer"]


class Peer(_Sqlite):
    version = f"{_Sqlite.version}, journal"

    def storage(self, folder: Path) -> Any:
        return JournalStorage(JournalFileBackend(str(folder / "journal.log")))
