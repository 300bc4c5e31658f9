"""A sweep on a Slurm cluster: submit it, leave, come back, and it is where it should be.

    python examples/slurm_sweep.py RESULTS_FOLDER [--partition=NAME] [--detach]

Run it on a login node. Ctrl-C leaves the tasks at work; the same command comes back to them,
and trains only what is missing. It needs what `pip install 'pycaddy[slurm]'` brings.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from pathlib import Path

from pycaddy import DictSweep, Project, Session
from pycaddy.executors import SlurmExecutor

SWEEP = DictSweep({"rate": [0.5, 0.1, 0.02], "seed": [0, 1, 2, 3]}, constants={"steps": 200})


def descend(run: Session) -> dict[str, float]:
    """Walk down a bumpy valley, and go on from the last checkpoint if there is one."""
    checkpoint = run.path("checkpoint.json")
    steps = range(run.params["steps"])
    draw = random.Random(run.params["seed"])
    x = draw.uniform(-3, 3)
    if checkpoint.exists():  # an earlier attempt was preempted, or its node failed
        done, x = json.loads(checkpoint.read_text())
        steps = steps[done:]
    for step in steps:
        slope = 2 * x + 3 * math.cos(3 * x)
        x -= run.params["rate"] * 0.1 * slope
        if step % 50 == 49:
            print(f"step {step + 1}: {x:.4f}", flush=True)
            checkpoint.write_text(json.dumps([step + 1, x]))
    return {"x": x, "height": x * x + math.sin(3 * x)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--partition")
    parser.add_argument("--detach", action="store_true", help="submit, and do not wait")
    given = parser.parse_args()
    project = Project(given.results)
    slurm = SlurmExecutor(partition=given.partition, minutes=10, detach=given.detach, poll_s=1.0)
    print(project.run(descend, SWEEP, executor=slurm, workers=4))
    done = [run for run in project.sessions("descend") if run.result]
    if done:
        best = min(done, key=lambda run: run.result["height"] if run.result else math.inf)
        print(f"The lowest is {best.result} by {best.params}, in {best.folder}")


if __name__ == "__main__":
    main()
