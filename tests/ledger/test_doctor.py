"""What the doctor finds in a project, and what it mends."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.errors import LedgerDamagedError
from pycaddy.ledger import sidecar, surroundings
from pycaddy.ledger.backup import backup
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


DAY_S = 86_400


def notes(project: Project, subject: object) -> list[str]:
    found = [each for each in project.doctor() if each.subject == str(subject)]
    assert not any(each.severe for each in found)
    return [str(each) for each in found]


def test_files_that_are_missing_or_changed_are_counted(project: Project) -> None:
    run = project.session("train").start()
    files = {name: run.path(name) for name in ("a", "b", "c", "d", "e")}
    for path in files.values():
        path.write_text("weights")
    run.attach_files(files).done()
    assert notes(project, f"run {run.key}") == []
    for name in "abd":
        files[name].unlink()
    files["e"].write_text("other")
    (note,) = notes(project, f"run {run.key}")
    assert "attached files are missing or changed: 4 (a, b, d, ...). `pycaddy verify`" in note


@pytest.mark.parametrize(
    ("version", "told"), [((3, 37, 0), True), ((3, 51, 2), True), ((3, 51, 3), False)]
)
def test_an_old_sqlite_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], told: bool
) -> None:
    monkeypatch.setattr(surroundings.sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(surroundings.sqlite3, "sqlite_version", "old")
    found = notes(project, "SQLite old")
    assert [note.endswith("3.51.3 and newer are free of it") for note in found] == [True] * told


def test_a_disk_that_is_nearly_full_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(project.ensure_folder().root)._replace(free=5 << 20)
    monkeypatch.setattr(surroundings.shutil, "disk_usage", lambda path: usage)
    assert notes(project, project.root) == [f"{project.root}: has 5 MiB left. Make room"]


def test_a_file_system_that_machines_share_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = project.root / ".pycaddy" / "ledger.db"
    assert notes(project, ledger) == []
    monkeypatch.setattr(surroundings, "is_network", lambda path: path == str(ledger.parent))
    (note,) = notes(project, ledger)
    assert "`pycaddy ledger up`" in note


@pytest.mark.parametrize(
    "name",
    [
        "project.json.0123456789ab.tmp",
        "backups/ledger-20260101T000000.000000Z.db.0123456789abcdef0123456789abcdef.tmp",
    ],
)
def test_an_old_leftover_beside_the_ledger_is_found_and_deleted(
    project: Project, name: str
) -> None:
    path = project.ensure_folder().root / ".pycaddy" / name
    project.session("train")
    path.parent.mkdir(exist_ok=True)
    path.write_text("half")
    assert notes(project, path) == []  # somebody may be writing it
    project.doctor(fix=True)
    assert path.exists()
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 2 * DAY_S))
    (note,) = notes(project, path)
    assert "`pycaddy doctor --fix` deletes it" in note
    project.doctor(fix=True)
    assert not path.exists()
    assert notes(project, path) == []


def test_runs_without_a_recent_backup_are_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.root / ".pycaddy" / "backups"
    project.session("train").start().done()
    assert notes(project, folder) == []  # there is nothing yet that would be worth it
    now = time.time()
    monkeypatch.setattr(surroundings.time, "time", lambda: now + 40 * DAY_S)
    (note,) = notes(project, folder)
    assert "no backup of the last 30 days: there is none. `pycaddy ledger backup`" in note
    path = Path(backup(project.ledger))
    (note,) = notes(project, folder)
    assert "the latest is 40 days old" in note
    os.utime(path, (now + 39 * DAY_S,) * 2)
    assert notes(project, folder) == []


def test_a_look_changes_nothing(project: Project) -> None:
    run = project.session("train").start().done()
    described(run).write_text("{}")
    before = run.record
    severe(project)
    assert described(run).read_text() == "{}"
    assert run.record == before
