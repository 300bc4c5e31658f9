"""A live run is never declared dead: the kernel decides here, and heartbeats elsewhere."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy import ExistingRun, Project
from pycaddy.codec import Owner, encode_owner
from pycaddy.errors import RunBusyError
from pycaddy.ledger import RunRecord, liveness
from pycaddy.ledger.owner import this_process
from pycaddy.stores.sqlite import file, one_host
from pycaddy.stores.sqlite import store as sqlite_store
from tests.faults.life import Worker


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "results"


def start(pipe: Connection, root: str, name: str) -> None:
    """Start the run, say so, and work on it until killed."""
    Project(root).session("train").start()
    pipe.send(os.getpid())
    signal.pause()


def start_and_fork(pipe: Connection, root: str, name: str) -> None:
    """Start the run and leave it to a fork."""
    Project(root).session("train").start()
    child = os.fork()
    if child:
        pipe.send(child)
    signal.pause()


def is_stale(root: Path) -> bool:
    """What somebody sees who has just come."""
    project = Project(root)
    try:
        return project.session_of("train/0001").is_stale
    finally:
        project.ledger.store.close()


def wait_until_it_is(state: bytes, pid: int) -> None:
    """Wait for the kernel to have stopped or ended a process: "T" or "Z"."""
    while Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != state:
        time.sleep(0.001)


def taken_up(root: Path) -> str:
    project = Project(root)
    run = project.session("train", {}, ExistingRun.CONTINUE)
    project.ledger.store.close()
    return run.uid


def test_a_killed_owner_is_dead(root: Path) -> None:
    worker = Worker(root, "", start)
    worker.pipe.recv()
    assert not is_stale(root)
    worker.kill()
    assert is_stale(root)
    assert taken_up(root) == "0001"


def test_an_owner_that_nobody_has_waited_for_is_dead(root: Path) -> None:
    worker = Worker(root, "", start)
    pid = worker.pipe.recv()
    os.kill(pid, signal.SIGKILL)
    wait_until_it_is(b"Z", pid)
    assert is_stale(root)
    worker.kill()


def test_a_stopped_owner_is_alive(root: Path) -> None:
    worker = Worker(root, "", start)
    pid = worker.pipe.recv()
    os.kill(pid, signal.SIGSTOP)
    wait_until_it_is(b"T", pid)
    assert not is_stale(root)
    with pytest.raises(RunBusyError, match=f"pid {pid}"):
        taken_up(root)
    worker.kill()


def test_an_observer_that_has_seen_it_alive_sees_it_die(root: Path) -> None:
    worker = Worker(root, "", start)
    worker.pipe.recv()
    project = Project(root)
    run = project.session_of("train/0001")
    assert not run.is_stale
    worker.kill()
    while not run.is_stale:
        pass
    project.ledger.store.close()


def test_a_fork_of_a_dead_owner_is_not_the_owner(root: Path) -> None:
    worker = Worker(root, "", start_and_fork)
    child = worker.pipe.recv()
    assert not is_stale(root)
    worker.kill()
    assert is_stale(root)
    os.kill(child, signal.SIGKILL)


def test_a_fork_that_dies_leaves_its_parent_alive(root: Path) -> None:
    worker = Worker(root, "", start_and_fork)
    os.kill(worker.pipe.recv(), signal.SIGKILL)
    assert not is_stale(root)
    worker.kill()


def owned_by(root: Path, **changes: object) -> None:
    """Let the run be owned by a process like this one, but for *changes*."""
    project = Project(root)
    run = project.session("train").start()
    owner = this_process()._replace(**changes)  # type: ignore[arg-type]
    record = run.record
    assert project.ledger.store.swap(record, record.changed(owner_text=encode_owner(owner)))
    project.ledger.store.close()


def test_a_process_that_has_got_the_pid_of_the_owner_is_not_the_owner(root: Path) -> None:
    owned_by(root, started=this_process().started - 1)
    assert is_stale(root)


def report_and_wait(pipe: Connection, root: str, name: str) -> None:
    pipe.send(this_process())
    signal.pause()


def test_a_dead_worker_is_left_to_the_one_who_gave_it_the_run_as_long_as_that_one_lives(
    root: Path,
) -> None:
    driver = Worker(root, "", report_and_wait)
    giver = driver.pipe.recv()
    owned_by(root, started=1, driver=giver.pid, driver_started=giver.started)
    assert not is_stale(root)
    driver.kill()
    assert is_stale(root)


def test_who_gave_a_run_to_a_worker_that_is_dead_sees_that_it_is(root: Path) -> None:
    here = this_process()
    owned_by(root, started=1, driver=here.pid, driver_started=here.started)
    assert is_stale(root)


def test_this_process_is_alive(root: Path) -> None:
    owned_by(root)
    assert not is_stale(root)


def test_on_a_local_disk_an_owner_from_before_the_machine_started_is_dead(root: Path) -> None:
    owned_by(root, boot="0b5ca1ed-0000-4000-8000-000000000000")
    assert is_stale(root)


@pytest.mark.parametrize("pid", [1, 2**22])
def test_the_pids_of_another_container_mean_nothing(root: Path, pid: int) -> None:
    owned_by(root, namespace="pid:[1]", pid=pid)
    assert not is_stale(root)


@pytest.mark.parametrize("hours", [-1, 1, 24 * 365])
def test_no_clock_of_the_wall_decides(
    root: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(root, "", start)
    worker.pipe.recv()
    now, now_ns = time.time, time.time_ns
    monkeypatch.setattr(time, "time", lambda: now() + hours * 3600)
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + hours * 3600 * 10**9)
    assert not is_stale(root)
    worker.kill()
    assert is_stale(root)


ELSEWHERE = Owner("node7", "0b5ca1ed-0000-4000-8000-000000000000", "pid:[1]", 4711, 99)


@pytest.fixture
def on_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that other machines can write to, too."""
    monkeypatch.setattr(file, "is_network", lambda folder: True)
    monkeypatch.setattr(sqlite_store, "is_network", lambda folder: True)
    monkeypatch.setattr(one_host, "BEAT_S", 3600.0)  # its own beat is tested elsewhere


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The observer's own clock, which a test turns."""
    at = [1000.0]

    def turn(seconds: float) -> None:
        at[0] += seconds

    monkeypatch.setattr(liveness.time, "monotonic", lambda: at[0])
    return turn


def record_of(project: Project) -> RunRecord:
    return project.session_of("train/0001").record


@pytest.mark.usefixtures("on_network")
def test_on_a_network_an_owner_on_another_machine_is_watched_for_a_lease(
    root: Path, clock: Callable[[float], None]
) -> None:
    owned_by(root, host="node7", boot=ELSEWHERE.boot, namespace="pid:[1]")
    project = Project(root)
    ledger = project.ledger
    assert not ledger.is_stale(record_of(project))  # for all that is known, it beat just now
    clock(liveness.LEASE_S - 1)
    assert not ledger.is_stale(record_of(project))
    clock(1)
    assert ledger.is_stale(record_of(project))
    assert not is_stale(root)  # who has just come has not watched yet
    ledger.store.close()


@pytest.mark.usefixtures("on_network")
def test_on_a_network_an_owner_that_sends_heartbeats_is_alive(
    root: Path, clock: Callable[[float], None]
) -> None:
    owned_by(root, host="node7", boot=ELSEWHERE.boot, namespace="pid:[1]")
    project = Project(root)
    for _ in range(10):
        record = record_of(project)
        assert not project.ledger.is_stale(record)
        clock(liveness.LEASE_S - 1)
        assert project.ledger.store.beat({record.row: record.attempt}) == set()
    project.ledger.store.close()
