"""A ledger that vanishes under a process that uses it is missed, not begun anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LedgerMissingError


def test_a_project_whose_whole_ledger_folder_is_deleted_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    shutil.rmtree(tmp_path / "results" / ".pycaddy")
    for use in (run.done, lambda: run.attach_files({"log": "x.log"}), project.sessions):
        with pytest.raises(LedgerMissingError, match="pycaddy rebuild"):
            use()
    assert not (tmp_path / "results" / ".pycaddy").exists()


def test_after_a_rebuild_the_same_process_goes_on(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train", {"lr": 0.1}).start()
    shutil.rmtree(tmp_path / "results" / ".pycaddy")
    assert project.rebuild().added == 1
    run.done()
    assert [found.status for found in project.sessions("train")] == [run.status]
    assert run.is_done()


def test_a_ledger_elsewhere_is_not_begun_anew(tmp_path: Path) -> None:
    project = Project(tmp_path / "results", ledger=tmp_path / "lab.db")
    run = project.session("train").start()
    (tmp_path / "lab.db").unlink()
    with pytest.raises(LedgerMissingError, match="backup"):
        Project(tmp_path / "results").sessions()
    with pytest.raises(LedgerMissingError, match="deleted or moved"):
        run.done()
