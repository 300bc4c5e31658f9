"""Commits wait for the disk after they have handed the turn on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LedgerError, LedgerSyncError
from pycaddy.stores._sqlite_turns import Turns
from pycaddy.stores.sqlite import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import in_threads
from pycaddy.testing._work import create, uids
from tests.stores.conftest import OpenFile, connection_of

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fdatasync"), reason="SQLite itself waits for the disk here"
)


def test_others_write_while_one_waits_for_the_disk(
    store: SqliteStore, open_file: OpenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    other = open_file()
    other.create(new_run())
    waiting: list[list[str]] = []
    sync = os.fdatasync

    def write() -> None:
        waiting[0].append(other.create(new_run()).uid)

    def wait(fd: int) -> None:
        if not waiting:
            waiting.append([])
            writing = threading.Thread(target=write)
            writing.start()
            writing.join(30)
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", wait)
    assert store.create(new_run()).uid == "0003"
    assert waiting == [["0004"]]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The errors with which the next waits for the log fail."""
    errors: list[int] = []
    sync = os.fdatasync

    def fail(fd: int) -> None:
        if errors:
            raise OSError(error := errors.pop(), os.strerror(error))
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", fail)
    return errors


@contextmanager
def no_other_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the disk refuse to take the log into the database, too, during the block."""

    def refuse(turns: Turns) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(Turns, "_move_log", refuse)
        yield


def test_what_the_log_does_not_keep_is_moved_into_the_database_before_the_call_returns(
    store: SqliteStore, ledger: Path, tmp_path: Path, failing: list[int]
) -> None:
    store.create(new_run())
    failing.append(errno.EIO)
    assert store.create(new_run()).uid == "0002"
    assert failing == []
    shutil.copyfile(ledger, tmp_path / "without-the-log.db")
    assert uids(SqliteStore(str(tmp_path / "without-the-log.db"), store.project)) == [
        "0001",
        "0002",
    ]
    assert in_threads(2, create, store, new_run(), 1) in (
        [["0003"], ["0004"]],
        [["0004"], ["0003"]],
    )


@pytest.mark.parametrize(
    ("error", "reason"), [(errno.EIO, "the disk failed"), (errno.ENOSPC, "the disk is full")]
)
def test_until_it_is_moved_nothing_is_acknowledged(
    store: SqliteStore,
    ledger: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: list[int],
    error: int,
    reason: str,
) -> None:
    store.create(new_run())

    with no_other_way(monkeypatch):
        failing.append(error)
        with pytest.raises(LedgerSyncError, match=f"outlive a power cut: {reason}") as raised:
            store.create(new_run())
        assert str(ledger) in str(raised.value)
        for call in (lambda: store.create(new_run()), lambda: store.get("", "train", 2)):
            with pytest.raises(LedgerError, match="disk I/O error"):
                call()
    assert uids(store) == ["0001", "0002"]
    assert store.create(new_run()).uid == "0003"


def test_a_start_that_may_not_outlive_a_power_cut_can_be_called_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: list[int]
) -> None:
    run = Project(tmp_path).session("train")

    with no_other_way(monkeypatch):
        failing.append(errno.EIO)
        with pytest.raises(LedgerSyncError):
            run.start()
    assert json.loads((run.folder / "run.json").read_text())["status"] == "running"
    assert run.start().attempt == 1
    assert run.done().is_done()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks")
def test_sqlite_holds_no_lock_on_the_log_that_closing_it_could_drop(
    store: SqliteStore, ledger: Path
) -> None:
    store.create(new_run())
    held: list[str] = []

    def look(runs: object) -> None:
        if connection_of(store).in_transaction:
            held.extend(Path("/proc/locks").read_text().split())

    store.find_or_create(new_run({"lr": 1}), look)
    inodes = {word.rpartition(":")[2] for word in held if word.count(":") == 2}
    assert str(os.stat(f"{ledger}-shm").st_ino) in inodes
    assert str(os.stat(f"{ledger}-wal").st_ino) not in inodes
