"""A driver that a test can end: `python local_driver.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from pycaddy.project import Project, Session
from tests.executors.real_slurm import wait_until


def gated(run: Session) -> None:
    run.path("began").touch()
    wait_until((Path(run.params["folder"]) / "gate").exists)
    with run.path("finished").open("a") as file:
        file.write("x")


if __name__ == "__main__":
    folder = sys.argv[1]
    sweep = [{"number": number, "folder": folder} for number in range(6)]
    Project(Path(folder) / "results").run(gated, sweep, workers=2)
