"""The other pycaddy: one JSON file, written anew at each change, never synced.

It keeps a hash of the params and not the params, so its list holds less than the others'.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pycaddy.project.structs import ExistingRun

from pycaddy.project import Project


class Peer:
    version = f"pycaddy {version('pycaddy')}"

    def __init__(self, folder: Path) -> None:
        self.project = Project(root=folder / "results")
        self.project.ensure_folder()

    def live(self, params: dict[str, Any]) -> None:
        run = self.project.session("train", params=params, existing_run_strategy=ExistingRun.NEW)
        run.start()
        path = run.path("model", suffix=".pt")
        path.write_bytes(b"x" * 100)
        run.attach_files({"model": path})
        run.done()

    def is_done(self, params: dict[str, Any]) -> bool:
        run = self.project.session("train", params=params, existing_run_strategy=ExistingRun.RESUME)
        return bool(run.is_done())

    def listed(self) -> list[Any]:
        return list(self.project.ledger.get_uid_record_dict("train").items())
