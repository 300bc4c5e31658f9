"""Learning curves of 40 small networks on scikit-learn's handwritten digits, in plain numpy.

    python examples/digits_curves.py [RESULTS_FOLDER]

Each run logs three numbers at every step, more than 100,000 points in all. One of the learning
rates is too high: its runs diverge, and end in ERROR when their loss is not a number any more.
Stop it however you like and start it again: what is done is skipped, the rest gets its chance.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from pycaddy import DictSweep, Project, Session

SWEEP = DictSweep({"lr": [0.01, 0.03, 0.1, 0.3, 10.0], "width": [8, 32], "seed": [0, 1, 2, 3]})
STEPS = 1_100
BATCH = 32
LEAK = 0.1

# Every network learns from the same 80 % of the images, and is measured on the rest.
images, digits = load_digits(return_X_y=True)
x_train, x_val, y_train, y_val = train_test_split(
    images / 16, digits, test_size=0.2, stratify=digits, random_state=0
)

# The matrices are small: handing parts of them to other cores takes longer than it saves.
threadpool_limits(1)

Floats = NDArray[np.float64]


def train(run: Session) -> dict[str, float]:
    """Train the network that the run's params describe, and log how it gets on."""
    lr, width = run.params["lr"], run.params["width"]
    random = np.random.default_rng(run.params["seed"])
    hidden = random.normal(0, np.sqrt(2 / 64), (64, width))
    output = random.normal(0, np.sqrt(1 / width), (width, 10))
    best = 0.0
    for step in range(STEPS):
        batch = random.integers(len(x_train), size=BATCH)
        x, y = x_train[batch], y_train[batch]
        with np.errstate(all="ignore"):  # what diverges is seen in the loss
            active = leaky(x @ hidden)
            loss, slope = cross_entropy(active @ output, y)
            back = (slope @ output.T) * np.where(active > 0, 1, LEAK)
            output -= lr * active.T @ slope
            hidden -= lr * x.T @ back
            scores = leaky(x_val @ hidden) @ output
            val_loss, _ = cross_entropy(scores, y_val)
        accuracy = float((scores.argmax(axis=1) == y_val).mean())
        run.log({"loss/train": loss, "loss/val": val_loss, "acc/val": accuracy}, step=step)
        if step % 100 == 0:
            print(f"step {step:5}  loss {loss:.4f}  accuracy {accuracy:.2%}")
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss} at step {step}: lr={lr:g} is too high")
        best = max(best, accuracy)

    run.attach_files({"weights": save(run.path("weights.npz"), hidden, output)}, hash=True)
    return {"accuracy": accuracy, "best": best, "loss": val_loss}


def leaky(sums: Floats) -> Floats:
    """Return the *sums*, those below zero at a tenth."""
    return np.maximum(sums, LEAK * sums)


def cross_entropy(scores: Floats, labels: NDArray[np.int64]) -> tuple[float, Floats]:
    """Return the mean loss of a softmax, and its slope at each of the *scores*."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    slope = np.exp(logs)
    slope[rows, labels] -= 1
    return float(-logs[rows, labels].mean()), slope / len(labels)


def save(path: Path, hidden: Floats, output: Floats) -> Path:
    """Write the weights to *path*, and return it."""
    np.savez(path, hidden=hidden, output=output)
    return path


def table(project: Project) -> Table:
    """The finished runs, best first; of two with the same accuracy the one with less loss."""
    rows = Table("run", "lr", "width", "seed", box=SIMPLE_HEAD)
    for number in ("accuracy", "best", "loss"):
        rows.add_column(number, justify="right")
    finished = project.runs("train", where="status == 'done'", sort="-result.accuracy,result.loss")
    for run in finished:
        result = run.result or {}
        params = (str(run.params[name]) for name in ("lr", "width", "seed"))
        numbers = f"{result['accuracy']:.2%}", f"{result['best']:.2%}", f"{result['loss']:.4f}"
        rows.add_row(run.uid, *params, *numbers)
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="?", default=Path("results/curves"))
    project = Project(parser.parse_args().results, capture="git,machine,output")
    report = project.run(train, SWEEP, executor="serial")
    console = Console()
    console.print(table(project))
    console.print(str(report), markup=False, highlight=False, soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
