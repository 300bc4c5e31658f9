"""signac: a folder for each job, named by the hash of its params; nothing is synced.

It has no status of its own. Its documents keep one in the job's document, as here.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import signac


class Peer:
    version = f"signac {version('signac')}"

    def __init__(self, folder: Path) -> None:
        self.project = signac.init_project(folder / "results")
        self.logged = 0

    def live(self, params: dict[str, Any]) -> None:
        job = self.project.open_job(params).init()
        job.doc["status"] = "running"
        Path(job.fn("model.pt")).write_bytes(b"x" * 100)
        job.doc["files"] = {"model": "model.pt"}
        job.doc["status"] = "done"

    def is_done(self, params: dict[str, Any]) -> bool:
        job = self.project.open_job(params)
        return job in self.project and job.doc.get("status") == "done"

    def filtered(self, seed: int) -> list[Any]:
        return list(self.project.find_jobs({"seed": seed, "doc.status": "done"}))

    def log(self, points: int) -> None:
        """Write each point to a file of the job: a document is written anew with each change."""
        self.logged += 1
        job = self.project.open_job({"logged": self.logged}).init()
        with open(job.fn("loss.jsonl"), "w") as file:
            for step in range(points):
                file.write(json.dumps([step, 0.5]) + "\n")
                file.flush()  # as far as a change of its document goes: to the system
        job.doc["status"] = "done"

    def read(self) -> list[float]:
        job = self.project.open_job({"logged": self.logged})
        with open(job.fn("loss.jsonl")) as file:
            return [json.loads(line)[1] for line in file]

    def listed(self) -> list[Any]:
        return [(job.id, job.statepoint(), job.doc()) for job in self.project]
