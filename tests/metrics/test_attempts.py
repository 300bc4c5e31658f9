"""A series that several attempts on a run have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy import ExistingRun, Project
from pycaddy.project import Session
from tests.scripts import killed


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


def points(run: Session, name: str = "loss") -> dict[int, float]:
    series = run.metrics(name)
    assert len(set(series.steps)) == len(series)
    return dict(zip(series.steps, series.values, strict=True))


def test_an_attempt_that_goes_on_follows_the_last_step(project: Project) -> None:
    run = project.session("train").start()
    for value in (3, 2):
        run.log("loss", value)
    run.error("stopped")
    again = project.session("train", None, ExistingRun.CONTINUE).start()
    assert again.uid == run.uid
    again.log("loss", 1)
    assert points(again) == {0: 3, 1: 2, 2: 1}
    assert again.done().record.summary["loss"]["count"] == 3


def test_at_a_step_that_was_logged_twice_the_later_attempt_counts(project: Project) -> None:
    run = project.session("train").start()
    for step in range(6):
        run.log("loss", step, step=step)
    run.error("stopped")
    run.start()
    for step in (2, 3):
        run.log("loss", -step, step=step)
    assert points(run) == {0: 0, 1: 1, 2: -2, 3: -3, 4: 4, 5: 5}
    run.done()
    assert run.record.summary["loss"] == run.metrics("loss").summary
    assert run.record.summary["loss"]["last_step"] == 5
    run.reopen().log("loss", 100, step=0)
    assert points(run)[0] == 100
    assert run.done().record.summary["loss"]["max"] == 100


def test_the_points_of_every_attempt_stay_in_the_file(project: Project) -> None:
    run = project.session("train").start()
    run.log("loss", 1, step=0)
    run.error("stopped")
    run.start().log("loss", 2, step=0)
    run.done()
    from pycaddy.metrics.sqlite import SqliteMetrics

    counts = SqliteMetrics(str(run.folder / "metrics.db")).counts()
    assert counts == {"loss": {1: 1, 2: 1}}


def test_within_an_attempt_every_point_counts_in_the_order_of_logging(project: Project) -> None:
    run = project.session("train").start()
    for step in (5, 3, 3, 4):
        run.log("loss", step, step=step)
    run.done()
    assert list(run.metrics("loss").steps) == [5, 3, 3, 4]
    assert run.record.summary["loss"]["count"] == 4


def test_a_run_whose_process_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    killed(
        """
        from pycaddy import Project
        run = Project("results").session("train").start()
        for value in (3, 2):
            run.log("loss", value)
        run.flush()
        """,
        tmp_path,
    )
    project = Project(tmp_path / "results")
    with project.session("train", None, ExistingRun.CONTINUE) as run:
        assert run.uid == "0001"
        run.log("loss", 1)
    assert points(run) == {0: 3, 1: 2, 2: 1}


def test_what_is_not_on_the_disk_yet_counts_with_what_an_earlier_attempt_logged(
    tmp_path: Path,
) -> None:
    project = Project(tmp_path, durability="process")
    run = project.session("train").start()
    run.log("loss", 0.5)
    run.done()
    run.reopen()
    run.log("loss", 1.5)
    assert run.metrics()["loss"]["count"] == 2
    assert run.metrics()["loss"]["max"] == 1.5
    run.done()
