"""SIGKILL in the middle of what takes long: the ledger is there, before it or after it."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pycaddy import Project, StorageMode
from pycaddy.errors import LedgerMissingError
from pycaddy.ledger.rebuild import rebuild
from pycaddy.stores import Selection
from pycaddy.stores.sqlite.store import SqliteStore
from tests.faults.conftest import LONG
from tests.faults.life import Worker
from tests.stores.old import some_records, write_schema_1

KILLS = 50 if LONG else 8
MANY = 2000
FILES = ("a.txt", "b.txt", "deep/c.txt")

Work = Callable[[Connection, str, str], None]


def kills_during(work: Work, root: Path, prepare: Callable[[], None]) -> Iterator[bool]:
    """Kill *work* at instants from its beginning to its end; yield whether it had ended."""
    chance = random.Random(work.__name__)
    prepare()
    whole = Worker(root, "whole", work)
    assert whole.pipe.recv() == "ready"
    begun = time.perf_counter()
    assert list(whole.said()) == ["done"]
    takes = time.perf_counter() - begun
    yield True
    in_time = number = 0
    # On a busy machine each may come too late: more of them then.
    while number < KILLS or (not in_time and number < 10 * KILLS):
        number += 1
        prepare()
        worker = Worker(root, str(number), work)
        first = worker.pipe.recv()
        time.sleep(chance.uniform(0, takes))  # not to wait for a thing: this is the instant
        worker.kill()
        has_ended = [first, *worker.said()] == ["ready", "done"]
        in_time += not has_ended
        yield has_ended


def told(record_property: Callable[[str, object], None], what: str, ended: list[bool]) -> None:
    assert not all(ended), "no kill came in time"
    record_property(
        "figures",
        f"R1  {ended.count(False)} SIGKILLs in the middle of {what}: 0 lost, 0 unreadable",
    )


def migrate(pipe: Connection, root: str, name: str) -> None:
    pipe.send("ready")
    SqliteStore(f"{root}/.pycaddy/ledger.db").counts()
    pipe.send("done")


def test_a_migration(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    ledger = tmp_path / ".pycaddy" / "ledger.db"
    records = some_records(MANY)

    def prepare() -> None:
        shutil.rmtree(ledger.parent, ignore_errors=True)
        write_schema_1(ledger, records)

    ended = []
    for has_ended in kills_during(migrate, tmp_path, prepare):
        ended.append(has_ended)
        store = SqliteStore(str(ledger))
        assert [run.params_text for run in store.select(Selection())] == [
            run.params_text for run in records
        ]
        assert store.check() == []
        store.close()
        for backup in (ledger.parent / "backups").glob("*.db"):
            copy = SqliteStore(str(backup))
            assert len(copy.select(Selection())) == MANY
            copy.close()
    told(record_property, "a migration", ended)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with many runs and the folders of some."""
    root = tmp_path_factory.mktemp("large")
    project = Project(root, durability="process")
    for number in range(200):
        run = project.session("train", {"n": number}).start()
        run.result = {"loss": number}
        run.done()
    project.ledger.store.close()
    return root


def copies(pipe: Connection, root: str, name: str) -> None:
    store = SqliteStore(f"{root}/.pycaddy/ledger.db")
    store.counts()
    pipe.send("ready")
    for _ in range(20):
        store.backup(f"{root}/backup.db")
    pipe.send("done")


def test_a_backup(large: Path, record_property: Callable[[str, object], None]) -> None:
    target = large / "backup.db"
    ended = []
    for has_ended in kills_during(copies, large, lambda: target.unlink(missing_ok=True)):
        ended.append(has_ended)
        if target.exists():
            copy = SqliteStore(str(target))
            assert len(copy.select(Selection())) == 200
            assert copy.check() == []
            copy.close()
    told(record_property, "backups", ended)


def rebuilds(pipe: Connection, root: str, name: str) -> None:
    pipe.send("ready")
    rebuild(root)
    pipe.send("done")


def test_a_rebuild(large: Path, record_property: Callable[[str, object], None]) -> None:
    def results() -> list[object]:
        project = Project(large)
        found = [(run.uid, run.params, run.result, run.status) for run in project.sessions()]
        project.ledger.store.close()
        return found

    def prepare() -> None:
        for path in (large / ".pycaddy").glob("ledger.db*"):
            path.unlink()

    before = results()
    ended = []
    for has_ended in kills_during(rebuilds, large, prepare):
        ended.append(has_ended)
        try:
            assert results() == before
        except LedgerMissingError:
            assert not has_ended
        rebuild(str(large))
        assert results() == before
    told(record_property, "a rebuild", ended)


def removes(pipe: Connection, root: str, name: str) -> None:
    project = Project(root)
    runs = project.sessions()
    pipe.send("ready")
    for run in runs:
        run.remove()
    for run in runs:
        project.restore(run.key)
    pipe.send("done")


@pytest.mark.parametrize("mode", StorageMode, ids=lambda mode: mode.value)
def test_a_removal_or_its_undoing(
    tmp_path: Path, mode: StorageMode, record_property: Callable[[str, object], None]
) -> None:
    def prepare() -> None:
        shutil.rmtree(tmp_path / "results", ignore_errors=True)
        project = Project(tmp_path / "results", storage_mode=mode, durability="process")
        for number in range(12):
            run = project.session("train", {"n": number}).start()
            for name in FILES:
                run.path(name).write_text(f"{number} {name}")
            run.done()
        project.ledger.store.close()

    ended = []
    for has_ended in kills_during(removes, tmp_path / "results", prepare):
        ended.append(has_ended)
        project = Project(tmp_path / "results")
        assert all(finding.fixed for finding in project.doctor(fix=True) if finding.severe)
        assert [finding for finding in project.doctor() if finding.severe] == []
        for record in project.trash():
            project.restore(record.key)
        runs = project.sessions()
        assert [run.params for run in runs] == [{"n": number} for number in range(12)]
        for number, run in enumerate(runs):
            assert [run.path(name).read_text() for name in FILES] == [
                f"{number} {name}" for name in FILES
            ]
        project.ledger.store.close()
    told(record_property, f"removals and restores ({mode.value})", ended)
