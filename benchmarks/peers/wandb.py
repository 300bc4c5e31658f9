"""W&B offline: a program beside the script writes. There is no call to read its file."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}

import wandb


class Peer:
    version = f"W&B {version('wandb')}"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Nobody else here watches the machine meanwhile.
        self.settings = wandb.Settings(x_disable_stats=True, x_disable_meta=True)

    def log(self, points: int) -> None:
        run = wandb.init(project="train", dir=self.folder, settings=self.settings)
        for step in range(points):
            run.log({"loss": 0.5}, step=step)
        run.finish()
