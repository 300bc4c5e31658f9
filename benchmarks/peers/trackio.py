"""Trackio with its SQLite file of a project: a thread writes, and `finish` waits for it.

A run has a config and no status, and nothing finds runs by their config: one goes through them.
"""

from __future__ import annotations

import itertools
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # a benchmark sends nothing to anybody


class Peer:
    version = f"Trackio {version('trackio')}"

    def __init__(self, folder: Path) -> None:
        os.environ["TRACKIO_DIR"] = str(folder)  # read by the import
        import trackio

        self.trackio = trackio
        self.folder = folder / "files"
        self.names = map(str, itertools.count())
        self.last = ""

    def live(self, params: dict[str, Any]) -> None:
        name = f"run-{params['seed']}"
        self.trackio.init(project="grid", name=name, config=params)
        path = self.folder / name / "model.pt"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 100)
        self.trackio.log({"file": str(path)})
        self.trackio.finish()

    def is_done(self, params: dict[str, Any]) -> bool:
        wanted = params.items()
        return any(wanted <= run.config.items() for run in self.trackio.Api().runs("grid"))

    def listed(self) -> list[Any]:
        return [(run.name, run.config) for run in self.trackio.Api().runs("grid")]

    def filtered(self, seed: int) -> list[Any]:
        return [run for run in self.trackio.Api().runs("grid") if run.config["seed"] == seed]

    def log(self, points: int) -> None:
        self.last = next(self.names)
        self.trackio.init(project="train", name=self.last)
        for step in range(points):
            self.trackio.log({"loss": 0.5}, step=step)
        self.trackio.finish()

    def read(self) -> list[float]:
        from trackio.sqlite_storage import SQLiteStorage

        return [point["loss"] for point in SQLiteStorage.get_logs("train", self.last)]
