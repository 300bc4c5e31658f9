from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.interop import plots
from pycaddy.records import RunRecord


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "results", durability="process")
    for lr in (0.1, 0.01):
        for layers in (1, 2):
            with project.session("train", {"lr": lr, "layers": layers, "$x": "a"}) as run:
                for step in range(5):
                    run.log("loss", lr * layers * step)
                run.result = {"score": lr * layers}
    return project


@pytest.fixture
def runs(project: Project) -> tuple[RunRecord, ...]:
    return project.runs("train").records


def test_curves_have_a_line_for_each_run(project: Project, runs: tuple[RunRecord, ...]) -> None:
    (axes,) = plots.plot_curves(project, runs, "loss").axes
    assert [line.get_label() for line in axes.lines] == [str(run.key) for run in runs]
    assert list(axes.lines[0].get_ydata()) == [0.1 * step for step in range(5)]


def test_a_scatter_has_a_point_for_each_run(runs: tuple[RunRecord, ...]) -> None:
    (axes,) = plots.plot_scatter(runs, "lr", "metrics.loss", log=True).axes
    (points,) = axes.collections
    assert sorted(map(tuple, points.get_offsets().tolist()))[0] == (0.01, 0.04)
    assert axes.get_xscale() == "log"


def test_parallel_coordinates_have_a_line_for_each_run(runs: tuple[RunRecord, ...]) -> None:
    (axes,) = plots.plot_parallel(runs, ["lr", "layers", "result.score"]).axes
    assert len(axes.lines) == 4
    assert all(0 <= y <= 1 for line in axes.lines for y in line.get_ydata())


def test_a_heatmap_has_a_cell_for_each_pair(runs: tuple[RunRecord, ...]) -> None:
    axes = plots.plot_heatmap(runs, "lr", "layers", "result.score").axes[0]
    grid = axes.images[0].get_array()
    assert grid is not None
    assert grid.tolist() == [[0.01, 0.1], [0.02, 0.2]]


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml")])
def test_a_picture_is_written_by_the_end_of_its_name(
    runs: tuple[RunRecord, ...], tmp_path: Path, name: str, begins: bytes
) -> None:
    plots.save(plots.plot_scatter(runs, "lr", "result.score"), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    with pytest.raises(ValueError, match=r"png or a \.svg"):
        plots.save(plots.plot_scatter(runs, "lr", "result.score"), tmp_path / "a.bmp")


def test_what_there_is_nothing_of_is_said(project: Project, runs: tuple[RunRecord, ...]) -> None:
    with pytest.raises(ValueError, match="has logged 'accuracy'"):
        plots.plot_curves(project, runs, "accuracy")
    with pytest.raises(ValueError, match=r"a number for each of lr, \$x"):
        plots.plot_scatter(runs, "lr", "$x")


def test_the_global_state_of_matplotlib_is_left_alone(runs: tuple[RunRecord, ...]) -> None:
    before = "matplotlib.pyplot" in sys.modules
    plots.plot_scatter(runs, "lr", "result.score")
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_a_curve_is_drawn_by_step_with_its_peaks_and_a_gap_for_what_is_no_number(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path / "results", durability="process")
    with project.session("train", {"k": 1}) as run:
        for step in reversed(range(10_000)):
            peak = {4321: 9.0, 7777: -9.0, 5: float("nan")}
            run.log("loss", peak.get(step, 0.0), step=step)
    (axes,) = plots.plot_curves(project, project.runs("train").records, "loss").axes
    steps, values = axes.lines[0].get_xdata(), axes.lines[0].get_ydata()
    assert len(values) <= 2000
    assert list(steps) == sorted(steps)
    assert (steps[0], steps[-1]) == (0, 9_999)
    assert {9.0, -9.0} <= set(values)
    assert sum(value != value for value in values) == 1
