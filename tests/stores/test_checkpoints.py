"""The write-ahead log does not grow for ever, and moving it is nobody's trouble."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy.stores.sqlite import transaction
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import forked, in_fork
from pycaddy.testing._work import create, uids
from tests.faults.syscalls import without
from tests.stores.conftest import OpenFile

# A commit puts three pages or so into the log, and it is moved when it is found this long.
LONG_BYTES = 100_000


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Move a shorter log after fewer commits, so that the tests need not write megabytes."""
    monkeypatch.setattr(transaction, "_CHECKPOINT_BYTES", LONG_BYTES)
    monkeypatch.setattr(transaction, "_CHECKPOINT_EVERY", 8)


@pytest.fixture(params=["process", "power"])
def store(open_file: OpenFile, request: pytest.FixtureRequest) -> SqliteStore:
    return open_file(request.param)


@pytest.fixture
def log(ledger: Path) -> Path:
    return ledger.with_name("ledger.db-wal")


@pytest.fixture
def reader(store: SqliteStore, ledger: Path) -> Iterator[sqlite3.Connection]:
    """Somebody who reads, and so keeps the log as it is."""
    store.create(new_run())
    with closing(sqlite3.connect(ledger, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT * FROM run").fetchall()
        yield reading


def longest(log: Path, store: SqliteStore, commits: int) -> int:
    """How long the log was at most."""
    sizes = []
    for _ in range(commits):
        store.create(new_run())
        sizes.append(log.stat().st_size)
    return max(sizes)


def test_one_writer_writes_over_the_log(store: SqliteStore, log: Path) -> None:
    assert longest(log, store, 500) < 3 * LONG_BYTES
    assert len(uids(store)) == 500


def test_processes_that_write_once_each_write_over_the_log(ledger: Path, log: Path) -> None:
    with forked(stay, str(ledger)) as pipe:  # so that nobody is the last to close
        pipe.recv()
        sizes = []
        for _ in range(60):
            in_fork(create_in, str(ledger))
            sizes.append(log.stat().st_size)
    assert LONG_BYTES < max(sizes) < 2 * LONG_BYTES
    assert in_fork(uids, SqliteStore(str(ledger))) == [f"{number:04d}" for number in range(1, 61)]


def stay(pipe: Connection, ledger: str) -> None:
    store = SqliteStore(ledger)
    store.identifiers()
    pipe.send("open")
    with pytest.raises(EOFError):
        pipe.recv()


def create_in(ledger: str) -> None:
    SqliteStore(ledger, durability="process").create(new_run({"filling": "x" * 4000}))


def test_a_reader_in_the_way_lets_the_log_grow_and_delays_nobody(
    store: SqliteStore, log: Path, reader: sqlite3.Connection
) -> None:
    # To wait for the reader would be to wait for a minute.
    assert longest(log, store, 100) > LONG_BYTES
    grown = log.stat().st_size
    reader.execute("COMMIT")
    assert longest(log, store, 500) <= grown + LONG_BYTES
    assert len(uids(store)) == 601


def test_the_log_is_gone_when_the_last_one_has_closed(store: SqliteStore, log: Path) -> None:
    create(store, new_run(), 20)
    assert log.exists()
    store.close()
    assert not log.exists()
    assert len(uids(store)) == 20


def test_a_log_that_cannot_be_moved_does_not_undo_what_was_written(
    store: SqliteStore, ledger: Path, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "pycaddy"):
        given = without(
            create, store, new_run(), 100, calls=["pwrite64"], error=errno.ENOSPC, path=ledger
        )
    assert given == [f"{number:04d}" for number in range(101, 201)]
    assert str(ledger) in caplog.text
    assert len(uids(store)) == 200
    assert log.stat().st_size > LONG_BYTES
    assert longest(log, store, 100) <= log.stat().st_size + LONG_BYTES
    assert store.check() == []
