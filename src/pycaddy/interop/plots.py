"""Pictures of runs, drawn by matplotlib without its global state: figures, not pyplot."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pycaddy._extras import require
from pycaddy.filters import Seen, series_of
from pycaddy.ledger import recording
from pycaddy.metrics.series import Series
from pycaddy.metrics.thinning import ascending, part
from pycaddy.project import Project
from pycaddy.query import known_names
from pycaddy.records import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_curves", "plot_heatmap", "plot_parallel", "plot_scatter", "save"]

_POINTS = 2000
_MOST_NAMED = 12
_EXTRA = "plot"


def plot_curves(project: Project, runs: Iterable[RunRecord], name: str) -> Figure:
    """Draw the series *name* ("loss", "val/acc" or "metrics.loss") of each run over its steps.

    Raises:
        FilterError: *name* begins with "metrics" and cannot be read.
        ValueError: None of the runs has logged it.
    """
    figure, axes = _figure()
    names = series_of(name)
    drawn = 0
    for record in runs:
        known = (recording.read(project.ledger, record, each) for each in names)
        series = next((each for each in known if each is not None), None)
        if series is not None:
            drawn += 1
            label = str(record.key) if drawn <= _MOST_NAMED else None
            axes.plot(*_line(series), label=_plain(label), lw=1.2)
    if not drawn:
        raise _nothing(f"has logged {name!r}")
    axes.set(xlabel="step", ylabel=_plain(name))
    axes.legend(fontsize="small")
    return figure


def plot_scatter(runs: Iterable[RunRecord], x: str, y: str, *, log: bool = False) -> Figure:
    """Draw one value of each run against another, such as a param against a metric.

    Args:
        runs: The runs.
        x: The name of a value: "lr".
        y: The name of another one: "loss", "val/acc.max".
        log: Use a logarithmic x axis.

    Raises:
        FilterError: A name cannot be read, or no run has such a value.
        ValueError: No run has a number for both.
    """
    rows = _rows(runs, x, y)
    figure, axes = _figure()
    axes.scatter([row[0] for row in rows], [row[1] for row in rows], alpha=0.7)
    if log:
        axes.set_xscale("log")
    axes.set(xlabel=_plain(x), ylabel=_plain(y))
    return figure


def plot_parallel(runs: Iterable[RunRecord], names: Sequence[str]) -> Figure:
    """Draw a line for each run over several values; its colour is the last one's.

    Raises:
        FilterError: A name cannot be read, or no run has such a value.
        ValueError: No run has a number for each, or there are fewer than two names.
    """
    if len(names) < 2:
        raise ValueError(f"Parallel coordinates take two names at least, not {list(names)!r}.")
    rows = _rows(runs, *names)
    columns = list(zip(*rows, strict=True))
    lows = [min(column) for column in columns]
    spans = [max(column) - min(column) or 1 for column in columns]
    figure, axes = _figure()
    colours = require("matplotlib", _EXTRA).colormaps["viridis"]
    for row in rows:
        scaled = [(value - low) / span for value, low, span in zip(row, lows, spans, strict=True)]
        axes.plot(range(len(names)), scaled, color=colours(scaled[-1]), alpha=0.7, lw=1.2)
    labels = [
        f"{_plain(name)}\n{low:.4g} to {low + span:.4g}"
        for name, low, span in zip(names, lows, spans, strict=True)
    ]
    axes.set_xticks(range(len(names)), labels)
    axes.set_yticks([])
    return figure


def plot_heatmap(runs: Iterable[RunRecord], x: str, y: str, value: str) -> Figure:
    """Draw the mean of *value* over a grid of two other values.

    Raises:
        FilterError: A name cannot be read, or no run has such a value.
        ValueError: No run has a number for each.
    """
    cells: dict[tuple[float, float], list[float]] = {}
    for across, up, found in _rows(runs, x, y, value):
        cells.setdefault((across, up), []).append(found)
    xs, ys = (sorted({cell[axis] for cell in cells}) for axis in (0, 1))
    missing = float("nan")
    means = {cell: sum(found) / len(found) for cell, found in cells.items()}
    figure, axes = _figure()
    grid = [[means.get((across, up), missing) for across in xs] for up in ys]
    image = axes.imshow(grid, origin="lower", aspect="auto")
    axes.set_xticks(range(len(xs)), [f"{number:.4g}" for number in xs])
    axes.set_yticks(range(len(ys)), [f"{number:.4g}" for number in ys])
    axes.set(xlabel=_plain(x), ylabel=_plain(y))
    figure.colorbar(image, label=_plain(value))
    return figure


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure as PNG or SVG, by the end of *path*; the file is complete or not there.

    Raises:
        ValueError: *path* ends in neither.
    """
    target = os.path.abspath(path)
    kind = target.rpartition(".")[2].lower()
    if kind not in ("png", "svg"):
        raise ValueError(f"A picture is a .png or a .svg, not {os.fspath(path)!r}.")
    partial = f"{target}.{os.urandom(6).hex()}.tmp"
    try:
        figure.savefig(partial, format=kind, dpi=150)
        os.replace(partial, target)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def _figure() -> tuple[Figure, Axes]:
    figure: Figure = require("matplotlib.figure", _EXTRA).Figure((6.4, 4), layout="constrained")
    return figure, figure.subplots()


def _rows(runs: Iterable[RunRecord], *names: str) -> list[tuple[Any, ...]]:
    """Return the numbers of each run that has all of them."""
    records = list(runs)
    known = known_names(names, records)
    values = [known[name.strip()] for name in names]
    rows = [tuple(map(Seen(record).cell, values)) for record in records]
    found = [row for row in rows if all(map(_is_number, row))]
    if not found:
        raise _nothing(f"has a number for each of {', '.join(names)}")
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value - value == 0


def _nothing(what: str) -> ValueError:
    return ValueError(f"None of the runs {what}. `pycaddy ls --csv` shows the values there are.")


def _line(series: Series) -> tuple[list[float], list[float]]:
    """Return the points to draw, by step; a value that is not finite is a gap."""
    xs, ys = ascending(series.steps.tolist(), series.values.tolist())
    kept = part(xs, ys, _POINTS).kept
    return [xs[at] for at in kept], [ys[at] for at in kept]


def _plain(text: str | None) -> str | None:
    # A pair of dollar signs would be read as TeX.
    return None if text is None else text.replace("$", r"\$")
