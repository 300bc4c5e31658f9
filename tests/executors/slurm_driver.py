"""A driver that a test can end: `python slurm_driver.py ROOT GATE`, on the cluster around it."""

from __future__ import annotations

import sys
from pathlib import Path

from pycaddy.executors import SlurmExecutor
from pycaddy.project import Project, Session
from tests.executors.functions import SWEEP


def behind_a_gate(run: Session) -> dict[str, int]:
    """Run at once on the first call, later only while the gate is open."""
    from tests.executors.real_slurm import wait_until

    gate = Path(run.params["gate"])
    if run.params["number"] < 2:
        run.path("began").touch()
        wait_until(gate.exists)
    return {"square": run.params["number"] ** 2}


def study(root: str, gate: str) -> str:
    sweep = [{**config, "gate": gate} for config in SWEEP]
    return str(Project(root).run(behind_a_gate, sweep, executor=SlurmExecutor(poll_s=0.2)))


if __name__ == "__main__":
    print(study(*sys.argv[1:]))
