"""Ctrl-C is delivered when the transaction has ended, and never in the middle of it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycaddy.records import RunRecord
from pycaddy.stores.sqlite import lock
from pycaddy.stores.sqlite.connection import Connections
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import in_fork, in_threads
from pycaddy.testing._work import uids
from tests.stores.conftest import connection_of
from tests.stores.test_lock import PATIENT_S, holder, take

Runs = Sequence[RunRecord]


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def nothing_is_held(store: SqliteStore) -> bool:
    """Whether a fork of another thread and a writer of another process are kept from nothing."""
    return bool(in_threads(1, in_fork, store.create, new_run())[0])


def test_a_change_is_made_whole_before_the_interrupt_is_raised(store: SqliteStore) -> None:
    store.create(new_run())
    went_on = []

    def choose(runs: Runs) -> None:
        if connection_of(store).in_transaction:
            press_ctrl_c()
            went_on.append(True)

    with pytest.raises(KeyboardInterrupt):
        store.find_or_create(new_run({"lr": 1}), choose)
    assert went_on == [True]
    assert uids(store) == ["0001", "0002"]
    assert nothing_is_held(store)


def test_reading_ends_before_the_interrupt_is_raised(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    stat = os.stat

    def interrupted(path: str) -> os.stat_result:
        if path == store.path:
            press_ctrl_c()
        return stat(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.counts()
    assert nothing_is_held(store)


def test_a_ledger_is_opened_whole_before_the_interrupt_is_raised(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_the_dead = Connections._close_the_dead

    def interrupted(self: Connections) -> None:
        press_ctrl_c()
        close_the_dead(self)

    with monkeypatch.context() as patched:
        patched.setattr(Connections, "_close_the_dead", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.create(new_run())
    assert nothing_is_held(store)


def test_an_error_does_not_swallow_the_interrupt(store: SqliteStore) -> None:
    def choose(runs: Runs) -> None:
        press_ctrl_c()
        raise ValueError("refused")

    with pytest.raises(KeyboardInterrupt) as raised:
        store.find_or_create(new_run(), choose)
    assert isinstance(raised.value.__context__, ValueError)
    assert nothing_is_held(store)


@contextmanager
def pressed_while_waiting(path: str) -> Iterator[None]:
    """Press Ctrl-C as soon as the block's thread waits for another process's lock."""
    main = threading.get_ident()

    def press() -> None:
        while not any(thread.name == "pycaddy-writer-turn" for thread in threading.enumerate()):
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    pressing = threading.Thread(target=press)
    with holder(path):
        pressing.start()
        yield
        pressing.join()


def test_waiting_for_the_writer_lock_can_be_interrupted(store: SqliteStore) -> None:
    store.create(new_run())
    with pressed_while_waiting(f"{store.path}.lock"), pytest.raises(KeyboardInterrupt):
        store.create(new_run({"lr": 1}))
    assert uids(store) == ["0001"]
    assert nothing_is_held(store)


def test_waiting_for_a_thread_of_this_process_can_be_interrupted(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    writing, pressed = threading.Event(), threading.Event()
    wait = lock._wait

    def choose(runs: Runs) -> None:
        if connection_of(store).in_transaction:
            writing.set()
            pressed.wait()

    def press_and_wait(line: threading.Lock, until: float, deferred: DeferredInterrupt) -> bool:
        press_ctrl_c()
        return wait(line, until, deferred)

    monkeypatch.setattr(lock, "_wait", press_and_wait)
    writer = threading.Thread(target=store.find_or_create, args=(new_run({"lr": 1}), choose))
    writer.start()
    writing.wait()
    with pytest.raises(KeyboardInterrupt):
        store.create(new_run({"lr": 2}))
    pressed.set()
    writer.join()
    assert uids(store) == ["0001", "0002"]
    assert nothing_is_held(store)


def test_a_lock_is_free_after_an_interrupted_wait(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with (
        pressed_while_waiting(path),
        pytest.raises(KeyboardInterrupt),
        WriterLock(path, PATIENT_S),
    ):
        raise AssertionError("another process has the lock")
    assert in_fork(take, path)


def test_a_handler_that_raises_nothing_is_called_and_the_wait_goes_on(store: SqliteStore) -> None:
    store.create(new_run())
    called: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: called.append(number))
    try:
        with holder(f"{store.path}.lock") as (pipe, _):
            waiting = threading.Thread(
                target=release_when, args=(lambda: bool(called), pipe.send, "release")
            )
            press = threading.Timer(0.05, signal.pthread_kill, (threading.get_ident(), 2))
            waiting.start()
            press.start()
            assert store.create(new_run()).uid == "0002"
            waiting.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert called == [signal.SIGINT]


def release_when(condition: Callable[[], bool], call: Callable[[str], None], word: str) -> None:
    while not condition():
        time.sleep(0.001)
    call(word)


def test_asyncio_gets_its_interrupt(store: SqliteStore) -> None:
    def choose(runs: Runs) -> None:
        if connection_of(store).in_transaction:
            press_ctrl_c()

    async def main() -> None:
        store.find_or_create(new_run(), choose)
        await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert uids(store) == ["0001"]


@pytest.mark.parametrize("ignored", [signal.SIG_IGN, signal.SIG_DFL])
def test_a_handler_that_is_not_python_s_is_left_alone(ignored: signal.Handlers) -> None:
    before = signal.signal(signal.SIGINT, ignored)
    try:
        deferred = DeferredInterrupt()
        deferred.defer()
        assert signal.getsignal(signal.SIGINT) is ignored
        deferred.end()
        assert signal.getsignal(signal.SIGINT) is ignored
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_thread_other_than_the_main_one_defers_nothing(store: SqliteStore) -> None:
    handler = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def choose(runs: Runs) -> None:
        seen.append(signal.getsignal(signal.SIGINT))

    in_threads(1, store.find_or_create, new_run(), choose)
    assert seen == [handler, handler]
    assert signal.getsignal(signal.SIGINT) is handler


def test_after_a_fork_the_thread_that_forked_defers(store: SqliteStore) -> None:
    assert in_threads(1, in_fork, is_deferred)[0]


def is_deferred() -> bool:
    deferred = DeferredInterrupt()
    deferred.defer()
    press_ctrl_c()
    came = deferred.came
    try:
        deferred.end()
    except KeyboardInterrupt:
        return came
    return False


def test_the_handler_is_back_after_a_failing_disk(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    handler = signal.getsignal(signal.SIGINT)

    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", refuse)
        with pytest.raises(OSError, match="outlive a power cut"):
            store.create(new_run())
    assert signal.getsignal(signal.SIGINT) is handler
    assert nothing_is_held(store)
