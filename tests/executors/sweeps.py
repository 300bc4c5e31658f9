"""What every executor owes to a sweep of forty runs, of which two go wrong."""

from __future__ import annotations

from typing import Any

from pycaddy.project import Project, Session, Status
from pycaddy.project.report import RunReport
from tests.executors.functions import DIES, RAISES, RUNS


def by_number(project: Project) -> dict[int, Session]:
    """The sessions of the sweep, each configuration once."""
    sessions = {session.params["number"]: session for session in project.sessions("train")}
    assert len(sessions) == len(project.sessions("train")) == RUNS
    return sessions


def check_forty_with_two_failures(project: Project, report: RunReport) -> None:
    """Each run began once, and the two that went wrong harmed nobody."""
    sessions = by_number(project)
    well = {number for number in sessions if number not in (RAISES, DIES)}
    assert {number for number, session in sessions.items() if session.is_done()} == well
    assert all(session.attempt == 1 for session in sessions.values())
    assert all(sessions[number].result["square"] == number**2 for number in well)  # type: ignore[index]
    assert (report.done, report.failed, report.skipped, report.held) == (38, 2, 0, 0)
    assert "three is no good" in _error(sessions[RAISES])
    assert "WorkerDiedError" in _error(sessions[DIES])


def check_output(project: Project) -> None:
    """What a run printed stands in its own folder, and the end of it in its error."""
    for number, session in by_number(project).items():
        printed = session.path("stdout.log").read_text().splitlines()
        assert [line for line in printed if line.startswith("number ")] == [f"number {number}"]
        if session.status is Status.ERROR:
            assert f"number {number}" in _error(session)


def results(project: Project, identifier: str) -> list[Any]:
    return [session.result for session in project.sessions(identifier)]


def _error(session: Session) -> str:
    assert session.status is Status.ERROR
    text = session.error_text
    assert text is not None
    return text
