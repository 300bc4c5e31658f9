"""Writers take turns, whatever becomes of the one whose turn it is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy.errors import LedgerBusyError
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import MANY, forked, in_fork, in_processes, in_threads
from pycaddy.testing._work import uids
from tests.executors.real_slurm import wait_until
from tests.stores.work import count_in_file

PATIENT_S = 60.0
IMPATIENT_S = 0.05


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def hold(pipe: Connection, path: str) -> None:
    """Take the turn; give it back when told to."""
    lock = WriterLock(path, PATIENT_S)
    lock.acquire()
    pipe.send(os.getpid())
    pipe.recv()
    lock.release()
    pipe.send("released")
    pipe.recv()


def take(path: str) -> bool:
    """Whether another process gets the turn now."""
    try:
        with WriterLock(path, IMPATIENT_S):
            return True
    except LedgerBusyError:
        return False


@contextmanager
def holder(path: str) -> Iterator[tuple[Connection, int]]:
    """A process that has the turn: the pipe to it and its pid."""
    with forked(hold, path) as pipe:
        pid = pipe.recv()
        yield pipe, pid
        os.kill(pid, signal.SIGKILL)


def test_one_holds_it_at_a_time(path: str) -> None:
    with holder(path) as (pipe, _):
        assert not in_fork(take, path)
        pipe.send("release")
        assert pipe.recv() == "released"
        assert in_fork(take, path)


@pytest.mark.parametrize("begin", [in_threads, in_processes])
def test_what_is_done_in_turns_is_not_done_twice(
    path: str, begin: Callable[..., object], tmp_path: Path
) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    begin(MANY, count_in_file, path, str(counter), 50)
    assert counter.read_text() == str(MANY * 50)


def test_a_killed_holder_hands_the_turn_on(path: str) -> None:
    with holder(path) as (_, pid):
        os.kill(pid, signal.SIGKILL)
        with WriterLock(path, PATIENT_S):
            pass


def test_a_stopped_holder_makes_others_give_up_with_its_file_named(path: str) -> None:
    with holder(path) as (_, pid):
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(LedgerBusyError, match=r"for 0\.05 s") as busy:
            WriterLock(path, IMPATIENT_S).__enter__()
        assert f"fuser -v {path}" in str(busy.value)


def test_a_turn_that_comes_too_late_is_handed_on(path: str) -> None:
    ours = WriterLock(path, IMPATIENT_S)
    with holder(path) as (pipe, pid):
        os.kill(pid, signal.SIGSTOP)
        for _ in range(3):
            with pytest.raises(LedgerBusyError):
                ours.acquire()
        os.kill(pid, signal.SIGCONT)
        pipe.send("release")
        assert pipe.recv() == "released"
    patient = WriterLock(path, PATIENT_S)
    patient.acquire()
    patient.release()
    ours.acquire()
    assert not in_fork(take, path)
    ours.release()
    assert in_fork(take, path)


def test_a_turn_that_comes_too_late_is_handed_on_though_a_fork_has_the_file(path: str) -> None:
    ours = WriterLock(path, IMPATIENT_S)
    with holder(path) as (pipe, _):
        with pytest.raises(LedgerBusyError):
            ours.acquire()
        with forked(wait_to_be_closed):
            pipe.send("release")
            assert pipe.recv() == "released"
            with WriterLock(path, PATIENT_S):
                pass


def wait_to_be_closed(pipe: Connection) -> None:
    with pytest.raises(EOFError):
        pipe.recv()


def test_releasing_without_a_turn_does_nothing(path: str) -> None:
    ours = WriterLock(path, IMPATIENT_S)
    ours.release()
    ours.acquire()
    ours.close()
    ours.release()
    assert in_fork(take, path)


def test_without_a_path_there_is_no_lock() -> None:
    lock = WriterLock(None, IMPATIENT_S)
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.close()


def test_as_a_context_manager_it_is_held_for_the_block_and_closed_after_it(path: str) -> None:
    with WriterLock(path, PATIENT_S):
        assert not in_fork(take, path)
    assert in_fork(take, path)
    assert not is_open(path)
    with holder(path), pytest.raises(LedgerBusyError), WriterLock(path, IMPATIENT_S):
        pass
    wait_until(lambda: not is_open(path))  # the thread in the kernel's queue closes it


def is_open(path: str) -> bool:
    """Whether this process has the file open."""
    numbers = os.listdir("/proc/self/fd")
    return path in (os.path.realpath(f"/proc/self/fd/{number}") for number in numbers)


def test_the_fork_of_a_killed_writer_does_not_keep_its_turn(ledger: Path) -> None:
    store = SqliteStore(str(ledger))
    store.create(new_run())
    with forked(fork_while_writing, store) as pipe:
        writer, child = pipe.recv()
        os.kill(writer, signal.SIGKILL)
        try:
            assert in_fork(store.create, new_run()).uid == "0002"
            assert uids(store) == ["0001", "0002"]
        finally:
            os.kill(child, signal.SIGKILL)
    store.close()


def fork_while_writing(pipe: Connection, store: SqliteStore) -> None:
    """In the middle of a write, leave a fork behind that lives on."""
    asked = []

    def fork(runs: object) -> None:
        asked.append(runs)
        if len(asked) == 2:  # the first time is before the turn
            child = os.fork()
            if child == 0:
                signal.pause()
            pipe.send((os.getpid(), child))
            signal.pause()

    store.find_or_create(new_run({"lr": 1}), fork)
