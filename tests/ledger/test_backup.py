"""A copy of the ledger in one file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pycaddy.errors import LedgerDamagedError, LedgerStorageError
from pycaddy.ledger import Ledger
from pycaddy.ledger.backup import backup
from pycaddy.project import Project
from pycaddy.stores import Selection


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "results")
    for x in range(50):
        project.session("train", {"x": x, "text": "long" * 500}).start().done()
    return project


def test_backups_lie_in_the_project_and_each_is_a_ledger(project: Project) -> None:
    paths = [backup(project.ledger) for _ in range(2)]
    assert sorted(os.listdir(project.root / ".pycaddy/backups")) == [
        os.path.basename(path) for path in paths
    ]
    for path in paths:
        copy = Ledger(path, root=project.root)
        assert copy.records(Selection()) == project.ledger.records(Selection())
        assert copy.store.check() == []


def test_a_backup_goes_where_it_is_wanted(project: Project, tmp_path: Path) -> None:
    assert backup(project.ledger, tmp_path / "far/away/copy.db") == str(
        tmp_path / "far/away/copy.db"
    )


def test_a_damaged_ledger_gives_no_backup(project: Project, tmp_path: Path) -> None:
    path = project.root / ".pycaddy/ledger.db"
    project.ledger.store.close()
    content = bytearray(path.read_bytes())
    page = len(content) // 2 // 4096 * 4096
    content[page : page + 64] = os.urandom(64)
    path.write_bytes(content)
    older = tmp_path / "copy.db"
    older.write_text("older")
    with pytest.raises(LedgerDamagedError, match="pycaddy rebuild"):
        backup(project.ledger, older)
    assert older.read_text() == "older"
    assert len(os.listdir(tmp_path)) == 2


def test_a_place_that_cannot_be_written_is_named(project: Project, tmp_path: Path) -> None:
    (tmp_path / "copy.db").mkdir()
    with pytest.raises(LedgerStorageError, match=r"copy\.db"):
        backup(project.ledger, tmp_path / "copy.db")
    assert len(os.listdir(tmp_path)) == 2
