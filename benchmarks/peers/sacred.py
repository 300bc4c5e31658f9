"""Sacred with its file storage: a folder for each run, JSON files, nothing is synced.

It runs a function of an experiment. There is no look-up by params; one reads the runs' files.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver

SETTINGS.CAPTURE_MODE = "no"  # the output of this process is its answers


class Peer:
    version = f"Sacred {version('sacred')}"

    def __init__(self, folder: Path) -> None:
        self.file = folder / "model.pt"
        self.runs = folder / "runs"

    def live(self, params: dict[str, Any]) -> None:
        experiment = Experiment("train", save_git_info=False)
        experiment.observers.append(FileStorageObserver(self.runs))
        experiment.add_config(params=params)

        def train() -> None:
            self.file.write_bytes(b"x" * 100)
            experiment.add_artifact(self.file)

        experiment.main(train)
        experiment.run(options={"--loglevel": "ERROR"})

    def is_done(self, params: dict[str, Any]) -> bool:
        return any(run == params for _, run, status in self.listed() if status == "COMPLETED")

    def listed(self) -> list[Any]:
        found = []
        for path in sorted(self.runs.glob("[0-9]*")):
            run = json.loads((path / "run.json").read_text())
            config = json.loads((path / "config.json").read_text())
            found.append((path.name, config["params"], run["status"]))
        return found
