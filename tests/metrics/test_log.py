from __future__ import annotations

import math
import pickle
import sqlite3
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pycaddy import Project, StorageMode
from pycaddy.errors import (
    FileKeyError,
    InvalidNameError,
    LeaseLostError,
    MetricNotFoundError,
    RunFinishedError,
)
from pycaddy.project import Session


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


@pytest.fixture
def run(project: Project) -> Session:
    return project.session("train").start()


def values(run: Session, name: str) -> list[float]:
    return list(run.metrics(name).values)


def steps(run: Session, name: str) -> list[int]:
    return list(run.metrics(name).steps)


def test_points_come_back_as_they_were_logged(run: Session) -> None:
    for step in range(0, 50, 10):
        run.log("loss", 1 / (step + 1), step=step)
    series = run.metrics("loss")
    assert series.name == "loss"
    assert series.steps == array("q", [0, 10, 20, 30, 40])
    assert series.values == array("d", [1 / (step + 1) for step in range(0, 50, 10)])
    assert list(series.times) == sorted(series.times)
    assert len(series) == 5


def test_a_mapping_logs_to_several_series_at_one_time(run: Session) -> None:
    run.log({"loss": 0.3, "val/acc": 0.9}, step=7)
    loss, accuracy = run.metrics("loss"), run.metrics("val/acc")
    assert (list(loss.steps), list(loss.values)) == ([7], [0.3])
    assert (list(accuracy.steps), list(accuracy.values)) == ([7], [0.9])
    assert loss.times == accuracy.times


def test_a_step_that_is_not_given_follows_the_last_one_of_its_series(run: Session) -> None:
    run.log("a", 1)
    run.log("a", 2, step=10)
    run.log({"a": 3, "b": 4})
    assert steps(run, "a") == [0, 10, 11]
    assert steps(run, "b") == [0]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1.0),
        (True, 1.0),
        (False, 0.0),
        (2**70, float(2**70)),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (math.inf, math.inf),
        (Fraction(1, 4), 0.25),
        (np.float32(0.5), 0.5),
        (np.float64(0.1), 0.1),
        (np.int8(3), 3.0),
        (np.bool_(True), 1.0),
        (np.array(0.25), 0.25),
    ],
    ids=repr,
)
def test_whatever_is_one_number_is_a_value(run: Session, value: Any, kept: float) -> None:
    run.log("x", value)
    run.log({"y": value})
    assert values(run, "x") == values(run, "y") == [kept]


def test_nan_is_kept(run: Session) -> None:
    run.log("x", math.nan)
    assert math.isnan(values(run, "x")[0])


class Tensor:
    """What a library without __float__ offers."""

    shape = ()

    def item(self) -> float:
        return 0.75


def test_a_value_that_only_gives_itself_as_an_item_is_taken(run: Session) -> None:
    run.log("x", Tensor())
    assert values(run, "x") == [0.75]


@pytest.mark.parametrize(
    "value",
    ["0.5", b"1", None, [1.0], (1.0,), {"a": 1}, 1j, np.complex64(1), float, print],
    ids=repr,
)
def test_what_is_no_number_is_refused_and_named(run: Session, value: Any) -> None:
    with pytest.raises(TypeError, match="'loss' must be a number"):
        run.log("loss", value)
    with pytest.raises(TypeError, match="'loss' must be a number"):
        run.log({"acc": 1.0, "loss": value})
    assert run.metrics() == {}


@pytest.mark.parametrize("value", [np.zeros(3), np.zeros((1, 1)), np.zeros(1)], ids=repr)
def test_a_value_with_a_shape_is_refused_with_what_to_do(run: Session, value: Any) -> None:
    with pytest.raises(TypeError, match=r"'loss' has the shape \(.*Log its mean"):
        run.log("loss", value)


def test_a_call_that_is_neither_of_the_two_is_refused(run: Session) -> None:
    with pytest.raises(TypeError, match="has no value"):
        run.log("loss")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="values by name"):
        run.log({"loss": 1}, 2)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="values by name"):
        run.log(3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="must be a str, not 3"):
        run.log({3: 1})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "__float__", "x" * 251], ids=ascii)
def test_a_name_that_no_series_can_have_is_refused(run: Session, name: str) -> None:
    with pytest.raises(InvalidNameError, match="The series name"):
        run.log(name, 1.0)


@pytest.mark.parametrize("step", [1.0, "1", True, np.float64(1)], ids=repr)
def test_a_step_is_a_whole_number(run: Session, step: Any) -> None:
    with pytest.raises(TypeError, match="step must be a whole number"):
        run.log("loss", 1.0, step=step)


@pytest.mark.parametrize("step", [-1, 2**63])
def test_a_step_that_no_axis_has_is_refused(run: Session, step: int) -> None:
    with pytest.raises(ValueError, match="step must be from 0"):
        run.log("loss", 1.0, step=step)


def test_a_step_may_be_of_numpy_and_as_large_as_there_are(run: Session) -> None:
    run.log("loss", 1.0, step=np.int32(5))
    run.log("loss", 1.0, step=2**63 - 1)
    run.log("loss", 1.0)  # there is no step after it
    assert steps(run, "loss") == [5, 2**63 - 1, 2**63 - 1]


