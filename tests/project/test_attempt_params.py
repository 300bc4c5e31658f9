"""The values of ignored params belong to an attempt, and the record keeps those of each."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy import DictSweep, ExistingRun, Project, Session
from pycaddy.params import freeze
from pycaddy.params._changed import differences, undone
from tests.params.strategies import plain_mappings

CONTINUE = ExistingRun.CONTINUE
LR = 0.1


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", ignore=["device", "loader.workers"])


def attempt(project: Project, **params: Any) -> Session:
    return project.session("train", {"lr": LR, **params}, CONTINUE)


def test_a_run_that_goes_on_has_the_params_of_this_call(project: Project) -> None:
    attempt(project, device="cpu").start().error("cut off")
    run = attempt(project, device="cuda")
    assert run.params == {"lr": LR, "device": "cuda"}
    with run:
        assert run.uid == "0001"
        assert run.params == run.record.params == {"lr": LR, "device": "cuda"}
    assert project.session_of("train/0001").params == {"lr": LR, "device": "cuda"}


def test_until_it_goes_on_the_record_is_as_it_was(project: Project) -> None:
    attempt(project, device="cpu").start().error("cut off")
    run = pickle.loads(pickle.dumps(attempt(project, device="cuda")))
    assert run.params["device"] == "cuda"
    assert run.record.params["device"] == "cpu"
    assert "cuda" in repr(run)


def test_the_record_keeps_the_params_of_each_attempt(project: Project) -> None:
    calls: list[dict[str, Any]] = [
        {"device": "cpu", "loader": {"workers": 1}},
        {"device": "cuda", "loader": {"workers": 1}},
        {"loader": {"workers": math.nan}},
        {"device": None, "loader": {}},
        {"device": None, "loader": {}},
    ]
    for call in calls:
        attempt(project, **call).start().error("cut off")
    record = project.session_of("train/0001").record
    assert [freeze(record.params_of(1 + n)).key for n in range(5)] == [
        freeze({"lr": LR, **call}).key for call in calls
    ]
    assert record.history[3].changed_params == {"device": {"before": "cpu", "now": "cuda"}}
    assert record.history[9].changed_params is None
    for number in (0, 6):
        with pytest.raises(ValueError, match="attempts 1 to 5"):
            record.params_of(number)


def test_a_rebuild_keeps_them(project: Project) -> None:
    for device in ("cpu", "cuda"):
        attempt(project, device=device).start().error("cut off")
    before = project.session_of("train/0001").record
    for file in (project.root / ".pycaddy").glob("ledger.db*"):
        file.unlink()
    project = Project(project.root)
    project.rebuild()
    after = project.session_of("train/0001").record
    assert [after.params_of(1), after.params_of(2)] == [before.params_of(1), before.params_of(2)]
    assert after.params_of(1) == {"lr": LR, "device": "cpu"}


def test_a_claimed_run_has_the_params_of_the_sweep(project: Project) -> None:
    attempt(project, device="cpu").start().error("cut off")
    for run in project.claim("train", DictSweep({"lr": [LR], "device": ["cuda"]})):
        with run:
            assert (run.uid, run.params) == ("0001", {"lr": LR, "device": "cuda"})
    record = project.session_of("train/0001").record
    assert record.params["device"] == "cuda"
    assert record.params_of(1)["device"] == "cpu"


def devices(run: Session) -> dict[str, Any]:
    return {"device": run.params["device"]}


def test_a_function_sees_the_params_of_the_sweep(project: Project) -> None:
    attempt(project, device="cpu").start().error("cut off")
    sweep = DictSweep({"lr": [LR], "device": ["cuda"]})
    project.run(devices, sweep, identifier="train", executor="serial", progress=False)
    assert project.session_of("train/0001").result == {"device": "cuda"}


def test_a_run_that_is_done_has_the_params_that_it_was_done_with(project: Project) -> None:
    attempt(project, device="cpu").start().done()
    assert attempt(project, device="cuda").params["device"] == "cpu"
    resumed = project.session("train", {"lr": LR, "device": "x"}, ExistingRun.RESUME)
    assert resumed.params["device"] == "cpu"


def test_what_counts_as_equal_is_no_change(project: Project) -> None:
    project.session("train", {"lr": 1, "a": 2}).start().error("cut off")
    run = project.session("train", {"a": 2.0, "lr": 1.0}, CONTINUE).start()
    assert run.record.history[-1].changed_params is None


@given(plain_mappings, plain_mappings)
def test_changes_can_be_undone(one: dict[str, Any], other: dict[str, Any]) -> None:
    if any("." in key for key in names_in([one, other])):
        return
    changes = differences(one, other)
    assert bool(changes) == (freeze(one).key != freeze(other).key)
    assert freeze(undone(freeze(other).plain, changes)).key == freeze(one).key


def names_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *names_in(list(value.values()))]
    return [name for item in value for name in names_in(item)] if isinstance(value, list) else []


@given(st.dictionaries(st.sampled_from(["a", "a.b", "b"]), st.integers(0, 1)), st.data())
def test_keys_with_dots_are_found(one: dict[str, Any], data: st.DataObject) -> None:
    other = {key: data.draw(st.integers(0, 1)) for key in one}
    assert undone(dict(other), differences(one, other)) == one
