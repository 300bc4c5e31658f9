"""Draw the pictures of docs/plots.md from the runs of digits_grid.py, and one search with curves.

    python examples/make_plots.py [FOLDER]

What they show is what happens: the grid is run to draw them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import digits_grid
from sklearn.linear_model import SGDClassifier

from pycaddy import Project
from pycaddy.interop import plots

PICTURES = Path(__file__).parents[1] / "docs/images"


def train_slowly(project: Project) -> None:
    """Log the accuracy of a linear model after each epoch, for three step sizes."""
    for eta in (0.0001, 0.001, 0.01):
        with project.session("epochs", {"eta0": eta}) as run:
            model = SGDClassifier(learning_rate="constant", eta0=eta, random_state=0)
            for epoch in range(30):
                model.partial_fit(digits_grid.x_train, digits_grid.y_train, classes=list(range(10)))
                accuracy = model.score(digits_grid.x_test, digits_grid.y_test)
                run.log("accuracy", accuracy, step=epoch)


def draw(project: Project, folder: Path) -> None:
    """Draw the four kinds of picture."""
    folder.mkdir(parents=True, exist_ok=True)
    epochs = project.runs("epochs").records
    machines = project.runs("train", where="model == 'svc'").records
    score = "result.accuracy"
    pictures = {
        "curves": plots.plot_curves(project, epochs, "accuracy"),
        "scatter": plots.plot_scatter(machines, "C", score, log=True),
        "parallel": plots.plot_parallel(machines, ["C", "gamma", score]),
        "heatmap": plots.plot_heatmap(machines, "C", "gamma", score),
    }
    for name, figure in pictures.items():
        plots.save(figure, folder / f"plot-{name}.svg")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    with TemporaryDirectory() as results:
        project = Project(Path(results) / "digits")
        digits_grid.run_grid(project)
        train_slowly(project)
        draw(project, folder)


if __name__ == "__main__":
    main()