def test_a_run_that_has_ended_takes_no_more_points(project: Project) -> None:
    run = project.session("train").start()
    run.log("loss", 1.0)
    other = project.session_of(run.key)
    other.done()
    for handle in (run, other, project.session_of(run.key)):
        with pytest.raises(RunFinishedError, match=r"is DONE. Call session\.reopen"):
            handle.log("loss", 2.0)
    failed = project.session("train").start().error("no")
    with pytest.raises(RunFinishedError, match=r"is ERROR. Call session\.start"):
        failed.log("loss", 1.0)
    assert values(run, "loss") == [1.0]


def test_a_run_may_log_before_it_is_started(project: Project) -> None:
    run = project.session("train")
    run.log("loss", 1.0)
    run.start().log("loss", 0.5)
    assert values(run, "loss") == [1.0, 0.5]
    assert steps(run, "loss") == [0, 1]


def test_all_handles_of_a_process_write_to_one_series(project: Project, run: Session) -> None:
    other = project.session_of(run.key)
    run.log("loss", 1.0)
    other.log("loss", 2.0)
    run.log("loss", 3.0)
    assert values(other, "loss") == [1.0, 2.0, 3.0]
    assert steps(run, "loss") == [0, 1, 2]


def test_a_series_that_is_not_there_is_an_error_that_names_those_that_are(run: Session) -> None:
    with pytest.raises(MetricNotFoundError, match="It has logged nothing yet"):
        run.metrics("loss")
    run.log({"loss": 1, "acc": 2})
    with pytest.raises(MetricNotFoundError, match=r"no series 'lost'\. It has acc, loss"):
        run.metrics("lost")


def test_looking_for_metrics_makes_no_file(run: Session) -> None:
    assert run.metrics() == {}
    with pytest.raises(MetricNotFoundError):
        run.metrics("loss")
    run.flush()
    assert [path.name for path in run.folder.iterdir()] == ["run.json"]


def test_a_run_that_is_done_leaves_one_file(project: Project) -> None:
    run = project.session("train").start()
    run.log("loss", 1.0)
    run.done()
    assert sorted(path.name for path in run.folder.iterdir()) == ["metrics.db", "run.json"]
    prefixed = project.session("eval", storage_mode=StorageMode.PREFIX).start()
    prefixed.log("loss", 1.0)
    prefixed.done()
    names = sorted(path.name for path in prefixed.folder.iterdir())
    assert names == ["0001_metrics.db", "0001_run.json"]


def test_the_file_can_not_be_attached(run: Session) -> None:
    run.log("loss", 1.0)
    run.flush()
    with pytest.raises(FileKeyError, match="run's metrics"):
        run.attach_files({"m": run.folder / "metrics.db"}, hash=True)


def test_many_points_lie_in_blocks_of_a_thousand(run: Session) -> None:
    logged = [0.5 * number for number in range(2500)]
    for number, value in enumerate(logged):
        run.log("loss", value)
        if number % 300 == 0:
            run.flush()
    run.done()
    assert values(run, "loss") == logged
    assert steps(run, "loss") == list(range(2500))
    with sqlite3.connect(run.folder / "metrics.db") as sql:
        sizes = [points for (points,) in sql.execute("SELECT points FROM block ORDER BY id")]
    sql.close()
    assert sizes == [1000, 1000, 500]


def test_a_series_is_three_numpy_arrays_when_asked(run: Session) -> None:
    run.log("loss", 1.0, step=3)
    at, found, when = run.metrics("loss").to_numpy()
    assert (at.dtype, found.dtype, when.dtype) == (np.int64, np.float64, np.float64)
    assert (at.tolist(), found.tolist()) == ([3], [1.0])
    assert when[0] > 1e9


def test_a_session_is_pickled_without_its_buffer_which_is_written(run: Session) -> None:
    run.log("loss", 1.0)
    copy = pickle.loads(pickle.dumps(run))
    assert values(project_of_its_own(copy), "loss") == [1.0]
    copy.log("loss", 2.0)
    assert values(run, "loss") == [1.0, 2.0]
    copy.done()
    assert run.record.summary["loss"]["count"] == 2


def project_of_its_own(run: Session) -> Session:
    return Project(run.project.root).session_of(run.key)


def test_a_handle_of_an_earlier_attempt_logs_no_more(project: Project, run: Session) -> None:
    run.log("loss", 1.0)
    run.error("first")
    other = project.session_of(run.key).start()
    with pytest.raises(LeaseLostError):
        run.log("loss", 2.0)
    other.log("loss", 3.0)
    assert values(other, "loss") == [1.0, 3.0]


def test_a_project_reads_a_series_of_many_runs(project: Project) -> None:
    runs = [project.session("train", {"n": n}).start() for n in range(3)]
    for number, run in enumerate(runs[:2]):
        run.log("loss", number)
    sub = project.sub("deep").session("train").start()
    sub.log("loss", 9)
    found = project.metrics([runs[0], runs[1].record, "train/0003", sub.key], "loss")
    assert {str(key): list(series.values) for key, series in found.items()} == {
        "train/0001": [0.0],
        "train/0002": [1.0],
        "deep/train/0001": [9.0],
    }


def test_a_run_without_metrics_loads_no_part_of_them(tmp_path: Path) -> None:
    from tests.scripts import answer

    program = """
        import sys
        from pycaddy import Project
        Project("results").session("train").start().done()
        print([name for name in sys.modules if name.startswith("pycaddy.metrics.")])
    """
    loaded = answer(program, tmp_path)
    assert loaded == "['pycaddy.metrics.live', 'pycaddy.metrics.values']"
