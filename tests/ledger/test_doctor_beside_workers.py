"""The doctor looks at a project that others work in meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pycaddy.ledger import doctor
from pycaddy.ledger.doctor import Finding
from pycaddy.project import Project
from pycaddy.records import RunRecord


def severe(findings: Iterator[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severe]


def records(project: Project) -> list[RunRecord]:
    return [session.record for session in project.sessions()]


def test_a_run_that_ends_after_its_record_was_read_is_no_problem(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start()
    read_before = records(project)
    run.done()
    assert not severe(doctor._sidecars(project.ledger, read_before, fix=False))


def test_a_run_that_starts_after_the_records_were_read_is_known(tmp_path: Path) -> None:
    project = Project(tmp_path)
    read_before = records(project)
    project.session("train").start()
    assert not severe(doctor._unknown(project.ledger, read_before))


def test_a_run_that_is_removed_after_its_record_was_read_is_no_problem(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start().done()
    read_before = records(project)
    run.remove()
    assert not severe(doctor._sidecars(project.ledger, read_before, fix=True))
    assert not (tmp_path / "train" / "0001").exists()


def test_what_is_wrong_for_good_is_still_found(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start().done()
    (run.folder / "run.json").write_text("{}")
    assert len(severe(doctor._sidecars(project.ledger, records(project), fix=False))) == 1
