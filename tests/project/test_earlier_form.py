"""Runs with params in version 1 of the canonical form, which kept no classes of nested values."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pycaddy import ExistingRun, Project, Session
from pycaddy.params import VERSION, freeze
from pycaddy.status import Status

RESUME = ExistingRun.RESUME


@dataclass
class Adam:
    lr: float = 0.1


@dataclass
class SGD:
    lr: float = 0.1


class Size(NamedTuple):
    width: int
    height: int


OLD = {"opt": {"lr": 0.1}, "size": [1, 2], "device": "cpu"}
NEW: dict[str, Any] = {"opt": Adam(), "size": Size(1, 2), "device": "cuda"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", ignore=["device"])


def old_run(project: Project, params: Any = None) -> Session:
    """A run as version 1 of the form recorded it."""
    run = project.session("train", OLD if params is None else params).start()
    record = run.done().record
    assert project.ledger.rewrite_params([(record, record.changed(param_version=1))])
    return run


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_run_is_found_and_gets_the_names_of_what_was_asked_for(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    old_run(project)
    run = project.session("train", NEW, RESUME)
    assert (run.uid, run.is_done()) == ("0001", True)
    assert run.record.param_version == VERSION
    assert run.params == {
        "opt": {"__class__": "Adam", "lr": 0.1},
        "size": {"__class__": "Size", "width": 1, "height": 2},
        "device": "cpu",
    }
    assert freeze(run.params, ignore=["device"]).key == run.param_hash
    [said] = warnings(caplog)
    assert "train/0001" in said
    caplog.clear()
    assert project.session("train", NEW, RESUME).uid == "0001"
    assert warnings(caplog) == []


def test_a_run_is_given_to_one_class_only(project: Project) -> None:
    old_run(project)
    assert project.session("train", NEW, RESUME).is_done()
    assert not project.session("train", NEW | {"opt": SGD()}, RESUME).is_done()


def test_a_run_that_has_params_of_today_is_not_taken_for_one_of_then(project: Project) -> None:
    project.session("train", OLD).start().done()
    assert not project.session("train", NEW, RESUME).is_done()


def test_a_run_goes_on(project: Project) -> None:
    old_run(project).error("bad")
    run = project.session("train", NEW, ExistingRun.CONTINUE)
    assert run.uid == "0001"
    assert run.start().params["device"] == "cuda"
    assert run.record.params_of(1)["device"] == "cpu"


def test_a_sweep_skips_such_runs(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    old_run(project)
    claimed = [run.params["opt"] for run in project.claim("train", [NEW, NEW | {"opt": SGD()}])]
    assert claimed == [{"__class__": "SGD", "lr": 0.1}]
    assert len(warnings(caplog)) == 1


def works(run: Session) -> dict[str, Any]:
    return {"opt": run.params["opt"]["__class__"]}


def test_a_failed_run_gets_another_chance(project: Project) -> None:
    run = old_run(project).error("bad")
    record = run.record
    report = project.run(works, [NEW], identifier="train", executor="serial", progress=False)
    assert (report.done, report.failed) == (1, 0)
    assert project.session_of("train/0001").result == {"opt": "Adam"}
    assert record.param_version == 1


def test_the_keys_of_other_params_are_those_of_version_1(project: Project) -> None:
    run = old_run(project, {"lr": 0.1, "layers": (64, 64)})
    assert run.param_hash == "7473abb95548a74d037056f2e63746845e906a1477dfd0fa4c2ad3d1dd19e6e0"
    resumed = project.session("train", {"lr": 0.1, "layers": [64, 64]}, RESUME)
    assert (resumed.status, resumed.record.param_version) == (Status.DONE, 1)
