"""A rebuild puts a ledger aside only if it is damaged, never because it cannot be used now."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pycaddy.errors import LedgerBusyError, LedgerVersionError
from pycaddy.project import Project
from pycaddy.stores.sqlite import file


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "results")
    project.session("train", {"lr": 0.1}).start().done()
    project.ledger.store.close()
    return project


def ledger_of(project: Project) -> Path:
    return project.root / ".pycaddy" / "ledger.db"


def test_the_ledger_of_a_newer_pycaddy_stays(project: Project) -> None:
    other = sqlite3.connect(ledger_of(project))
    other.execute("PRAGMA user_version=999")
    other.close()
    with pytest.raises(LedgerVersionError):
        Project(project.root).rebuild()
    assert not (project.root / ".pycaddy" / "backups").exists()


def test_a_ledger_that_another_program_has_locked_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "BUSY_TIMEOUT_S", 0.01)
    other = sqlite3.connect(ledger_of(project), isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(LedgerBusyError):
            Project(project.root).rebuild()
    finally:
        other.close()
    assert not (project.root / ".pycaddy" / "backups").exists()
    assert Project(project.root).session_of("train/0001").is_done()
