"""What the doctor finds in a project, and what it mends."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.errors import LedgerDamagedError
from pycaddy.ledger import sidecar
from pycaddy.ledger.doctor import Finding
from pycaddy.project import Project, Session, StorageMode
from tests.scripts import killed


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def severe(project: Project, *, fix: bool = False) -> list[Finding]:
    return [finding for finding in project.doctor(fix=fix) if finding.severe]


def described(run: Session) -> Path:
    return run.project.root / run.record.layout.sidecar


def test_a_healthy_project_has_nothing_severe(project: Project) -> None:
    project.session("train").start().done()
    project.session("train").start().error("no")
    project.session("train").start()
    project.session("train").path("x").touch()
    project.session("train").start().done().remove()
    project.sub("a").session("train").done()
    assert severe(project) == []


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "cannot be read: No such file"),
    "empty": (lambda path: path.write_bytes(b""), "says something else than the ledger"),
    "torn": (lambda path: os.truncate(path, 100), "says something else than the ledger"),
    "of another run": (lambda path: path.write_text('{"schema": 1}'), "says something else"),
    "edited": (
        lambda path: path.write_text(path.read_text().replace('"done"', '"error"')),
        "says something else",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_description_is_found_and_mended(project: Project, damage: str) -> None:
    hurt, problem = DAMAGES[damage]
    run = project.session("train", {"lr": 0.1}).start().done()
    project.session("train").start().done()
    whole = described(run).read_bytes()
    hurt(described(run))
    finding = next(found for found in severe(project) if found.subject == str(described(run)))
    assert problem in finding.problem
    assert finding.advice == "`pycaddy doctor --fix` writes it again"
    assert not finding.fixed
    assert str(finding).endswith("writes it again")
    fixed = [found for found in severe(project, fix=True) if found.fixed]
    assert [found.subject for found in fixed] == [str(described(run))]
    assert str(fixed[0]).endswith("Mended.")
    assert described(run).read_bytes() == whole
    assert severe(project) == []


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_a_damaged_description_in_the_trash_is_found_and_mended(
    project: Project, damage: str
) -> None:
    hurt, _ = DAMAGES[damage]
    run = project.session("train", {"lr": 0.1}).start().done()
    run.path("x").touch()
    whole = described(run).read_bytes()
    run.remove()
    [path] = (project.root / ".pycaddy/trash").rglob("*run.json")
    hurt(path)
    [finding] = severe(project, fix=True)
    assert (finding.subject, finding.fixed) == (str(path), True)
    assert path.read_bytes() == whole
    assert severe(project) == []
    assert described(project.restore(run.key)).read_bytes() == whole


def test_an_outdated_description_is_mended_with_what_the_ledger_has(project: Project) -> None:
    """As a power cut leaves it: the ledger's commit is on disk, the file's is not."""
    run = project.session("train").start()
    before = described(run).read_bytes()
    run.done()
    described(run).write_bytes(before)
    assert len(severe(project, fix=True)) == 1
    record, _ = sidecar.parse(described(run).read_bytes())
    assert record.status is run.status


def test_a_deleted_folder_is_found(project: Project) -> None:
    run = project.session("train").start().done()
    shutil.rmtree(run.folder)
    assert [found.problem for found in severe(project)] == [
        "cannot be read: No such file or directory"
    ]
    assert severe(project, fix=True)[0].fixed
    assert described(run).exists()


def test_a_folder_that_the_ledger_does_not_know_is_found(project: Project) -> None:
    run = project.session("train").start().done()
    names = sorted(run.folder.iterdir()) if run.folder.name == "0001" else [described(run)]
    target = project.root / "copied" / ("0007" if run.folder.name == "0001" else "")
    target.mkdir(parents=True)
    for name in names:
        shutil.copy(name, target / name.name)
    findings = severe(project)
    assert {found.advice for found in findings} == {
        "Move it out of the project, or mend it",  # it says that it is train/0001
        "`pycaddy rebuild` takes it in",
    }
    assert any(found.subject.startswith("run copied/") for found in findings)


def test_a_description_of_a_newer_schema_is_found(project: Project) -> None:
    foreign = project.root / "other" / "0001"
    foreign.mkdir(parents=True)
    (foreign / "run.json").write_text('{"schema": 99}')
    (finding,) = severe(project)
    assert "schema 99 is newer than 1; upgrade pycaddy" in str(finding)


def test_a_stale_run_is_worth_knowing_and_nothing_severe(tmp_path: Path) -> None:
    killed(
        "from pycaddy.project import Project; run = Project('results').session('t').start()",
        tmp_path,
    )
    project = Project(tmp_path / "results")
    stale = [found for found in project.doctor() if found.subject == "run t/0001"]
    assert len(stale) == 1
    assert not stale[0].severe
    assert "is RUNNING, and its process (pid " in str(stale[0])
    assert "ExistingRun.CONTINUE" in stale[0].advice
    assert severe(project) == []


def test_a_damaged_ledger_is_said_to_be_one(project: Project) -> None:
    project.session("train").start().done()
    project.ledger.store.close()
    ledger = project.root / ".pycaddy" / "ledger.db"
    ledger.write_bytes(b"x" * 5000)
    with pytest.raises(LedgerDamagedError, match="`pycaddy rebuild`"):
        Project(project.root).doctor()


def test_a_look_changes_nothing(project: Project) -> None:
    run = project.session("train").start().done()
    described(run).write_text("{}")
    before = run.record
    severe(project)
    assert described(run).read_text() == "{}"
    assert run.record == before
