"""A ledger that an older pycaddy wrote is brought up to date, once, after a backup."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from pycaddy.errors import LedgerStorageError
from pycaddy.stores import Selection, migrations
from pycaddy.stores.sqlite.store import SqliteStore
from tests.stores.old import some_records, write_schema_1

OPENERS = 8


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of schema 1 with three runs."""
    path = tmp_path / ".pycaddy" / "ledger.db"
    write_schema_1(path, some_records(3))
    return path


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
    assert [run.params for run in found] == [run.params for run in some_records(3)]
    assert [run.history for run in found] == [run.history for run in some_records(3)]
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
    script = migrations.script

    def failing(engine: str, version: int) -> str:
        return script(engine, version) + ";\nSELECT * FROM nowhere"

    monkeypatch.setattr(migrations, "script", failing)
    with pytest.raises(Exception, match="nowhere"):
        SqliteStore(str(old)).select(Selection())
    monkeypatch.undo()
    assert opened(str(old)) == ["0001", "0002", "0003"]
