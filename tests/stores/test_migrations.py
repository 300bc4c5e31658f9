"""A ledger that an older pycaddy wrote is brought up to date, once, after a backup."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from pycaddy.errors import LedgerStorageError
from pycaddy.records import RunRecord
from pycaddy.stores import Selection, _migrations
from pycaddy.stores.sqlite import SqliteStore
from pycaddy.testing import started_record

OPENERS = 8


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of schema 1 with three runs."""
    path = tmp_path / ".pycaddy" / "ledger.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript(_migrations.script("sqlite", 1))
        db.execute("INSERT INTO meta VALUES ('project', 'p')")
        db.execute("INSERT INTO identifier VALUES (1, 'p', '', 'train', 3)")
        db.execute("INSERT INTO folder VALUES ('p', 'train', 'train', 'names')")
        for record in records():
            values = {
                "identifier": 1,
                "uid": int(record.uid),
                "revision": 1,
                "status": record.status.value,
                "attempt": record.attempt,
                "mode": record.mode.value,
                "param_hash": record.param_hash,
                "param_version": record.param_version,
                "params": record.params_text,
                "files": record.files_text,
                "owner": record.owner_text,
                "created": record.created_us,
                "started": record.started_us,
                "ended": record.ended_us,
                "history": record.history_text,
            }
            places = ", ".join("?" for _ in values)
            db.execute(
                f"INSERT INTO run ({', '.join(values)}) VALUES ({places})", list(values.values())
            )
        db.execute(f"PRAGMA application_id={_migrations.APPLICATION_ID}")
        db.execute("PRAGMA user_version=1")
        db.commit()
    return path


def records() -> list[RunRecord]:
    return [started_record(uid, {"lr": uid / 10}) for uid in (1, 2, 3)]


def backups(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").glob("*"))


def opened(path: str) -> list[str]:
    store = SqliteStore(path)
    try:
        return [record.uid for record in store.select(Selection())]
    finally:
        store.close()


def test_every_run_is_there_afterwards(old: Path) -> None:
    found = SqliteStore(str(old)).select(Selection())
    assert [run.params for run in found] == [run.params for run in records()]
    assert [run.history for run in found] == [run.history for run in records()]
    assert [(run.tags, run.note, run.summary, run.capture) for run in found] == [
        ((), None, {}, {})
    ] * 3


def test_the_old_ledger_is_kept_as_it_was(old: Path) -> None:
    SqliteStore(str(old)).select(Selection())
    [backup] = backups(old)
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT uid FROM run ORDER BY uid").fetchall() == [(1,), (2,), (3,)]


def test_eight_openers_at_once_migrate_once(old: Path) -> None:
    with ProcessPoolExecutor(OPENERS, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(opened, [str(old)] * OPENERS))
    assert found == [["0001", "0002", "0003"]] * OPENERS
    assert len(backups(old)) == 1


def test_without_a_backup_nothing_is_migrated(old: Path) -> None:
    (old.parent / "backups").write_text("a file where the folder should be")
    with pytest.raises(LedgerStorageError):
        SqliteStore(str(old)).select(Selection())
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = _migrations.script

    def failing(engine: str, version: int) -> str:
        return script(engine, version) + ";\nSELECT * FROM nowhere"

    monkeypatch.setattr(_migrations, "script", failing)
    with pytest.raises(Exception, match="nowhere"):
        SqliteStore(str(old)).select(Selection())
    monkeypatch.undo()
    assert opened(str(old)) == ["0001", "0002", "0003"]
