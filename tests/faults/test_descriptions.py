"""`run.json` is whole at every instant, and what a kill leaves half done is finished."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy import Project, StorageMode
from pycaddy._files import Replacement
from pycaddy.ledger import RunRecord, folders, sidecar
from pycaddy.ledger.scan import scan
from pycaddy.stores.sqlite.store import SqliteStore
from tests.faults.conftest import LONG
from tests.faults.life import Worker


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str) -> None:
    """Have this process end before it gets past *point*."""
    match point:
        case "the ledger's change":
            SqliteStore.swap = die  # type: ignore[method-assign,assignment]
        case "its description":
            Replacement.publish = die  # type: ignore[method-assign]
        case "the move of its files":
            os.rename = die  # type: ignore[assignment]


def finish(pipe: Connection, root: str, point: str) -> None:
    run = Project(root).session_of("train/0001")
    die_at(point)
    run.done()


def remove(pipe: Connection, root: str, point: str) -> None:
    run = Project(root).session_of("train/0001")
    die_at(point)
    run.remove()


def killed(work: Callable[..., None], root: Path, point: str) -> None:
    worker = Worker(root, point, work)
    assert list(worker.said()) == []
    worker.process.join()
    assert worker.process.exitcode == -signal.SIGKILL


@pytest.fixture(params=StorageMode, ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    project = Project(tmp_path, storage_mode=request.param)
    project.session("train", {"lr": 0.1}).start()
    return project


def severe(project: Project, *, fix: bool = False) -> list[str]:
    return [str(finding) for finding in project.doctor(fix=fix) if finding.severe]


@pytest.mark.parametrize(
    ("point", "status"), [("the ledger's change", "RUNNING"), ("its description", "DONE")]
)
def test_a_kill_beside_the_ledger_s_change_leaves_what_the_doctor_sweeps_up(
    project: Project, point: str, status: str
) -> None:
    killed(finish, project.root, point)
    assert project.session_of("train/0001").status.name == status
    (left,) = project.root.rglob("*.tmp")
    assert any(str(left) in str(finding) for finding in project.doctor())
    assert left.exists()

    found = scan(str(project.root))
    assert [str(record.key) for record in found.records] == ["train/0001"]
    assert found.problems == []

    project.doctor(fix=True)
    assert not left.exists()
    assert severe(project) == []
    path = project.root / project.session_of("train/0001").record.layout.sidecar
    assert f'"status": "{status.lower()}"' in path.read_text()


def test_a_description_that_the_doctor_swept_up_too_early_is_written_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = project.session_of("train/0001")
    swap = SqliteStore.swap

    def swept(store: SqliteStore, *records: object) -> bool:
        (left,) = project.root.rglob("*.tmp")
        left.unlink()
        return swap(store, *records)  # type: ignore[arg-type]

    monkeypatch.setattr(SqliteStore, "swap", swept)
    run.done()
    assert severe(project) == []
    assert list(project.root.rglob("*.tmp")) == []


@pytest.mark.parametrize("late", ["the first change's", "the change in between's"])
def test_of_two_changes_at_once_the_later_one_is_described(
    project: Project, monkeypatch: pytest.MonkeyPatch, late: str
) -> None:
    """Whoever committed first may be the last to put its description into its place."""
    run, other = (Project(project.root).session_of("train/0001") for _ in range(2))
    publish = Replacement.publish
    waiting = [lambda: other.note("in between")]

    def publish_late(description: Replacement) -> None:
        if late == "the change in between's":
            publish(description)
        if waiting:
            waiting.pop()()
        if late == "the first change's":
            publish(description)

    monkeypatch.setattr(Replacement, "publish", publish_late)
    run.done()
    assert severe(project) == []
    record, _ = sidecar.parse((project.root / run.record.layout.sidecar).read_bytes())
    assert (record.status.name, record.note) == ("DONE", "in between")


def test_a_run_that_was_ended_before_it_had_begun_can_be_claimed(project: Project) -> None:
    project.session("eval", {"n": 1}).error("no such data")
    (run,) = project.claim("eval", [{"n": 1}])
    assert (run.uid, run.attempt) == ("0001", 1)
    assert severe(project) == []


def test_a_claimed_run_that_somebody_marks_at_once_is_not_taken_for_another(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = folders.make

    def marked_meanwhile(root: str, record: RunRecord, *, fresh: bool) -> str:
        monkeypatch.undo()
        project.session_of(record.key).tag("fast")
        return make(root, record, fresh=fresh)

    monkeypatch.setattr(folders, "make", marked_meanwhile)
    (run,) = project.claim("eval", [{"n": 1}])
    assert (run.status.name, run.tags) == ("RUNNING", ("fast",))
    assert project.trash() == []
    assert severe(project) == []


def test_a_removal_that_was_cut_short_is_finished(project: Project) -> None:
    run = project.session_of("train/0001")
    run.path("model.txt").write_text("weights")
    run.done()
    killed(remove, project.root, "the move of its files")
    assert project.sessions() == []
    (finding,) = severe(project)
    assert "train/0001: was removed" in finding
    severe(project, fix=True)
    assert severe(project) == []
    assert [path.name for path in (project.root / "train").iterdir()] == []
    assert project.restore("train/0001").path("model.txt").read_text() == "weights"
    assert severe(project) == []


def rewrite(pipe: Connection, root: str, name: str) -> None:
    """Change the run for ever, so that its description is replaced for ever."""
    run = Project(root, durability="process").session_of("train/0001")
    for number in itertools.count():
        run.result = {"number": f"{name}-{number}", "filling": "x" * (number % 7) * 5000}
        if number == 1:
            pipe.send("ready")


def test_whoever_reads_while_writers_are_killed_sees_a_whole_description(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    project = Project(tmp_path, durability="process")
    path = project.session("train").start().path("x").with_name("run.json")
    project.ledger.store.close()
    kills = 200 if LONG else 50
    seen: set[bytes] = set()
    chance = random.Random(kills)
    for number in range(kills):
        worker = Worker(tmp_path, str(number), rewrite)
        worker.pipe.recv()
        end = time.monotonic() + chance.uniform(0, 0.02)
        while time.monotonic() < end:
            seen.add(path.read_bytes())
        worker.kill()
        seen.add(path.read_bytes())
    for content in seen:
        record, _ = sidecar.parse(content)
        assert record.result is None or set(record.result) == {"number", "filling"}
    left = len(list(tmp_path.rglob("*.tmp")))
    project.doctor(fix=True)
    assert list(tmp_path.rglob("*.tmp")) == []
    assert project.session_of("train/0001").done().is_done()
    project.ledger.store.close()
    record_property(
        "figures",
        f"R11 {kills} SIGKILLs while run.json is replaced: {len(seen)} different contents read, "
        f"0 torn; {left} .tmp left, 0 after doctor --fix",
    )
