"""A name means the same in every place that takes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pycaddy.filters import read_name
from pycaddy.interop import plots
from pycaddy.project import Project
from pycaddy.web._groups import grouped
from pycaddy.web._sweep import told
from tests.cli.sample import document

# Each name has one of these values in the runs 0001, 0002 and 0003.
VALUES = [3, 1, 2]

NAMES = (
    "lr",
    "opt.lr",
    "params.opt.lr",
    "opt['lr']",
    "params.status",
    "params['weird key']",
    "layers[0]",
    "acc",
    "result.acc",
    "both",
    "val/top",
    "val.top",
    "result.val/top",
    "result['val']['top']",
    "a.b",
    "result.a.b",
    "result['a.b']",
    "x/y",
    "result['x/y']",
    "reward",
    "metrics.reward",
    "metrics['reward']",
    "reward.max",
    "metrics.reward.max",
    "val/score",
    "metrics.val/score",
    "metrics['val/score'].max",
    "metrics.val/score.max",
    "val/score.max",
    "r.mean",
    "metrics.r.mean",
)

Place = Callable[[Project, str], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("names") / "results", durability="process")
    for identifier in ("train", "eval"):
        for value in VALUES:
            config: dict[str, Any] = {"lr": value, "opt": {"lr": value}, "layers": [value]}
            config |= {"status": value, "weird key": value, "both": value, "one": 1}
            with project.session(identifier, config) as run:
                run.log({"reward": 0, "val/score": 0, "r.mean": 0, "acc": -value, "both": -value})
                run.log({"reward": value, "val/score": value, "r.mean": value})
                run.result = {
                    "acc": value, "both": -value, "val": {"top": value}, "a.b": value, "x/y": value,
                }  # fmt: skip
    yield project
    project.ledger.store.close()


def filtered(project: Project, name: str) -> object:
    found = [project.runs("train", where=f"{name} == {value}") for value in VALUES]
    assert [len(runs) for runs in found] == [1, 1, 1]
    return [int(runs[0].uid) for runs in found] == [1, 2, 3]


def compared(project: Project, name: str) -> object:
    return len(project.runs("train", where=f"{name} is not None and {name} == params.lr")) == 3


def sorted_by(project: Project, name: str) -> object:
    return [int(run.uid) for run in project.runs("train", sort=f"-{name}")] == [1, 3, 2]


def tabled(project: Project, name: str) -> object:
    return project.runs("train").table(columns=[name]).columns()[name] == VALUES


def grouped_by(project: Project, name: str) -> object:
    return [row[name] for row in project.runs("train").group_by([name], of="seconds")] == VALUES


def averaged(project: Project, name: str) -> object:
    (row,) = project.runs("train").group_by("one", of=[name])
    return (row[name], row[f"{name}.std"]) == (2.0, 1.0)


def joined(project: Project, name: str) -> object:
    return [row[name] for row in project.join("train", "eval", on=[name])] == VALUES


def kept(project: Project, name: str) -> object:
    gone = project.gc(keep_best=(name, 1, "max"), dry_run=True).runs
    return gone == ("eval/0002", "eval/0003", "train/0002", "train/0003")


def best(project: Project, name: str) -> object:
    found = document("best", name, "train", "--max", "-p", project.root)["runs"]
    return [(run["uid"], run["columns"][name]) for run in found] == [
        ("0001", 3), ("0003", 2), ("0002", 1)
    ]  # fmt: skip


def listed(project: Project, name: str) -> object:
    words = ["--sort", name, "--columns", name, "--where", f"{name} > 1"]
    found = document("ls", "train", *words, "-p", project.root)["runs"]
    return [run["columns"][name] for run in found] == [2, 3]


def drawn(project: Project, name: str) -> object:
    (axes,) = plots.plot_scatter(project.runs("train").records, "lr", name).axes
    return axes.collections[0].get_offsets().tolist() == [[value, value] for value in VALUES]


def grouped_on_the_page(project: Project, name: str) -> object:
    records = project.runs("train").records
    groups = grouped(records, read_name(name), lambda record: False)["groups"]
    found = [project.runs("train", where=group["where"])[0].uid for group in groups]
    return [group["value"] for group in groups] == [1, 2, 3] and found == ["0002", "0003", "0001"]


def swept_on_the_page(project: Project, name: str) -> object:
    records = project.runs("train").records
    grid = told(records, lambda record: False, 0, x=name, y="", of=name)["grid"]
    found = {
        (cell["mean"], project.runs("train", where=cell["where"])[0].uid) for cell in grid["cells"]
    }
    return found == {(3, "0001"), (1, "0002"), (2, "0003")}


PLACES: tuple[Place, ...] = (
    filtered,
    compared,
    sorted_by,
    tabled,
    grouped_by,
    averaged,
    joined,
    kept,
    best,
    listed,
    drawn,
    grouped_on_the_page,
    swept_on_the_page,
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_means_the_same_everywhere(made: Project, name: str, place: Place) -> None:
    assert place(made, name)


@pytest.mark.parametrize("name", ["acc.min_stepp", "val/top.x", "metrics.acc.mx", "nothing"])
def test_a_name_that_no_run_has_is_refused_by_what_needs_it(made: Project, name: str) -> None:
    runs = made.runs("train")
    assert len(made.runs("train", where=f"{name} == 1")) == 0
    assert len(made.runs("train", sort=name)) == 3
    for ask in (
        lambda: runs.table([name]),
        lambda: runs.group_by(name),
        lambda: runs.group_by(over=name),
        lambda: runs.group_by("lr", of=name),
        lambda: plots.plot_scatter(runs.records, "lr", name),
    ):
        with pytest.raises(ValueError, match=f"None of the 3 runs has a value named '{name}'"):
            ask()
