"""A ledger that was deleted or damaged, and what its runs' folders make of that."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from pycaddy.errors import LedgerDamagedError, LedgerMissingError, LedgerVersionError
from pycaddy.project import Project
from tests.scripts import killed

RUNS = """
    from pycaddy.project import Project

    project = Project("results")
    for number in range({runs}):
        project.session("train", params={{"n": number}}).start().done()
"""


def ledger_file(folder: Path) -> Path:
    return folder / "results" / ".pycaddy" / "ledger.db"


def test_a_deleted_ledger_is_noticed_although_a_killed_process_left_its_wal(tmp_path: Path) -> None:
    killed(RUNS.format(runs=3), tmp_path)
    ledger_file(tmp_path).unlink()
    with pytest.raises(LedgerMissingError, match=r"is gone.*`pycaddy rebuild"):
        Project(tmp_path / "results").sessions()


@pytest.mark.parametrize("content", [b"", b"x"], ids=["no byte", "one byte"])
def test_an_emptied_ledger_is_noticed_each_time(tmp_path: Path, content: bytes) -> None:
    killed(RUNS.format(runs=3), tmp_path)
    ledger_file(tmp_path).write_bytes(content)
    for _ in range(2):
        with pytest.raises(LedgerDamagedError, match=r"is empty.*`pycaddy rebuild"):
            Project(tmp_path / "results").sessions()
    assert ledger_file(tmp_path).read_bytes() == content


def test_a_truncated_ledger_is_noticed_and_rebuilt(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    for _ in range(20):
        project.session("train").start().done()
    project.ledger.store.close()
    whole = ledger_file(tmp_path).stat().st_size
    os.truncate(ledger_file(tmp_path), whole // 2)
    for _ in range(2):
        with pytest.raises(LedgerDamagedError, match=r"ledger\.db is .*Run `pycaddy rebuild`"):
            Project(tmp_path / "results").sessions()
    assert ledger_file(tmp_path).stat().st_size == whole // 2
    assert Project(tmp_path / "results").rebuild().added == 20


def test_a_ledger_of_a_newer_version_is_left_untouched(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    project.session("train").start().done()
    project.ledger.store.close()
    other = sqlite3.connect(ledger_file(tmp_path))
    other.execute("PRAGMA user_version=99")
    other.close()
    before = ledger_file(tmp_path).read_bytes()
    for use in (Project.sessions, Project.doctor, lambda project: project.session("train")):
        with pytest.raises(LedgerVersionError, match=r"schema version 99.*pip install --upgrade"):
            use(Project(tmp_path / "results"))
    assert ledger_file(tmp_path).read_bytes() == before


def test_a_database_of_another_program_is_left_untouched(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "lab.db")
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    before = (tmp_path / "lab.db").read_bytes()
    with pytest.raises(LedgerDamagedError, match=r"database of another program\. Move it away"):
        Project(tmp_path / "results", ledger=tmp_path / "lab.db").session("train")
    assert (tmp_path / "lab.db").read_bytes() == before


def test_a_left_wal_does_not_get_into_the_rebuilt_ledger(tmp_path: Path) -> None:
    killed(RUNS.format(runs=600), tmp_path)  # enough for the WAL to hold a part of the pages only
    ledger_file(tmp_path).unlink()
    for number in range(1, 500):
        shutil.rmtree(tmp_path / "results" / "train" / f"{number:04d}")
    project = Project(tmp_path / "results")
    assert project.rebuild().old_ledger is None
    assert [run.uid for run in project.sessions()] == [f"{n:04d}" for n in range(500, 601)]
    assert project.ledger.store.check() == []


def test_each_damaged_ledger_is_kept(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    project.session("train").start().done()
    kept = set()
    for damage in (b"first", b"second", b"third"):
        project.ledger.store.close()
        ledger_file(tmp_path).write_bytes(damage * 1000)
        old = project.rebuild().old_ledger
        assert old is not None
        kept.add(Path(old).read_bytes())
    assert kept == {b"first" * 1000, b"second" * 1000, b"third" * 1000}
    assert len(os.listdir(tmp_path / "results" / ".pycaddy" / "backups")) == 3
