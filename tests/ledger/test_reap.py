"""Ending a run for a worker that died never undoes what the worker had recorded."""

from __future__ import annotations

from pathlib import Path

from pycaddy import Project, Status


def test_a_completion_that_came_first_stays(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    as_it_was_seen = run.record
    run.done()
    reaped = project.ledger.reap(as_it_was_seen, "its process died")
    assert reaped.status is Status.DONE
    assert run.is_done()
    assert run.error_text is None


def test_a_later_attempt_is_left_alone(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    as_it_was_seen = run.record
    run.error("too hot").start()
    assert project.ledger.reap(as_it_was_seen, "its process died").status is Status.RUNNING
    assert run.attempt == 2


def test_a_running_attempt_is_ended_with_the_reason(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    project.ledger.reap(run.record, "its process died")
    assert run.status is Status.ERROR
    assert run.error_text == "its process died"
