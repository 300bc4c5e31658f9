"""Any number of handles on one run, in one process or in many, agree."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pycaddy.errors import FolderTakenError, LeaseLostError, RunBusyError
from pycaddy.project import Project, Status, StorageMode


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def test_a_handle_from_before_the_start_still_gives_paths(project: Project) -> None:
    early = project.session("train")
    late = project.session_of("train/0001").start()
    assert early.path("model.pt") == late.path("model.pt")
    assert early.folder == late.folder


def test_a_handle_from_before_the_start_cannot_start_the_run_again(project: Project) -> None:
    early = project.session("train")
    project.session_of("train/0001").start()
    with pytest.raises(RunBusyError, match=r"train/0001 is RUNNING in this process\. Wait"):
        early.start()


def test_a_handle_from_before_the_start_cannot_end_the_run(project: Project) -> None:
    early = project.session("train")
    late = project.session_of("train/0001").start()
    for end in (early.done, early.error):
        with pytest.raises(LeaseLostError, match=r"this is attempt 0, and attempt 1 has begun"):
            end()
    assert late.status is Status.RUNNING


def test_every_handle_shows_what_the_ledger_has_now(project: Project) -> None:
    first = project.session("train")
    second = project.session_of("train/0001")
    first.start()
    assert second.status is Status.RUNNING
    first.attach_files({"model": first.path("model.pt")})
    assert second.files == first.files
    first.result = {"loss": 0.5}
    assert second.result == {"loss": 0.5}
    first.done()
    assert second.is_done()
    assert second.history == first.history
    assert second.ended_at == first.ended_at


def test_a_run_that_the_ledger_does_not_know_is_still_noticed(project: Project) -> None:
    project.session("train").start().done()
    project.ledger.store.close()
    shutil.rmtree(project.root / ".pycaddy")
    run = Project(project.root, storage_mode=project.storage_mode).session("train")
    assert run.uid == "0001"
    for use in (run.start, run.done, lambda: run.folder, lambda: run.path("model.pt")):
        with pytest.raises(FolderTakenError, match=r"does not know.*`pycaddy rebuild "):
            use()
    assert run.status is Status.PENDING
