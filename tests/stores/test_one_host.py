"""On a network file system a ledger serves one host at a time.

The hosts are processes that go by different names; the file system only says that it is shared.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import LedgerHostError
from pycaddy.stores.sqlite import file, one_host
from pycaddy.stores.sqlite import store as sqlite_store
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.stores.sqlite.transaction import Transactions
from pycaddy.testing import new_run
from tests.executors.real_slurm import wait_until

HOST = Path(__file__).with_name("host.py")


class Host:
    """A process on a host of its own."""

    def __init__(self, ledger: Path, name: str, lease_s: float) -> None:
        command = [sys.executable, str(HOST), str(ledger), name, str(lease_s)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("write\n")

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def write(self) -> str:
        self.ask()
        return self.answer()


def stop_between_beats(host: Host, ledger: Path) -> None:
    """Stop the process of *host* while it holds no lock of SQLite: it would hold it for good."""
    with closing(sqlite3.connect(ledger, 60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        os.kill(host.process.pid, signal.SIGSTOP)
        os.waitpid(host.process.pid, os.WUNTRACED)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def host(ledger: Path) -> Iterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def start(name: str, lease_s: float = 1.0) -> Host:
        hosts.append(Host(ledger, name, lease_s))
        return hosts[-1]

    yield start
    for started in hosts:
        started.process.kill()
        started.process.communicate()


def uids(ledger: Path) -> list[int]:
    return [uid for (uid,) in asked(ledger, "SELECT uid FROM run ORDER BY uid")]


def asked(ledger: Path, statement: str) -> list[tuple[Any, ...]]:
    """What SQLite itself, without any of our rules, answers to *statement*."""
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute(statement).fetchall()


def test_a_second_host_is_refused_while_the_first_is_there(
    host: Callable[..., Host], ledger: Path
) -> None:
    first, second = host("a"), host("b", lease_s=600.0)
    assert first.write() == "written"
    answer = second.write()
    assert answer.startswith("LedgerHostError")
    assert "'a'" in answer
    assert "PostgreSQL" in answer
    assert "pycaddy ledger up" in answer
    assert first.write() == "written"
    assert uids(ledger) == [1, 2]


def test_processes_of_one_host_share_the_ledger(host: Callable[..., Host], ledger: Path) -> None:
    first, second = host("a"), host("a")
    answers = [first.write(), second.write(), first.write()]
    assert answers == ["written"] * 3
    assert uids(ledger) == [1, 2, 3]


def test_a_second_host_takes_over_when_the_first_was_killed(
    host: Callable[..., Host], ledger: Path
) -> None:
    first, second = host("a"), host("b")
    assert first.write() == "written"
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    assert second.write() == "written"
    assert uids(ledger) == [1, 2]


def test_a_host_that_slept_through_its_lease_is_refused_when_it_wakes(
    host: Callable[..., Host], ledger: Path
) -> None:
    first, second = host("a"), host("b")
    assert first.write() == "written"
    stop_between_beats(first, ledger)
    assert second.write() == "written"
    os.kill(first.process.pid, signal.SIGCONT)
    assert first.write().startswith("LedgerHostError")
    assert second.write() == "written"
    assert uids(ledger) == [1, 2, 3]


def test_a_ledger_on_a_network_has_no_write_ahead_log(
    host: Callable[..., Host], ledger: Path
) -> None:
    assert host("a").write() == "written"
    assert asked(ledger, "PRAGMA journal_mode") != [("wal",)]
    assert not ledger.with_name("ledger.db-wal").exists()
    assert not ledger.with_name("ledger.db.lock").exists()


def test_a_ledger_that_moves_to_a_network_gives_up_its_write_ahead_log(
    host: Callable[..., Host], ledger: Path
) -> None:
    store = SqliteStore(str(ledger))
    assert store.identifiers() == []
    store.close()
    assert host("a").write() == "written"
    assert asked(ledger, "PRAGMA journal_mode") != [("wal",)]


@pytest.fixture
def shared(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> SqliteStore:
    """A ledger that lies on a network file system, for this process."""
    for module in (file, sqlite_store):
        monkeypatch.setattr(module, "is_network", lambda path: True)
    monkeypatch.setattr(one_host, "BEAT_S", 0.05)
    store = SqliteStore(str(ledger))
    store.create(new_run())
    return store


def beating() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "pycaddy-host-beat"]


def beats(ledger: Path) -> int:
    ((value,),) = asked(ledger, "SELECT value FROM meta WHERE name = 'host'")
    return int(json.loads(value)[2])


def test_a_ledger_that_is_closed_beats_no_more_until_it_is_used_again(
    shared: SqliteStore, ledger: Path
) -> None:
    wait_until(lambda: beats(ledger) > 2)
    shared.close()
    wait_until(lambda: not beating())
    shared.create(new_run())
    assert len(beating()) == 1
    shared.close()


def test_a_ledger_that_is_dropped_beats_no_more(shared: SqliteStore, ledger: Path) -> None:
    assert len(beating()) == 1
    # The fixture's frame has it, too.
    dropped = SqliteStore(str(ledger))
    dropped.create(new_run())
    assert len(beating()) == 2
    del dropped
    wait_until(lambda: len(beating()) == 1)
    shared.close()


def test_a_beat_that_was_missed_is_not_the_last(
    shared: SqliteStore, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[str] = []

    def fail(self: Transactions) -> None:
        if len(failures) < 3:
            failures.append("failed")
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        beat(self)

    beat = Transactions._beat
    monkeypatch.setattr(Transactions, "_beat", fail)
    other = SqliteStore(str(ledger))
    other.create(new_run())
    wait_until(lambda: len(failures) == 3)
    before = beats(ledger)
    wait_until(lambda: beats(ledger) > before + 2)
    other.close()
    shared.close()


def test_a_host_that_holds_the_ledger_again_beats_again(
    shared: SqliteStore, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Transactions) -> None:
        raise LedgerHostError("It is in use by another host.", ledger=str(ledger), host="b")

    with monkeypatch.context() as patched:
        patched.setattr(Transactions, "_beat", lost)
        other = SqliteStore(str(ledger))
        other.create(new_run())
        wait_until(lambda: len(beating()) == 1)
    shared.close()
    wait_until(lambda: not beating())
    other.create(new_run())
    before = beats(ledger)
    wait_until(lambda: beats(ledger) > before + 2)
    other.close()
