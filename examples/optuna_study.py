"""A search for the best support vector machine on scikit-learn's 1,797 handwritten digits.

    python examples/optuna_study.py [RESULTS_FOLDER] [--trials 40]

Each configuration is chosen by optuna from the results of those before it. There is no study to
keep: the ledger is it. Stop it however you like and start it again, or start it in several
terminals: they share the study. With --demo it is killed halfway, goes on, and checks that
nothing was lost and nothing was done twice.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

from pycaddy import Project, Status
from pycaddy.sweeper import LogUniform, OptunaSweep

SPACE = {
    "C": LogUniform(1e-2, 1e3),
    "gamma": LogUniform(1e-4, 1e1),
    "kernel": ["rbf", "poly", "sigmoid"],
}


def train(params: dict[str, Any]) -> dict[str, float]:
    """Return the accuracy in threefold cross-validation."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score
    from sklearn.svm import SVC

    images, digits = load_digits(return_X_y=True)
    return {"accuracy": float(cross_val_score(SVC(**params), images / 16, digits, cv=3).mean())}


def search(project: Project, trials: int) -> None:
    """Carry the study on until it has its trials."""
    study = OptunaSweep(SPACE, objective="accuracy", direction="maximize", n=trials)
    for run in project.claim("svc", study):
        with run:
            run.result = result = train(run.params)
        # Said after the block: whoever reads it may rely on the run being DONE.
        print(run.key, f"{result['accuracy']:.2%}", run.params, flush=True)


def show_best(project: Project, first: int = 3) -> None:
    runs = [(run, run.result or {}) for run in project.sessions("svc", status=Status.DONE)]
    runs.sort(key=lambda pair: -pair[1]["accuracy"])
    print(f"\nBest of {len(runs)}:")
    for run, result in runs[:first]:
        print(run.key, f"{result['accuracy']:.2%}", run.params)


def demo(project: Project, trials: int) -> None:
    """Start the study, kill it halfway, start it again, and check what is there."""
    command = [sys.executable, __file__, str(project.root), "--trials", str(trials)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as study:
        for _, line in zip(range(trials // 2), study.stdout or (), strict=False):
            print(line, end="")
        study.kill()
    before = {run.uid: run.ended_at for run in project.sessions("svc", status=Status.DONE)}
    print(f"Killed with {len(before)} trials done. Once more:")
    subprocess.run(command, check=True)
    runs = project.sessions("svc")
    kept = all(run.ended_at == before[run.uid] for run in runs if run.uid in before)
    different = len({run.param_hash for run in runs}) == len(runs) == trials
    if not (kept and different and all(run.is_done() for run in runs)):
        sys.exit("A trial was lost or done twice.")
    print(f"{trials} trials, {trials} configurations, none lost and none done twice.")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="?", default=Path("results/optuna"))
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--demo", action="store_true", help="be killed halfway and go on")
    options = parser.parse_args()
    project = Project(options.results)
    if options.demo:
        demo(project, options.trials)
    else:
        search(project, options.trials)
        show_best(project)


if __name__ == "__main__":
    main()
