"""What the ledger's file is, and which files are refused."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy.errors import LedgerDamagedError, LedgerError, LedgerMissingError, LedgerVersionError
from pycaddy.ledger import Ledger
from pycaddy.ledger.rebuild import rebuild
from pycaddy.status import Status
from pycaddy.stores import Selection
from pycaddy.stores.sqlite import file
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import MANY, forked, in_fork, in_processes
from pycaddy.testing._work import uids, use
from tests.stores.work import project_after_use, use_and_close


def pragma(ledger: Path, name: str) -> object:
    with closing(sqlite3.connect(ledger)) as file:
        return file.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def written(ledger: Path) -> Path:
    """A ledger of many pages that nobody has open."""
    store = SqliteStore(str(ledger), durability="process")
    for number in range(40):
        store.create(new_run({"number": number, "filling": "x" * 2000}))
    store.close()
    ledger.with_name("project.json").write_text('{"id": "a project"}')
    assert [path.name for path in ledger.parent.glob("ledger.db-*")] == []
    return ledger


def test_the_file_says_what_it_is(store: SqliteStore, ledger: Path) -> None:
    store.create(new_run())
    assert pragma(ledger, "application_id") == int.from_bytes(b"pyca")
    assert pragma(ledger, "user_version") == 4
    assert pragma(ledger, "journal_mode") == "wal"
    assert b"SQLite format 3" in ledger.read_bytes()[:16]


def test_people_read_it_with_other_tools(store: SqliteStore, ledger: Path) -> None:
    store.create(new_run({"lr": 0.1}, relpath="imagenet"))
    with closing(sqlite3.connect(ledger)) as file:
        rows = file.execute(
            "SELECT relpath, identifier, uid, status, json_extract(params, '$.lr') FROM runs"
        ).fetchall()
    assert rows == [("imagenet", "train", "0001", "pending", 0.1)]


def test_processes_that_make_it_at_once_make_one(tmp_path: Path) -> None:
    for number in range(2):
        root = tmp_path / str(number)
        ids = in_processes(MANY, project_after_use, str(root))
        assert len(set(ids)) == 1
        store = Ledger(root).store
        assert len(uids(store)) == MANY
        assert store.check() == []
        store.close()


def test_processes_come_and_go_without_seeing_it_half_written(ledger: Path) -> None:
    # Each opens the file while others make it longer, and the last one takes the WAL away.
    for _ in range(3):
        in_processes(MANY, use_and_close, str(ledger), 3)
    store = SqliteStore(str(ledger))
    assert len(uids(store)) == 3 * 3 * MANY
    store.close()


@pytest.mark.parametrize("content", [b"hello", b"x" * 10_000], ids=["short", "long"])
def test_what_is_no_database_is_refused_and_left_alone(ledger: Path, content: bytes) -> None:
    ledger.parent.mkdir()
    ledger.write_bytes(content)
    with pytest.raises(LedgerDamagedError, match="pycaddy rebuild") as refused:
        SqliteStore(str(ledger)).create(new_run())
    assert str(ledger) in str(refused.value)
    assert ledger.read_bytes() == content


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("version", [0, 1])
def test_a_database_of_another_program_is_refused_and_left_alone(
    ledger: Path, journal: str, version: int
) -> None:
    ledger.parent.mkdir()
    with closing(sqlite3.connect(ledger)) as other:
        other.execute(f"PRAGMA journal_mode={journal}")
        other.execute("CREATE TABLE precious (value)")
        other.execute(f"PRAGMA user_version={version}")
        other.commit()
    before = ledger.read_bytes()
    with pytest.raises(LedgerDamagedError, match="another program"):
        SqliteStore(str(ledger)).create(new_run())
    assert ledger.read_bytes() == before
    assert [path.name for path in ledger.parent.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_newer_schema_is_refused_and_left_alone(written: Path, journal: str) -> None:
    with closing(sqlite3.connect(written)) as newer:
        newer.execute(f"PRAGMA journal_mode={journal}")
        newer.execute("PRAGMA user_version=99")
    before = written.read_bytes()
    with pytest.raises(LedgerVersionError, match="pip install --upgrade pycaddy"):
        SqliteStore(str(written)).create(new_run())
    assert written.read_bytes() == before


# Whole pages and parts of them; SQLite takes one byte for an empty file.
@pytest.mark.parametrize("kept", [0, 1, 99, 100, 512, 4095, 4096, 4097, 0.5, -4096, -1])
def test_a_truncated_ledger_is_refused_and_rebuilt(written: Path, kept: float) -> None:
    content = written.read_bytes()
    size = int(len(content) * kept) if 0 < kept < 1 else int(kept) % len(content)
    written.write_bytes(content[:size])
    with pytest.raises(LedgerDamagedError, match="pycaddy rebuild"):
        SqliteStore(str(written)).create(new_run())
    assert written.stat().st_size == size
    report = rebuild(str(written.parents[1]))
    assert report.old_ledger is not None
    assert Path(report.old_ledger).stat().st_size == size


def test_a_ledger_of_an_older_sqlite_is_not_tried(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file.sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(LedgerError, match=r"3\.37 is the least"):
        SqliteStore(str(ledger)).create(new_run())
    assert not ledger.exists()


@pytest.mark.parametrize("left", [[], ["-wal", "-shm"]], ids=["all", "the database only"])
def test_a_ledger_that_was_deleted_is_missed(ledger: Path, left: list[str]) -> None:
    root = ledger.parents[1]
    with forked(start_a_run_and_die, root) as fork, pytest.raises(EOFError):
        fork.recv()
    for ending in {"", "-wal", "-shm"} - set(left):
        ledger.with_name(f"ledger.db{ending}").unlink()
    with pytest.raises(LedgerMissingError, match="pycaddy rebuild") as missed:
        Ledger(root).store.identifiers()
    assert str(ledger) in str(missed.value)
    assert not ledger.exists()


def start_a_run_and_die(pipe: Connection, root: Path) -> None:
    """Leave a WAL behind."""
    Ledger(root).allocate("train", status=Status.RUNNING)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_ledger_that_is_deleted_under_a_process_is_missed(ledger: Path) -> None:
    store = Ledger(ledger.parents[1]).store
    store.create(new_run())
    ledger.unlink()
    for _ in range(2):
        with pytest.raises(LedgerMissingError):
            store.create(new_run())
        with pytest.raises(LedgerMissingError):
            store.identifiers()
    assert not ledger.exists()
    store.close()


@pytest.fixture
def replaced(ledger: Path) -> Iterator[SqliteStore]:
    """A store that was open when its ledger was found damaged and built anew."""
    root = ledger.parents[1]
    store = Ledger(root).store
    assert isinstance(store, SqliteStore)
    store.create(new_run({"lost": True}))
    moved = root / "moved"
    moved.mkdir()
    for path in ledger.parent.glob("ledger.db*"):
        path.rename(moved / path.name)
    rebuild(str(root))
    yield store
    store.close()


def test_a_process_goes_on_with_a_ledger_that_was_replaced(
    replaced: SqliteStore, ledger: Path
) -> None:
    assert uids(replaced) == []
    assert use(replaced) == ["0001"]
    assert in_fork(use, SqliteStore(str(ledger))) == ["0001", "0002"]
    assert use(replaced) == ["0001", "0002", "0003"]


def test_closing_a_replaced_ledger_takes_nothing_from_the_new_one(
    replaced: SqliteStore, ledger: Path
) -> None:
    new = SqliteStore(str(ledger))
    new.create(new_run())
    replaced.close()  # SQLite deletes a WAL by its name when the last connection is closed
    new.create(new_run())
    assert in_processes(1, uids, new) == [["0001", "0002"]]
    new.close()


def test_a_file_named_project_json_beside_a_ledger_elsewhere_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("{}")
    store = SqliteStore(str(tmp_path / "lab.db"))
    store.create(new_run())
    assert len(store.select(Selection())) == 1
    store.close()
