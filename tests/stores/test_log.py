"""Commits wait for the disk after they have handed the turn on."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from pycaddy.errors import LedgerStorageError
from pycaddy.stores.sqlite import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._work import uids
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


@pytest.mark.parametrize(
    ("error", "reason"), [(errno.EIO, "the disk failed"), (errno.ENOSPC, "the disk is full")]
)
def test_what_the_log_did_not_keep_is_in_the_database_before_the_next_change(
    store: SqliteStore,
    ledger: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    reason: str,
) -> None:
    store.create(new_run())
    failing = [True]
    sync = os.fdatasync

    def fail_once(fd: int) -> None:
        if failing:
            failing.clear()
            raise OSError(error, os.strerror(error))
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", fail_once)
    with pytest.raises(LedgerStorageError, match=f"outlive a power cut: {reason}") as raised:
        store.create(new_run())
    assert str(ledger) in str(raised.value)

    def without_the_log(runs: object) -> None:
        copy = tmp_path / "without-the-log.db"
        if connection_of(store).in_transaction:
            shutil.copyfile(ledger, copy)
            assert uids(SqliteStore(str(copy), store.project)) == ["0001", "0002"]

    assert store.find_or_create(new_run({"lr": 1}), without_the_log)[0].uid == "0003"
    assert (tmp_path / "without-the-log.db").exists()


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
