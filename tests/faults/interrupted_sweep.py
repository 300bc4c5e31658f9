"""Sweeps into which Ctrl-C comes, and which are called again.

python -m tests.faults.interrupted_sweep ROOT EXECUTOR ROUNDS
"""

from __future__ import annotations

import sys
import time
from typing import Any

from pycaddy import DictSweep, Project, Session, Status
from tests.faults.interrupter import interrupter

LATEST_S = {"serial": 0.1, "threads": 0.1, "local": 1.0}


def work(run: Session) -> dict[str, Any]:
    time.sleep(0.002)
    return {"n": run.params["n"]}


def interrupted(root: str, executor: str, rounds: int) -> None:
    interrupt = interrupter(0.05, 0.05 + LATEST_S[executor])
    for number in range(rounds):
        project = Project(f"{root}/{number}", durability="process")
        sweep = DictSweep({"n": list(range(1000))})
        try:
            interrupt()
            project.run(work, sweep, executor=executor, workers=2, progress=False)
            time.sleep(60)  # the interrupt is still to come
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        for run in project.sessions("work", status=Status.RUNNING):
            assert run.is_stale, f"{run} is in nobody's hands, and this process says it is"
        left = [run.params for run in project.sessions("work")]
        report = project.run(work, left, executor="serial", progress=False)
        assert report.held == report.failed == 0, report


if __name__ == "__main__":
    interrupted(sys.argv[1], sys.argv[2], int(sys.argv[3]))
