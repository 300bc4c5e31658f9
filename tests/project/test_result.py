"""What a run found out: stored with it, read by everybody."""

from __future__ import annotations

import enum
import json
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from pycaddy.errors import ParamsError, ParamsTooLargeError
from pycaddy.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Score:
    loss: float
    classes: tuple[str, ...]


def test_a_run_has_no_result_at_first(project: Project) -> None:
    assert project.session("train").result is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"loss": 0.5, "n": 3, "ok": True}, {"loss": 0.5, "n": 3, "ok": True}),
        ({"at": Path("a/b"), "is": Colour.RED, "t": (1,)}, {"at": "a/b", "is": "red", "t": [1]}),
        (Score(0.5, ("cat", "dog")), {"loss": 0.5, "classes": ["cat", "dog"]}),
        ({"nested": {"ünï": ["码", {}]}, "no": None}, {"nested": {"ünï": ["码", {}]}, "no": None}),
        ({"big": 2**80}, {"big": 2**80}),
    ],
    ids=["empty", "plain", "converted", "dataclass", "nested", "big"],
)
def test_a_result_is_kept_as_plain_values(project: Project, given: object, kept: object) -> None:
    run = project.session("train").start()
    run.result = given
    run.done()
    assert project.session_of("train/0001").result == kept
    assert json.loads((run.folder / "run.json").read_text())["result"] == kept


def test_nan_and_infinities_in_a_result_are_kept(project: Project) -> None:
    run = project.session("train")
    run.result = {"nan": math.nan, "worst": -math.inf}
    assert math.isnan(run.result["nan"])
    assert run.result["worst"] == -math.inf


def test_a_new_result_takes_the_place_of_the_old_one(project: Project) -> None:
    run = project.session("train").start()
    run.result = {"a": 1}
    run.result = {"b": 2}
    assert run.result == {"b": 2}
    run.result = None
    assert run.result is None


def test_a_result_may_be_added_to_a_run_that_has_ended(project: Project) -> None:
    run = project.session("train").start().done()
    run.result = {"loss": 0.5}
    assert json.loads((run.folder / "run.json").read_text())["result"] == {"loss": 0.5}


def test_a_result_is_a_copy(project: Project) -> None:
    run = project.session("train")
    given = {"losses": [1]}
    run.result = given
    given["losses"].append(2)
    run.result["losses"].append(3)
    assert run.result == {"losses": [1]}


@pytest.mark.parametrize("value", [math.nan, math.inf, 1, "text", [1], True, [("a", 1)]])
def test_a_result_that_is_no_mapping_is_refused(project: Project, value: object) -> None:
    run = project.session("train").start()
    expected = rf"must be a mapping, not a {type(value).__name__}\. .*\{{'value': \.\.\.\}}"
    with pytest.raises(ParamsError, match=expected):
        run.result = value
    assert run.result is None


def test_an_unfit_value_in_a_result_is_named(project: Project) -> None:
    run = project.session("train")
    with pytest.raises(ParamsError, match=r"result\['net'\]\['act'\] is <function"):
        run.result = {"net": {"act": lambda x: x}}
    with pytest.raises(ParamsTooLargeError, match=r"result\['log'\]"):
        run.result = {"log": "x" * 2_000_000}
    assert run.result is None
