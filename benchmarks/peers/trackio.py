"""Trackio with its SQLite file of a project: a thread writes, and `finish` waits for it."""

from __future__ import annotations

import itertools
import os
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # a benchmark sends nothing to anybody


class Peer:
    version = f"Trackio {version('trackio')}"

    def __init__(self, folder: Path) -> None:
        os.environ["TRACKIO_DIR"] = str(folder)  # read by the import
        import trackio

        self.trackio = trackio
        self.names = map(str, itertools.count())
        self.last = ""

    def log(self, points: int) -> None:
        self.last = next(self.names)
        self.trackio.init(project="train", name=self.last)
        for step in range(points):
            self.trackio.log({"loss": 0.5}, step=step)
        self.trackio.finish()

    def read(self) -> list[float]:
        from trackio.sqlite_storage import SQLiteStorage

        return [point["loss"] for point in SQLiteStorage.get_logs("train", self.last)]
