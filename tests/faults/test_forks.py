"""Forks of a process that is at work, spawns, and handles that travel."""

from __future__ import annotations

import os
import pickle
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy import Project, Status
from pycaddy.project import Session
from pycaddy.testing._at_once import forked, in_fork, in_threads
from tests.faults.conftest import LONG

FORKS = 300 if LONG else 60


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path, durability="process")
    project.session("warm").start().done()
    yield project
    project.ledger.store.close()


def live(project: Project, identifier: str) -> str:
    """Live through one run."""
    run = project.session(identifier).start()
    run.attach_files({"log": run.path("log.txt")})
    return run.done().uid


@contextmanager
def at_work(project: Project, threads: int) -> Iterator[list[str]]:
    """Let threads live through runs meanwhile; yields the uids of those that are done."""
    stop = threading.Event()
    done: list[str] = []

    def work() -> None:
        while not stop.is_set():
            done.append(live(project, "parent"))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    try:
        yield done
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def test_forks_at_any_instant_work_and_disturb_nobody(
    project: Project, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(FORKS)
    lived = killed = 0
    with at_work(project, 3) as done:
        for _ in range(FORKS):
            if chance.random() < 0.3:
                with forked(live_until_killed, project) as pipe:
                    os.kill(pipe.recv(), signal.SIGKILL)
                killed += 1
            else:
                assert in_fork(live, project, "child")
                lived += 1
    assert [run.uid for run in project.sessions("parent")] == sorted(done)
    children = project.sessions("child")
    assert len(children) == lived
    for run in (*project.sessions("parent"), *children):
        assert run.status is Status.DONE
        assert list(run.files) == ["log"]
    assert project.ledger.store.check() == []
    record_property(
        "figures",
        f"R5  {lived} forks that worked and {killed} that were killed, beside 3 threads that did "
        f"{len(done)} runs: 0 errors, 0 lost",
    )


def live_until_killed(pipe: Connection, project: Project) -> None:
    project.session("killed").start()
    pipe.send(os.getpid())
    while True:
        live(project, "killed")


def test_a_fork_that_lives_on_keeps_its_runs_when_its_parent_is_gone(project: Project) -> None:
    # The parent's end closes its files and takes the write-ahead log away, if nobody has it.
    with forked(parent_that_goes, str(project.root)) as pipe:
        child = pipe.recv()
        assert project.sessions("parent")[0].status is Status.DONE
        project.ledger.store.close()
        pipe.send("go on")
        assert pipe.recv() == ["0001", "0002"]
        assert child != os.getpid()
    assert [run.status for run in project.sessions("child")] == [Status.DONE] * 2


def parent_that_goes(pipe: Connection, root: str) -> None:
    project = Project(root)
    live(project, "parent")
    if os.fork() != 0:
        project.ledger.store.close()
        os._exit(0)
    first = live(project, "child")
    pipe.send(os.getpid())
    pipe.recv()
    pipe.send([first, live(project, "child")])
    os._exit(0)


def test_a_run_is_begun_here_and_ended_in_a_fork(project: Project) -> None:
    run = project.session("train").start()
    in_fork(run.done)
    assert run.is_done()


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_handles_travel_to_other_processes(project: Project, method: str) -> None:
    run = project.session("train", {"lr": 0.1}).start()
    with ProcessPoolExecutor(1, get_context(method)) as pool:
        assert pool.submit(live, project, "elsewhere").result() == "0001"
        assert pool.submit(end, run).result() == {"lr": 0.1}
    assert run.is_done()
    assert project.session_of("elsewhere/0001").is_done()


def end(run: Session) -> dict[str, object]:
    run.done()
    return run.params


def test_pickles_hold_no_connection(project: Project) -> None:
    run = project.session("train").start()
    for handle in (project, project.ledger, project.ledger.store, run):
        text = pickle.dumps(handle)
        assert len(text) < 4096
        assert type(pickle.loads(text)) is type(handle)
    copy = pickle.loads(pickle.dumps(run))
    assert in_threads(1, copy.done)[0].is_done()
    copy.project.ledger.store.close()
