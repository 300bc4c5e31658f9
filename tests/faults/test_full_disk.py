"""A disk that is full, failing or write-protected: one clear error, nothing lost, work goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LedgerStorageError, ProjectFolderError
from pycaddy.project import Session
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import in_fork
from pycaddy.testing._work import create, uids
from tests.faults.life import State, Step, all_records, take
from tests.faults.syscalls import NUMBERS, without
from tests.mounts import full, may_mount, read_only, small_disk
from tests.stores.conftest import connection_of

STEPS: list[Step] = [
    ("start", None),
    ("attach", "file 0"),
    ("result", 0.5),
    ("done", None),
    ("reopen", None),
    ("error", "broken"),
]

# What is left of the disk, so that each write on the way is the one that finds no room.
LEFT_KIB = range(0, 44, 4) if may_mount() else (0,)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with small_disk(tmp_path / "disk", kib=16_384) as disk:
        project = Project(disk / "results")
        project.session("warm").start().done()
        yield project
        project.ledger.store.close()


@contextmanager
def nearly_full(disk: Path, left_kib: int) -> Iterator[None]:
    """Leave so much room on *disk*."""
    if left_kib == 0:
        with full(disk):
            yield
        return
    facts = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (facts.f_bavail * facts.f_frsize - left_kib * 1024))
    try:
        yield
    finally:
        ballast.unlink()


def refusal(work: Callable[[], object], project: Project) -> Exception | None:
    """What *work* raises, if it finds no room; it names the place."""
    try:
        work()
    except (LedgerStorageError, ProjectFolderError) as error:
        return error if str(project.root) in str(error) else pytest.fail(f"{error} names no place")
    return None


def state_of(run: Session) -> State:
    return State.of(all_records(run.project.ledger)[str(run.key)])


def description_is_true(run: Session) -> bool:
    text = (run.folder / "run.json").read_text()
    return f'"status": "{run.status.value}"' in text and f'"attempt": {run.attempt},' in text


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[what for what, _ in STEPS])
def test_a_step_without_room_is_not_taken_and_is_taken_again(
    project: Project, number: int, record_property: Callable[[str, object], None]
) -> None:
    refused = 0
    for left in LEFT_KIB:
        run = project.session("train", {"left": left})
        state = State((("left", left),))
        for step in STEPS[:number]:
            take(run, step)
            state = state.after(step)
        step = STEPS[number]
        path = run.path("file 0.txt")
        path.write_text("data")  # so that attaching has nothing to write but what it must

        def take_it(run: Session = run, step: Step = step, path: Path = path) -> None:
            if step[0] == "attach":
                run.attach_files({step[1]: path}, hash=True)
            else:
                take(run, step)

        with nearly_full(project.root.parent, left):
            error = refusal(take_it, project)
            assert state_of(run) == (state if error else state.after(step))
        if error:
            refused += 1
            take_it()
        assert state_of(run) == state.after(step)
        assert description_is_true(run)
    assert refused > 0
    assert project.ledger.store.check() == []
    assert list(project.root.rglob("*.tmp")) == []
    record_property(
        "figures",
        f"R3  {STEPS[number][0]} with {LEFT_KIB[0]} to {LEFT_KIB[-1]} KiB left: "
        f"{refused} of {len(LEFT_KIB)} refused, 0 half taken",
    )


def test_new_runs_and_projects_without_room_are_refused(project: Project) -> None:
    disk = project.root.parent
    before = set(all_records(project.ledger))
    with full(disk):
        for number in range(5):
            assert refusal(lambda number=number: project.session("train", {"n": number}), project)
        elsewhere = Project(disk / "results" / "elsewhere")
        assert refusal(lambda: elsewhere.session("train"), project)
        if may_mount():  # to SQLite a limit is a disk that fails, and it would have to open anew
            assert set(all_records(project.ledger)) == before
    assert set(all_records(project.ledger)) == before
    assert project.session("train").start().done().uid == "0001"
    assert elsewhere.session("train").start().done().uid == "0001"
    elsewhere.ledger.store.close()


def test_what_is_there_is_read_on_a_full_disk(project: Project) -> None:
    with full(project.root.parent):
        assert project.session_of("warm/0001").is_done()
        again = Project(project.root)
        assert again.session_of("warm/0001").is_done()
        again.ledger.store.close()


def test_a_backup_without_room_names_its_target(project: Project) -> None:
    target = project.root.parent / "backup.db"
    with full(project.root.parent), pytest.raises(LedgerStorageError, match=str(target)):
        project.ledger.store.backup(str(target))
    assert not target.exists()
    project.ledger.store.backup(str(target))
    copy = SqliteStore(str(target))
    assert copy.check() == []
    copy.close()


def test_a_write_protected_disk_is_said_to_be_one(project: Project) -> None:
    run = project.session("train").start()
    with read_only(project.root):
        assert refusal(run.done, project)
        later = Project(project.root)  # the one that is open has its file open for writing
        assert refusal(lambda: later.session("train"), project)
        assert refusal(lambda: Project(project.root / "new").ensure_folder(), project)
        assert later.session_of("train/0001").status.name == "RUNNING"
        later.ledger.store.close()
    assert run.done().is_done()
    assert project.session("train").uid == "0002"


# What SQLite calls to write, to make sure, and to make a file shorter.
CALLS = [
    ("pwrite64", errno.ENOSPC, "the disk is full"),
    ("pwrite64", errno.EIO, "the disk failed"),
    ("fdatasync", errno.EIO, "the disk failed"),
    ("pwrite64", errno.EROFS, "the disk failed"),
]


@pytest.mark.parametrize(("call", "error", "reason"), CALLS)
def test_a_failing_disk_is_named_and_loses_nothing(
    tmp_path: Path, call: str, error: int, reason: str
) -> None:
    path = tmp_path / "ledger.db"
    store = SqliteStore(str(path))
    before = store.create(new_run())
    used = []

    def write() -> None:
        used.append(connection_of(store))
        store.create(new_run())

    with pytest.raises(LedgerStorageError, match=reason) as raised:
        without(write, calls=[call, "fsync"], error=error)
    assert str(path) in str(raised.value)
    assert isinstance(raised.value, OSError)
    if reason == "the disk failed" and call == "pwrite64":
        # Pages that the kernel has dropped would be taken for written: not used any more.
        with pytest.raises(Exception, match="closed"):
            used[-1].execute("SELECT 1")
    # What was made and could not be made sure of is there, as the error says.
    left = ["0001", "0002"] if call == "pwrite64" else ["0001", "0002", "0003"]
    assert ("was not changed" in str(raised.value)) == (call == "pwrite64")
    assert ("is made, and may not outlive" in str(raised.value)) == (call == "fdatasync")
    assert uids(store) == left
    assert store.get("", "train", 1) == before
    assert store.create(new_run()).uid == f"{len(left) + 1:04d}"
    assert in_fork(create, store, new_run(), 1) == [f"{len(left) + 2:04d}"]
    assert store.check() == []
    store.close()


def test_the_calls_that_fail_are_those_of_this_machine() -> None:
    assert os.uname().machine in NUMBERS


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_description_that_cannot_be_written_changes_nothing(tmp_path: Path, call: str) -> None:
    project = Project(tmp_path / "results", durability="process")
    run = project.session("train")

    def start() -> None:
        project.session("train").start().done()

    if call == "fsync":  # a description is not waited for: it is the ledger that must be safe
        without(start, calls=[call], error=errno.EIO)
        assert len(project.sessions()) == 3
    else:
        with pytest.raises(ProjectFolderError, match=r"run\.json cannot be written"):
            without(start, calls=[call], error=errno.ENOSPC)
        assert [each.status.name for each in project.sessions()] == ["PENDING", "DONE", "PENDING"]
    assert run.start().done().is_done()
    assert list(project.root.rglob("*.tmp")) == []
    project.ledger.store.close()
