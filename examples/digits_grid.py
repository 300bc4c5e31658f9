"""A grid of classifiers on scikit-learn's 1,797 handwritten digits, one run per configuration.

    python examples/digits_grid.py [RESULTS_FOLDER]

Stop it however you like (Ctrl-C, kill -9, a power cut) and start it again: it trains only what
is missing. With --demo it does that to itself and checks that nothing was trained twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import joblib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from pycaddy import DictSweep, ExistingRun, Project, Session, Status

GRID = [
    *DictSweep({"model": "svc", "C": [0.1, 1, 10, 100], "gamma": [0.01, 0.1, 1]}),
    *DictSweep({"model": "forest", "n_estimators": [10, 50, 200], "max_depth": [5, None]}),
    *DictSweep({"model": "logistic", "C": [0.01, 0.1, 1, 10]}),
    *DictSweep(
        {"model": "neighbors", "n_neighbors": [1, 3, 5], "weights": ["uniform", "distance"]}
    ),
]
MODELS = {
    "svc": SVC,
    "forest": partial(RandomForestClassifier, random_state=0),
    "logistic": partial(LogisticRegression, solver="newton-cg"),
    "neighbors": KNeighborsClassifier,
}

# Every model learns from the same 70 % of the images, and is measured on the rest.
images, digits = load_digits(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    images / 16, digits, test_size=0.3, stratify=digits, random_state=0
)


def run_grid(project: Project) -> None:
    """Train every configuration that has no finished run yet."""
    for config in GRID:
        run = project.session("train", params=config, existing_run_strategy=ExistingRun.RESUME)
        if run.is_done():
            continue
        with run:  # RUNNING now, DONE at the end of the block, ERROR if it raises
            print(run.key, name(config))
            run.result = train(run)


def train(run: Session) -> dict[str, Any]:
    """Train the model that the run's params describe; keep it and its mistakes as files."""
    params = run.params
    model = MODELS[params.pop("model")](**params)
    started = perf_counter()
    model.fit(x_train, y_train)
    fit_s = perf_counter() - started

    confusion = confusion_matrix(y_test, model.predict(x_test))
    wrong = int(confusion.sum() - confusion.trace())
    result = {"accuracy": 1 - wrong / len(y_test), "wrong": wrong, "fit_s": fit_s}

    files = {
        "model": run.path("model.joblib"),
        "confusion": run.path("confusion.png"),
        "metrics": run.path("metrics.json"),
    }
    joblib.dump(model, files["model"])
    picture(confusion, title=f"{name(run.params)}: {wrong} wrong").savefig(files["confusion"])
    files["metrics"].write_text(json.dumps({**result, "confusion": confusion.tolist()}))
    run.attach_files(files, hash=True)
    return result


def picture(confusion: NDArray[np.int64], title: str) -> Figure:
    """Draw which digit was taken for which: hits in blue, mistakes in red."""
    share = confusion / confusion.sum(axis=1, keepdims=True)
    shade = np.sqrt(share) * np.where(np.eye(len(share)), 1, -1)  # one mistake is seen, too
    figure = Figure(figsize=(5, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shade, cmap="RdBu", vmin=-1.2, vmax=1.2)
    for (digit, answer), count in np.ndenumerate(confusion):
        color = "white" if abs(shade[digit, answer]) > 0.7 else "black"
        axes.text(answer, digit, str(count or ""), ha="center", va="center", color=color)
    axes.set(title=title, xlabel="taken for", ylabel="digit", xticks=range(10), yticks=range(10))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def table(project: Project, first: int | None = None) -> Table:
    """The finished runs, best first; all of them, or only the *first* few."""
    rows = Table("run", "model", box=SIMPLE_HEAD)
    for number in ("accuracy", "wrong", "fit (s)"):
        rows.add_column(number, justify="right")
    runs = [(run, run.result or {}) for run in project.sessions("train", status=Status.DONE)]
    runs.sort(key=lambda pair: (-pair[1]["accuracy"], pair[1]["fit_s"]))
    for run, result in runs[:first]:
        numbers = f"{result['accuracy']:.2%}", str(result["wrong"]), f"{result['fit_s']:.3f}"
        rows.add_row(run.uid, name(run.params), *numbers)
    return rows


def name(params: dict[str, Any]) -> str:
    """Return "svc C=10 gamma=0.1"."""
    settings = (f"{key}={value}" for key, value in params.items() if key != "model")
    return " ".join((params["model"], *settings))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="?", default=Path("results/digits"))
    parser.add_argument("--demo", action="store_true", help="be killed halfway and start again")
    options = parser.parse_args()
    project = Project(options.results)
    if options.demo:
        from _demo import demo

        return demo(Path(__file__), project, GRID, table)
    run_grid(project)
    Console().print(table(project))
    return 0


if __name__ == "__main__":
    sys.exit(main())
