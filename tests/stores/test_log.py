"""Commits wait for the disk after they have handed the turn on."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LedgerError, LedgerSyncError
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import in_fork, in_threads
from pycaddy.testing._work import create, uids
from tests.stores.conftest import OpenFile, connection_of
from tests.threads import in_this_thread

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
            writing.join()
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", in_this_thread(wait, sync))
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

    monkeypatch.setattr(os, "fdatasync", in_this_thread(fail, sync))
    return errors


def marked(ledger: Path) -> bool:
    return os.stat(f"{ledger}.lock").st_size > 0


def test_what_the_disk_refuses_is_written_to_it_again_before_the_call_returns(
    store: SqliteStore, ledger: Path, failing: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    written = bytearray()

    def note(fd: int, data: bytes, offset: int) -> int:
        assert marked(ledger), "others must know of it while it is not done"
        written[offset:] = data
        return pwrite(fd, data, offset)

    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", note)
    failing.append(errno.EIO)
    assert store.create(new_run()).uid == "0002"
    assert failing == []
    assert written == Path(f"{ledger}-wal").read_bytes()
    assert not marked(ledger)
    assert in_threads(2, create, store, new_run(), 1) in (
        [["0003"], ["0004"]],
        [["0004"], ["0003"]],
    )


@pytest.mark.parametrize(
    ("error", "reason"), [(errno.EIO, "the disk failed"), (errno.ENOSPC, "the disk is full")]
)
def test_until_it_is_on_disk_nobody_is_told_of_a_change(
    store: SqliteStore,
    ledger: Path,
    open_file: OpenFile,
    failing: list[int],
    error: int,
    reason: str,
) -> None:
    store.create(new_run())
    failing += [error, error]
    with pytest.raises(LedgerSyncError, match=f"outlive a power cut: {reason}") as raised:
        store.create(new_run())
    assert str(ledger) in str(raised.value)
    failing += 5 * [error]
    for other in (store, open_file(), SqliteStore(str(ledger))):
        with pytest.raises(LedgerError, match=os.strerror(error)) as refusal:
            other.create(new_run())
        assert not isinstance(refusal.value, LedgerSyncError), "it was not made at all"
        assert uids(other) == ["0001", "0002"]
    assert marked(ledger)
    failing.clear()
    assert in_fork(create, SqliteStore(str(ledger)), new_run(), 1) == ["0003"]
    assert not marked(ledger)


def test_a_change_of_before_a_refusal_is_not_acknowledged_after_it(
    store: SqliteStore, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel tells of a refusal each handle that is open, and none that is opened later."""
    store.create(new_run())
    sync, synced = os.fdatasync, [0]

    def refused_to_somebody_else(fd: int) -> None:
        synced[0] += 1
        if synced[0] == 1:
            os.truncate(f"{ledger}.lock", 1)
        else:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", in_this_thread(refused_to_somebody_else, sync))
    with pytest.raises(LedgerSyncError):
        store.create(new_run())
    monkeypatch.setattr(os, "fdatasync", sync)
    assert store.create(new_run()).uid == "0003"


def test_ctrl_c_while_the_disk_refuses_a_change_does_not_hide_that(
    store: SqliteStore, ledger: Path, failing: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel reports it once, and the interrupt comes at that moment."""
    store.create(new_run())
    written: list[int] = []

    def interrupted(self: WriterLock, marked: bool) -> None:
        monkeypatch.setattr(WriterLock, "mark", mark)
        signal.raise_signal(signal.SIGINT)
        mark(self, marked)

    def note(fd: int, data: bytes, offset: int) -> int:
        written.append(offset)
        return pwrite(fd, data, offset)

    mark, pwrite = WriterLock.mark, os.pwrite
    monkeypatch.setattr(WriterLock, "mark", interrupted)
    monkeypatch.setattr(os, "pwrite", note)
    failing.append(errno.EIO)
    with pytest.raises(KeyboardInterrupt):
        store.create(new_run())
    assert written[0] == 0, "the log was written again"
    assert not marked(ledger)
    assert uids(store) == ["0001", "0002"]


def test_who_opens_the_ledger_closes_the_gap(
    store: SqliteStore, ledger: Path, open_file: OpenFile, failing: list[int]
) -> None:
    """Whoever is the last to close it moves the log into the database, the gap with it."""
    store.create(new_run())
    failing += [errno.EIO, errno.EIO]
    with pytest.raises(LedgerSyncError):
        store.create(new_run())
    assert marked(ledger)
    assert uids(open_file("process")) == ["0001", "0002"]
    assert not marked(ledger)


def test_a_mark_that_outlived_its_log_does_no_harm(ledger: Path, open_file: OpenFile) -> None:
    open_file().create(new_run())
    open_file().close()
    gone = SqliteStore(str(ledger))
    gone.create(new_run())
    gone.close()
    os.truncate(f"{ledger}.lock", 1)
    assert SqliteStore(str(ledger)).create(new_run()).uid == "0003"
    assert not marked(ledger)


def test_a_failing_disk_does_not_keep_a_fork_waiting(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who forks waits until the connections are free, and lets nobody open one."""
    store.create(new_run())
    sync, forks = os.fdatasync, []

    def fail(fd: int) -> None:
        if not forks:
            forks.append(threading.Thread(target=in_fork, args=(os.getpid,)))
            forks[0].start()
            forks[0].join(0.5)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", in_this_thread(fail, sync))
    assert store.create(new_run()).uid == "0002"
    forks[0].join()


def test_a_start_that_may_not_outlive_a_power_cut_can_be_called_again(
    tmp_path: Path, failing: list[int]
) -> None:
    run = Project(tmp_path).session("train")
    failing += [errno.EIO, errno.EIO]
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
