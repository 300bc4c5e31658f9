"""How the ledger's file is written: what is on disk when, and who waits for whom."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import get_ident

import pytest

from pycaddy.errors import NameClashError
from pycaddy.stores import Selection
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run, started_record
from pycaddy.testing._at_once import in_threads
from pycaddy.testing._work import begin, first
from tests.stores.conftest import OpenFile, connection_of

NORMAL = 1


def pragma(store: SqliteStore, name: str) -> object:
    return connection_of(store).execute(f"PRAGMA {name}").fetchone()[0]


@pytest.mark.parametrize(("durability", "syncs"), [("power", 1), ("process", 0)])
def test_each_connection_waits_for_the_disk_as_asked(
    open_file: OpenFile, monkeypatch: pytest.MonkeyPatch, durability: str, syncs: int
) -> None:
    synced: dict[int, list[str]] = {}
    """What each thread has waited for."""

    def sync(fd: int) -> None:
        synced.setdefault(get_ident(), []).append(os.readlink(f"/proc/self/fd/{fd}"))

    monkeypatch.setattr(os, "fdatasync", sync)
    store = open_file(durability)
    log = f"{store.address}-wal"

    def modes() -> tuple[object, object, list[str]]:
        waited = synced[get_ident()] = []
        store.create(new_run())
        return pragma(store, "journal_mode"), pragma(store, "synchronous"), waited

    assert modes() == ("wal", NORMAL, [log] * syncs)  # the one that made the file
    assert in_threads(2, modes) == [("wal", NORMAL, [log] * syncs)] * 2
    store.close()
    assert modes() == ("wal", NORMAL, [log] * syncs)


def test_an_unknown_durability_is_refused(ledger: Path) -> None:
    with pytest.raises(ValueError, match="'power' or 'process', not 'none'"):
        SqliteStore(str(ledger), durability="none")


WRITES: dict[str, Callable[[SqliteStore], object]] = {
    "create": lambda store: store.create(new_run()),
    "find_or_create": lambda store: store.find_or_create(new_run({"lr": 1}), first),
    "claim": lambda store: store.claim([new_run({"lr": 2})], begin),
    "swap": lambda store: store.swap(started_record(1), started_record(1)),
    "beat": lambda store: store.beat({1: 1}),
    "take_folder": lambda store: store.take_folder("train/ckpt", "files"),
    "load": lambda store: store.load([started_record(7)], {("", "eval"): 9}, ["train/logs"]),
}

READS: dict[str, Callable[[SqliteStore], object]] = {
    "get": lambda store: store.get("", "train", 1),
    "find": lambda store: store.find_or_create(new_run(), first),
    "is_latest": lambda store: store.is_latest(started_record(1)),
    "select": lambda store: store.select(Selection(newest_first=True, limit=3)),
    "done_hashes": lambda store: store.done_hashes("", "train"),
    "counts": lambda store: store.counts(),
    "identifiers": lambda store: store.identifiers(),
    "folders": lambda store: store.folders("names"),
    "check": lambda store: store.check(),
}


def traced(store: SqliteStore, operation: Callable[[SqliteStore], object]) -> list[str]:
    """The statements that *operation* runs, each by its first word."""
    store.create(new_run())
    statements: list[str] = []
    connection_of(store).set_trace_callback(statements.append)
    operation(store)
    connection_of(store).set_trace_callback(None)
    return [statement for statement in statements if not statement.startswith("--")]


@pytest.mark.parametrize("operation", WRITES)
def test_a_change_is_one_transaction_that_takes_the_lock_at_once(
    store: SqliteStore, operation: str
) -> None:
    statements = traced(store, WRITES[operation])
    begins = [number for number, text in enumerate(statements) if text.startswith("BEGIN")]
    assert [statements[number] for number in begins] == ["BEGIN IMMEDIATE"]
    assert statements[-1] == "COMMIT"
    before = statements[: begins[0]]
    assert all(text.startswith("SELECT") for text in before)


@pytest.mark.parametrize("operation", READS)
def test_reading_takes_no_lock(store: SqliteStore, operation: str) -> None:
    statements = traced(store, READS[operation])
    assert statements
    assert all(text.startswith(("SELECT", "PRAGMA")) for text in statements)


def test_readers_do_not_wait_for_a_writer(store: SqliteStore, open_file: OpenFile) -> None:
    store.create(new_run())
    reader = open_file()

    def look(runs: object) -> None:
        assert [record.uid for record in reader.select(Selection())] == ["0001"]

    store.find_or_create(new_run({"lr": 1}), look)
    assert len(reader.select(Selection())) == 2


def test_a_refused_change_leaves_no_transaction_open(store: SqliteStore) -> None:
    store.create(new_run())
    with pytest.raises(NameClashError):
        store.create(new_run(identifier="Train"))
    assert not connection_of(store).in_transaction
    assert in_threads(1, store.create, new_run())[0].uid == "0002"


def test_an_interrupted_change_leaves_no_transaction_open(store: SqliteStore) -> None:
    store.create(new_run())

    def interrupt(runs: object) -> None:
        if connection_of(store).in_transaction:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.find_or_create(new_run({"lr": 1}), interrupt)
    assert in_threads(1, store.create, new_run())[0].uid == "0002"
