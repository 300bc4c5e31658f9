"""A project's runs taken to another ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pycaddy.errors import LedgerBusyError, LedgerError, LedgerMissingError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.ledger import copy as copying
from pycaddy.ledger.copy import CopyReport, copy_ledger
from pycaddy.project import Project
from pycaddy.status import Status
from pycaddy.stores import Selection
from tests.histories import live


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


@pytest.fixture
def target(tmp_path: Path) -> str:
    return str(tmp_path / "lab.db")


def contents(ledger: Ledger) -> list[RunRecord]:
    store = ledger.store
    records = [*store.select(Selection()), *store.select(Selection(trashed=True))]
    # A run of this process beats meanwhile.
    return [record._replace(row=0, revision=0, beat=0) for record in records]


def numbers(report: CopyReport) -> tuple[int, int, int]:
    return report.copied, report.updated, report.unchanged


@pytest.mark.parametrize("seed", range(3))
def test_every_run_is_in_the_copy_as_it_was(project: Project, target: str, seed: int) -> None:
    live(project, seed)
    project.session("train").start().error("binary \0 output")
    report = copy_ledger(project.root, target)
    runs = contents(project.ledger)
    assert numbers(report) == (len(runs), 0, 0)
    assert any(run.trashed_us for run in runs)
    copy = Ledger(target, root=project.root)
    assert contents(copy) == runs
    assert copy.store.folders("files") == project.ledger.store.folders("files")
    assert copy.store.identifiers() == project.ledger.store.identifiers()
    assert copy.store.check() == []


def test_a_copy_of_the_copy_is_the_ledger_again(project: Project, target: str) -> None:
    live(project, 4)
    own = project.root / ".pycaddy/ledger.db"
    there = copy_ledger(project.root, target)
    project.ledger.store.close()
    own.unlink()
    back = copy_ledger(target, own, root=project.root)
    assert numbers(back) == numbers(there)
    assert contents(Ledger(own)) == contents(Ledger(target, root=project.root))
    assert project.doctor() == [f for f in project.doctor() if not f.severe]


def test_copying_twice_copies_nothing_twice(project: Project, target: str) -> None:
    live(project, 5)
    total = copy_ledger(project.root, target).copied
    assert numbers(copy_ledger(project.root, target)) == (0, 0, total)


def test_a_run_that_has_gone_on_is_brought_up_to_date(project: Project, target: str) -> None:
    going = project.session("train", {"x": 1}).start()
    waiting = project.session("train", {"x": 2})
    copy_ledger(project.root, target)
    going.done()
    waiting.start().error("no memory")
    project.session("train", {"x": 3})
    assert numbers(copy_ledger(project.root, target)) == (1, 2, 0)
    assert contents(Ledger(target, root=project.root)) == contents(project.ledger)


def test_a_run_that_is_another_one_is_not_overwritten(project: Project, target: str) -> None:
    project.session("train", {"x": 1}).start().done()
    copy_ledger(project.root, target)
    elsewhere = Ledger(target, root=project.root)
    elsewhere.allocate("train", params={"x": "theirs"})
    project.session("train", {"x": "ours"})
    project.session("train", {"x": 3})
    before = contents(elsewhere)
    with pytest.raises(LedgerError, match=r"Run train/0002 is another one in .*Nothing was copied"):
        copy_ledger(project.root, target)
    assert contents(elsewhere) == before


def test_what_was_changed_in_the_copy_is_not_overwritten(project: Project, target: str) -> None:
    project.session("train").start().done()
    copy_ledger(project.root, target)
    Ledger(target, root=project.root).log("train", 1, path_dict={"a": project.root / "a.txt"})
    with pytest.raises(LedgerError, match="Run train/0001 is another one"):
        copy_ledger(project.root, target)


def test_a_writer_is_noticed(
    project: Project, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session("train", {"x": 1})
    compare = copying._compare

    def compare_slowly(*args: object) -> None:
        compare(*args)  # type: ignore[arg-type]
        project.session("train", {"x": 2})

    monkeypatch.setattr(copying, "_compare", compare_slowly)
    with pytest.raises(LedgerBusyError, match=r"wrote to .* while it was copied"):
        copy_ledger(project.root, target, switch=True)
    assert not os.path.exists(target)
    monkeypatch.undo()
    assert numbers(copy_ledger(project.root, target)) == (2, 0, 0)


def test_a_writer_in_the_copy_is_noticed(
    project: Project, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.session("train", {"x": 1})
    copy_ledger(project.root, target)
    project.session("train", {"x": 2})
    bring = copying._bring

    def and_then_another(*args: object) -> tuple[int, int]:
        brought = bring(*args)  # type: ignore[arg-type]
        Ledger(target, root=project.root).log("train", 2, status=Status.DONE)
        return brought

    monkeypatch.setattr(copying, "_bring", and_then_another)
    with pytest.raises(LedgerError, match=r"train/0002 .* is not what was copied"):
        copy_ledger(project.root, target)


def test_running_runs_are_counted_and_stop_a_switch(project: Project, target: str) -> None:
    project.session("train", {"x": 1}).start()
    assert copy_ledger(project.root, target).running == 1
    with pytest.raises(LedgerBusyError, match=r"on run train/0001 \(pid"):
        copy_ledger(project.root, target, switch=True)


def test_a_run_whose_process_died_stops_nothing(project: Project, target: str) -> None:
    code = "import sys; from pycaddy import Project; Project(sys.argv[1]).session('a').start()"
    subprocess.run([sys.executable, "-c", code, project.root], check=True)
    report = copy_ledger(project.root, target, switch=True)
    assert (report.running, report.switched) == (0, True)


def test_after_a_switch_the_project_is_kept_in_the_copy(project: Project, target: str) -> None:
    live(project, 6)
    for run in project.sessions(status=Status.RUNNING, recursive=True):
        run.error("given up")
    runs = contents(project.ledger)
    copy_ledger(project.root, target, switch=True)
    again = Project(project.root)
    assert again.ledger.address == target
    assert contents(again.ledger) == runs
    with pytest.raises(LedgerMissingError):
        project.session("train")  # an open handle is told, and loses nothing
    (aside,) = (project.root / ".pycaddy/backups").glob("before-switch-*.db")
    assert contents(Ledger(aside, root=project.root)) == runs
    copy_ledger(again.root, project.root / ".pycaddy/ledger.db", switch=True)
    assert contents(Project(project.root).ledger) == runs
    assert "ledger" not in (project.root / ".pycaddy/project.json").read_text()


def test_a_new_root_gets_the_project_with_its_id(project: Project, tmp_path: Path) -> None:
    live(project, 7)
    copy_ledger(project.root, tmp_path / "other")
    other = Project(tmp_path / "other")
    assert other.ledger.store.project == project.ledger.store.project
    assert contents(other.ledger) == contents(project.ledger)


def test_another_project_is_not_copied_into(project: Project, tmp_path: Path) -> None:
    project.session("train")
    Project(tmp_path / "other").session("train")
    with pytest.raises(LedgerError, match="is that of another project"):
        copy_ledger(project.root, tmp_path / "other")


def test_source_and_target_are_two(project: Project) -> None:
    project.session("train")
    with pytest.raises(LedgerError, match="both source and target"):
        copy_ledger(project.ledger, project.root)


def test_a_copy_that_fails_leaves_no_file(project: Project, tmp_path: Path) -> None:
    project.session("train")
    before = sorted(tmp_path.iterdir())
    project.ledger.store.close()
    (project.root / ".pycaddy/ledger.db").write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerError):
        copy_ledger(project.root, tmp_path / "lab.db")
    assert sorted(tmp_path.iterdir()) == before
