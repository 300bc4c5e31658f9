"""Ctrl-C, or an error, after the ledger has begun a run: nobody is kept from it for long."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project, Session, Status
from pycaddy.errors import LedgerSyncError, ProjectFolderError
from pycaddy.ledger import RunRecord, heartbeat, sidecar
from pycaddy.ledger.ledger import Ledger
from pycaddy.project.running import SweepRun
from pycaddy.testing._at_once import in_fork, in_threads
from tests.threads import in_this_thread


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results").ensure_folder()


def claimed(project: Project) -> list[str]:
    return [run.uid for run in project.claim("train", [{"n": 1}])]


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def refuse(fd: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_claim_whose_folder_cannot_be_made_is_ended_at_once(project: Project) -> None:
    (project.root / "train").write_text("in the way")
    with pytest.raises(ProjectFolderError):
        claimed(project)
    (project.root / "train").unlink()
    run = project.session_of("train/0001")
    assert run.status is Status.ERROR
    assert "It was not begun: ProjectFolderError" in str(run.error_text)
    assert in_fork(claimed, project) == ["0001"]


def test_a_claim_that_ctrl_c_cuts_off_is_ended_at_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "describe", in_this_thread(interrupt, Ledger.describe))
        with pytest.raises(KeyboardInterrupt):
            claimed(project)
    assert project.session_of("train/0001").status is Status.ERROR
    assert in_fork(claimed, project) == ["0001"]


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="SQLite itself waits for the disk here")
@pytest.mark.parametrize(
    ("sync", "error"), [(interrupt, KeyboardInterrupt), (refuse, LedgerSyncError)]
)
def test_a_claim_that_the_ledger_has_made_and_this_process_has_not_is_taken_again(
    project: Project, monkeypatch: pytest.MonkeyPatch, sync: Any, error: type[BaseException]
) -> None:
    project.session("other")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", in_this_thread(sync, os.fdatasync))
        with pytest.raises(error):
            claimed(project)
    run = project.session_of("train/0001")
    assert run.status is Status.RUNNING
    assert run.is_stale
    assert in_fork(claimed, project) == [], "to others this process has it"
    assert claimed(project) == ["0001"]
    assert not run.is_stale
    assert claimed(project) == []


hold = heartbeat.hold


def hold_and_interrupt(*args: Any) -> None:
    hold(*args)
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("owner", "name", "interrupted"),
    [
        pytest.param(
            os,
            "fdatasync",
            interrupt,
            marks=pytest.mark.skipif(
                not hasattr(os, "fdatasync"), reason="SQLite itself waits for the disk here"
            ),
        ),
        (heartbeat, "hold", hold_and_interrupt),
    ],
    ids=["while it waits for the disk", "as it ends"],
)
def test_a_start_that_ctrl_c_cuts_off_can_be_called_again(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    interrupted: Any,
) -> None:
    run = project.session("train", {"n": 1})
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, in_this_thread(interrupted, getattr(owner, name)))
        with pytest.raises(KeyboardInterrupt):
            run.start()
    assert run.is_stale
    assert run.start().attempt == 1
    assert not run.is_stale
    assert claimed(project) == []
    assert run.done().is_done()


def test_the_end_of_an_earlier_attempt_does_not_touch_a_later_one(project: Project) -> None:
    first = project.session("train", {"n": 1}).start()
    earlier = first.record
    first.error("no luck")
    again = project.session_of("train/0001").start()
    heartbeat.release(project.ledger.store, earlier)
    project.ledger.reap(earlier, "too late")
    assert not again.is_stale
    assert claimed(project) == []
    assert heartbeat._heartbeat.held[project.ledger.store] == {again.record.row: 2}
    assert again.done().is_done()


def test_copies_of_a_project_do_not_know_each_other(project: Project, tmp_path: Path) -> None:
    project.session("train", {"n": 1})
    project.ledger.store.close()
    shutil.copytree(project.root, tmp_path / "copy")
    run = project.session_of("train/0001").start()
    other = Project(tmp_path / "copy").session_of("train/0001").start()
    assert not run.is_stale
    other.done()
    assert not run.is_stale
    assert claimed(project) == []
    assert run.done().is_done()


def fails_at_first(run: Session) -> dict[str, Any]:
    if run.params["n"] == 0 and run.attempt == 1:
        raise ValueError("not yet")
    busy = run.path("busy")
    busy.touch(exist_ok=False)  # two at once would meet here
    time.sleep(0.3)
    busy.unlink()
    return {"attempt": run.attempt}


def test_a_run_that_is_taken_again_before_its_failure_is_noted_runs_once_at_a_time(
    project: Project,
) -> None:
    class Again:
        """Asks for what failed as soon as it has failed."""

        def after(self, records: Sequence[RunRecord]) -> list[dict[str, int]]:
            return [{"n": number} for number in range(4)]

    report = project.run(
        fails_at_first, Again(), executor="threads", workers=4, retries=3, progress=False
    )
    assert (report.done, report.failed) == (4, 0)
    assert {run.attempt for run in project.sessions("fails_at_first")} == {1, 2}


def test_ctrl_c_while_what_has_begun_ends_gives_it_back(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SweepRun, "see_through", in_this_thread(interrupt, SweepRun.see_through))
    monkeypatch.setattr("pycaddy.project.claiming._BATCH", 2)

    def sweep() -> Iterator[dict[str, int]]:
        yield from ({"n": number} for number in (1, 2, 3))
        raise LookupError("there is no such file of parameters")

    class Sweep:
        def __iter__(self) -> Iterator[dict[str, int]]:
            return sweep()

    with pytest.raises(KeyboardInterrupt) as raised:
        project.run(square, Sweep(), executor="threads", workers=8, progress=False)
    assert "Call run() again" in raised.value.__notes__[0]
    assert {run.status for run in project.sessions("square")} <= {Status.DONE, Status.ERROR}


@pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="SQLite itself waits for the disk here")
def test_a_change_that_cannot_be_described_either_says_that_it_is_made(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = project.session("train")

    def cannot_be_placed(self: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", in_this_thread(refuse, os.fdatasync))
        patched.setattr("pycaddy._files.Replacement.publish", cannot_be_placed)
        with pytest.raises(LedgerSyncError):
            run.start()
    assert run.start().attempt == 1
    assert run.done().is_done()


def test_what_this_process_works_on_is_not_taken_from_it(project: Project) -> None:
    run = project.session("train", {"n": 1}).start()
    assert not run.is_stale
    assert in_threads(1, claimed, project) == [[]]
    assert run.done().is_done()


def test_a_run_that_another_thread_is_about_to_have_is_not_taken_from_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, looked = threading.Event(), threading.Event()
    describe = Ledger.describe

    def wait(self: Ledger, *args: Any) -> None:
        begun.set()
        looked.wait(30)
        describe(self, *args)

    monkeypatch.setattr(Ledger, "describe", wait)
    found: list[list[str]] = []
    claiming = threading.Thread(target=lambda: found.append(claimed(project)))
    claiming.start()
    begun.wait(30)
    assert not project.session_of("train/0001").is_stale
    assert claimed(project) == []
    looked.set()
    claiming.join()
    assert found == [["0001"]]
    assert not heartbeat._heartbeat.starting


def test_a_fork_does_not_count_as_who_it_comes_from(project: Project) -> None:
    project.session("train", {"n": 1}).start()
    assert in_fork(claimed, project) == []


def square(run: Session) -> dict[str, Any]:
    return {"square": run.params["n"] ** 2}


@pytest.mark.parametrize("executor", ["threads", "local", "serial"])
def test_what_has_begun_when_a_sweep_fails_still_ends(
    project: Project, executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pycaddy.project.claiming._BATCH", 8)

    class Sweep:
        def __iter__(self) -> Iterator[dict[str, int]]:
            yield from ({"n": number} for number in range(40))
            raise LookupError("there is no such file of parameters")

    with pytest.raises(LookupError):
        project.run(square, Sweep(), executor=executor, workers=2, progress=False)
    runs = project.sessions("square")
    assert {run.status for run in runs} == {Status.DONE}
    assert all(sidecar.has_one(run.record) for run in runs)
