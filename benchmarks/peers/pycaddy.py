"""This pycaddy, as it is in the checkout."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks._ledgers import IDENTIFIER, live
from pycaddy.project import ExistingRun, Project


class Peer:
    version = f"pycaddy {version('pycaddy')}"

    def __init__(self, folder: Path) -> None:
        self.project = Project(folder / "results")

    def live(self, params: dict[str, Any]) -> None:
        live(self.project, params)

    def is_done(self, params: dict[str, Any]) -> bool:
        return self.project.session(IDENTIFIER, params, ExistingRun.RESUME).is_done()

    def filtered(self, seed: int) -> list[Any]:
        return list(self.project.runs(IDENTIFIER, where=f"seed == {seed} and status == 'done'"))

    def log(self, points: int) -> None:
        with self.project.session("logged") as self.run:
            for step in range(points):
                self.run.log("loss", 0.5, step=step)

    def read(self) -> list[float]:
        return self.run.metrics("loss").values.tolist()

    def listed(self) -> list[Any]:
        return [(run, run.params) for run in self.project.sessions(IDENTIFIER)]
