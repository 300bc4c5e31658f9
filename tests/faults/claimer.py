"""A worker that claims the runs of a grid until nothing is left.

Run as `python claimer.py ROOT RUNS MAX_ATTEMPTS SECONDS_PER_RUN`. Each run appends a line to
`starts.log` and, once it is accepted as done, one to `accepted.log`: single writes of less than
a page, which are whole however the process dies.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pycaddy import DictSweep, Project
from pycaddy.errors import LeaseLostError


def note(path: Path, line: str) -> None:
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line.encode())
    os.close(log)


def main(root: str, runs: str, max_attempts: str, seconds: str) -> None:
    project = Project(root)
    sweep = DictSweep({"i": list(range(int(runs)))})
    for run in project.claim("grid", sweep, max_attempts=int(max_attempts)):
        note(project.root / "starts.log", f"{run.params['i']} {run.attempt}\n")
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            pass
        try:
            run.done()
        except LeaseLostError:
            continue
        note(project.root / "accepted.log", f"{run.params['i']} {run.attempt}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
