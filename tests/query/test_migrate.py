"""Old runs with the params of today: RESUME finds them, and nothing else about them changes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from pycaddy.errors import ParamsError, RunBusyError
from pycaddy.project import ExistingRun, Project
from pycaddy.stores.sqlite.store import SqliteStore

RESUME = ExistingRun.RESUME


def test_resume_finds_migrated_runs(grid: Project) -> None:
    before = grid.runs("train").records
    report = grid.migrate("train", add={"wd": 0.0}, rename={"opt.lr": "lr"}, drop=["data"])
    assert len(report.changed) == 6
    found = grid.session("train", {"wd": 0, "lr": 0.01, "seed": 2}, RESUME)
    assert found.uid == "0005"
    assert found.params == {"seed": 2, "lr": 0.01, "wd": 0.0}
    for old, new in zip(before, grid.runs("train").records, strict=True):
        assert (new.result_text, new.history_text, new.created_us, new.status) == (
            old.result_text, old.history_text, old.created_us, old.status
        )  # fmt: skip


def test_the_folders_say_the_same_and_a_rebuild_finds_it(grid: Project) -> None:
    grid.migrate("train", rename={"opt.lr": "lr"})
    described = json.loads((grid.root / "train/0001/run.json").read_text())
    assert described["params"]["lr"] == 0.1
    assert not [finding for finding in grid.doctor() if finding.severe]
    migrated = [record.param_hash for record in grid.runs("train").records]
    for path in (grid.root / ".pycaddy").glob("ledger.db*"):
        path.unlink()
    grid.rebuild()
    assert [run.record.param_hash for run in Project(grid.root).runs("train")] == migrated


def test_a_dry_run_changes_nothing(grid: Project) -> None:
    before = grid.runs("train").records
    report = grid.migrate("train", add={"wd": 0.0}, dry_run=True)
    assert grid.runs("train").records == before
    assert report.backup is None
    assert not (grid.root / ".pycaddy/backups").exists()
    assert str(report).splitlines() == [
        "6 runs would be changed, 0 left as they are.",
        "train/0001: opt.lr=0.1 seed=1 data='a' -> opt.lr=0.1 seed=1 data='a' wd=0.0",
    ]


def test_the_ledger_is_kept_as_it_was(grid: Project) -> None:
    before = grid.runs("train").records
    report = grid.migrate("train", drop=["seed"])
    assert report.backup is not None
    kept = SqliteStore(report.backup, grid.ledger.store.project)
    assert kept.get("", "train", 1) == before[0]
    kept.close()
    assert report.backup in str(report)


def test_a_migration_can_be_repeated(grid: Project) -> None:
    assert len(grid.migrate("train", add={"wd": 0.0}, rename={"seed": "s"}).changed) == 6
    again = grid.migrate("train", add={"wd": 0.0}, rename={"seed": "s"})
    assert (again.changed, again.unchanged, again.backup) == ((), 6, None)


def test_only_some_runs_may_be_migrated(grid: Project) -> None:
    report = grid.migrate("train", add={"wd": 0.0}, where="seed == 2")
    assert report.changed == ("train/0002", "train/0005")


def test_runs_that_become_equal_are_told(grid: Project) -> None:
    report = grid.migrate("train", drop=["opt"], where="seed < 3")
    assert report.collisions == (("train/0001", "train/0004"), ("train/0002", "train/0005"))
    assert "Equal params now: train/0001, train/0004" in str(report)


def test_runs_in_the_trash_are_migrated_too(grid: Project) -> None:
    grid.session_of("train/0002").remove()
    assert len(grid.migrate("train", add={"wd": 0.0}).changed) == 6
    assert grid.restore("train/0002").params["wd"] == 0.0


def test_a_run_that_somebody_is_on_is_left_alone_and_all_others_with_it(grid: Project) -> None:
    ours = grid.session("train", {"seed": 7}).start()
    before = grid.runs("train").records
    with pytest.raises(RunBusyError, match=r"train/0007 is RUNNING"):
        grid.migrate("train", add={"wd": 0.0})
    assert grid.runs("train").records == before
    ours.done()
    assert len(grid.migrate("train", add={"wd": 0.0}).changed) == 7


def test_a_run_whose_process_died_is_migrated(grid: Project) -> None:
    script = (
        "import os; from pycaddy.project import Project\n"
        f"Project({str(grid.root)!r}).session('train', {{'seed': 9}}).start(); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    grid.migrate("train", add={"wd": 0.0})
    run = grid.session("train", {"seed": 9, "wd": 0.0}, ExistingRun.CONTINUE)
    assert run.uid == "0007"


def test_ignored_params_stay_out_of_the_key(tmp_path: Any) -> None:
    project = Project(tmp_path, ignore=["gpu"])
    project.session("train", {"x": 1, "gpu": 3}).done()
    project.session("train", {"x": 2, "gpu": 3, "tmp": "a"}, ignore=["tmp"]).done()
    with pytest.raises(ParamsError, match="ignore="):
        project.migrate("train", add={"wd": 0.0})
    assert len(project.migrate("train", add={"wd": 0.0}, ignore=["tmp"]).changed) == 2
    assert project.session("train", {"x": 1, "gpu": 0, "wd": 0.0}, RESUME).uid == "0001"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rename": {"seed": "data"}}, "a run has both"),
        ({"rename": {"seed": "data.seed"}}, "cannot be put into 'data'"),
        ({"add": {"data.x": 1}}, "cannot be put into 'data'"),
        ({"add": {"x": object()}}, "object"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    grid: Project, change: dict[str, Any], says: str
) -> None:
    before = grid.runs("train").records
    with pytest.raises(ParamsError, match=says):
        grid.migrate("train", **change)
    assert grid.runs("train").records == before


def test_a_migration_says_what_to_change(grid: Project) -> None:
    with pytest.raises(ValueError, match="Say what to change"):
        grid.migrate("train")
    with pytest.raises(TypeError, match=r"\['seed'\]"):
        grid.migrate("train", drop="seed")


def test_nested_params_are_moved_and_empty_ones_go(grid: Project) -> None:
    grid.migrate("train", rename={"opt.lr": "net.opt.lr", "seed": "net.seed"}, add={"net.x": [1]})
    assert grid.session_of("train/0001").params == {
        "data": "a", "net": {"opt": {"lr": 0.1}, "seed": 1, "x": [1]}
    }  # fmt: skip
