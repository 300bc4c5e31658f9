from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy import Project, Status
from pycaddy.ledger import Ledger
from pycaddy.metrics import recorder
from pycaddy.metrics.summary import MOST_SERIES, Summary
from pycaddy.project import Session
from pycaddy.testing._at_once import in_fork
from tests.scripts import answer, killed

FACTS = {"count": 4, "first_step": 0, "last_step": 6, "last": 0.5, "mean": 2.125, "min": 0.5,
         "min_step": 6, "max": 5.0, "max_step": 2}  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


def log(run: Session) -> None:
    for step, value in ((0, 2), (2, 5), (4, 1), (6, 0.5)):
        run.log("loss", value, step=step)


@pytest.mark.parametrize("end", [Session.done, Session.error], ids=["done", "error"])
def test_the_end_of_a_run_puts_a_summary_of_each_series_into_its_record(
    project: Project, end: Callable[[Session], Session]
) -> None:
    run = project.session("train").start()
    log(run)
    run.log("acc", 1)
    end(run)
    summary = Ledger(project.root).get_record("train", "0001").summary
    assert list(summary) == ["acc", "loss"]
    assert summary["loss"] == FACTS
    assert run.metrics() == summary
    assert run.metrics("loss").summary == FACTS


def test_a_run_without_metrics_has_no_summary(project: Project) -> None:
    assert project.session("train").start().done().record.summary_text is None


def test_nan_counts_as_a_point_and_has_no_part_in_the_rest(project: Project) -> None:
    run = project.session("train").start()
    for value in (math.nan, 3, math.nan, 1, math.inf, math.nan):
        run.log("x", value)
    run.log("nothing but nan", math.nan)
    run.done()
    x = run.record.summary["x"]
    assert math.isnan(x.pop("last"))
    assert x == {"count": 6, "first_step": 0, "last_step": 5, "mean": math.inf, "min": 1.0,
                 "min_step": 3, "max": math.inf, "max_step": 4}  # fmt: skip
    other = run.record.summary["nothing but nan"]
    assert other["count"] == 1
    assert other["min"] is other["max"] is other["mean"] is other["min_step"] is None


@given(
    st.lists(st.floats(allow_nan=True, width=16), min_size=1),
    st.lists(st.integers(0, 50), max_size=5),
)
def test_in_how_many_parts_points_come_changes_nothing(
    values: list[float], cuts: list[int]
) -> None:
    steps = list(range(len(values)))
    whole, parts = Summary(), Summary()
    whole.extend(steps, values)
    places = [0, *sorted(cut % (len(values) + 1) for cut in cuts), len(values)]
    for begin, end in itertools.pairwise(places):
        parts.extend(steps[begin:end], values[begin:end])
    found, expected = parts.facts(), whole.facts()
    assert found == pytest.approx(expected, nan_ok=True)
    assert found["min_step"] == expected["min_step"]
    numbers = [value for value in values if not math.isnan(value)]
    assert expected["min"] == min(numbers, default=None)
    assert expected["max"] == max(numbers, default=None)


def test_a_run_of_too_many_series_keeps_a_summary_of_the_first_by_name(project: Project) -> None:
    run = project.session("train").start()
    names = [f"s{number:04d}" for number in range(MOST_SERIES + 5)]
    run.log(dict.fromkeys(reversed(names), 1.0))
    run.done()
    assert list(run.record.summary) == names[:MOST_SERIES]
    assert len(run.metrics(names[-1])) == 1


def test_while_a_run_is_under_way_its_record_follows(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "PUBLISH_S", 0.0)
    run = project.session("train").start()
    log(run)
    while "loss" not in run.record.summary:
        pass
    assert run.record.summary["loss"] == FACTS
    assert run.status is Status.RUNNING
    run.log("loss", 0.25, step=8)
    assert run.done().record.summary["loss"]["last"] == 0.25


def test_what_another_process_logged_is_summed_up_by_the_one_that_ends_the_run(
    project: Project,
) -> None:
    run = project.session("train").start()
    in_fork(log, run)
    run.log("loss", 0.25, step=8)
    run.done()
    assert list(run.metrics("loss").steps) == [0, 2, 4, 6, 8]
    assert run.record.summary["loss"] == run.metrics("loss").summary


LOSE = """
    from pycaddy import Project
    run = Project("results").session("train").start()
    for step, value in ((0, 2), (2, 5), (4, 1), (6, 0.5)):
        run.log("loss", value, step=step)
    run.flush()
"""


@pytest.mark.parametrize("mend", ["reap", "rebuild", "doctor", "error"])
def test_the_summary_of_a_lost_process_is_made_from_its_file(tmp_path: Path, mend: str) -> None:
    killed(LOSE, tmp_path)
    project = Project(tmp_path / "results")
    run = project.session_of("train/0001")
    assert run.record.summary == {}
    assert run.metrics() == {"loss": FACTS}
    if mend == "reap":
        project.reap()
    elif mend == "error":
        run.error("it was killed")
    elif mend == "doctor":
        assert "older than" in next(str(f) for f in project.doctor() if "metrics" in str(f))
        project.doctor(fix=True)
        assert [f for f in project.doctor() if "metrics" in str(f)] == []
    else:
        project.ledger.store.close()
        for path in (project.root / ".pycaddy").glob("ledger.db*"):
            path.unlink()
        project = Project(tmp_path / "results")
        project.rebuild()
    assert project.session_of("train/0001").record.summary == {"loss": FACTS}


def test_a_rebuilt_ledger_has_the_same_summaries(project: Project) -> None:
    for end in (Session.done, Session.error):
        run = project.session("train").start()
        log(run)
        run.log("x", math.inf)
        end(run)
    before = [session.record.summary_text for session in project.sessions()]
    project.ledger.store.close()
    for path in (project.root / ".pycaddy").glob("ledger.db*"):
        path.unlink()
    rebuilt = Project(project.root)
    rebuilt.rebuild()
    assert [session.record.summary_text for session in rebuilt.sessions()] == before


def test_a_process_that_just_ends_writes_its_points_and_its_summary(tmp_path: Path) -> None:
    answer(LOSE.replace("run.flush()", "run.log('acc', 1)"), tmp_path)
    run = Project(tmp_path / "results").session_of("train/0001")
    assert run.record.summary["loss"] == FACTS
    assert run.record.summary["acc"]["count"] == 1
