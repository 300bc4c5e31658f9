"""A connection for each thread and process, and none that a fork takes along."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import mode

import pytest

from pycaddy.errors import LedgerError
from pycaddy.project import Project
from pycaddy.records import NewRun, RunRecord
from pycaddy.stores import Selection, new_record
from pycaddy.stores.sqlite import connection
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run
from pycaddy.testing._at_once import forked, in_fork, in_threads
from pycaddy.testing._work import uids, use
from tests.stores.conftest import connection_of


def open_files(ledger: Path) -> list[str]:
    """The files of the ledger that this process has open, by their endings."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{number}")
        except FileNotFoundError:  # the descriptor that listed them
            continue
        if path.startswith(str(ledger)):
            found.append(path.removeprefix(str(ledger)))
    return sorted(found)


def locks(pid: int, store: SqliteStore) -> int:
    """How many locks of POSIX, which SQLite uses, the process holds on the files of *store*.

    The kernel tells it page by page, and a line is missed or told twice if others lock meanwhile.
    """
    files = Path(store.path).parent.glob(f"{Path(store.path).name}*")
    inodes = "|".join(str(file.stat().st_ino) for file in files)
    wanted = re.compile(rf" POSIX  ADVISORY  READ {pid} \w+:\w+:(?:{inodes}) ")
    return mode(len(wanted.findall(Path("/proc/locks").read_text())) for _ in range(9))


def test_a_thread_keeps_its_connection(store: SqliteStore) -> None:
    first = connection_of(store)
    store.create(new_run())
    assert connection_of(store) is first
    assert in_threads(1, connection_of, store)[0] is not first


def test_connections_of_threads_that_ended_do_not_pile_up(store: SqliteStore, ledger: Path) -> None:
    store.create(new_run())
    of_one = len(open_files(ledger))
    for _ in range(10):
        in_threads(4, use, store)
    assert len(open_files(ledger)) <= (1 + 4) * of_one


def test_stores_that_are_dropped_are_closed_without_the_garbage_collector(ledger: Path) -> None:
    for _ in range(20):
        SqliteStore(str(ledger)).create(new_run())
        in_threads(1, SqliteStore(str(ledger)).create, new_run())
    assert open_files(ledger) == []


def test_projects_that_are_dropped_are_closed_without_the_garbage_collector(
    tmp_path: Path,
) -> None:
    for _ in range(5):
        Project(tmp_path).session("train").start().done()
    assert open_files(tmp_path / ".pycaddy" / "ledger.db") == []


def test_nothing_is_open_while_a_process_forks(store: SqliteStore, ledger: Path) -> None:
    store.create(new_run())
    assert open_files(ledger)
    assert in_fork(open_files, ledger) == []


def test_a_fork_has_locks_of_its_own(store: SqliteStore) -> None:
    store.create(new_run())
    ours = locks(os.getpid(), store)
    assert ours > 0
    with forked(use_and_wait, store) as pipe:
        assert locks(pipe.recv(), store) == ours


def use_and_wait(pipe: Connection, store: SqliteStore) -> None:
    use(store)
    pipe.send(os.getpid())
    with pytest.raises(EOFError):
        pipe.recv()


def test_a_fork_waits_for_a_thread_that_writes(store: SqliteStore) -> None:
    store.create(new_run())
    writing, forking = threading.Event(), threading.Event()
    os.register_at_fork(before=forking.set)  # the last one registered is the first to be called
    found: list[object] = []

    def slowly(runs: object) -> None:
        if connection_of(store).in_transaction:
            writing.set()
            forking.wait()
            found.append("written")

    writer = threading.Thread(target=store.find_or_create, args=(new_run({"lr": 1}), slowly))
    writer.start()
    writing.wait()
    assert in_fork(list, found) == ["written"]
    writer.join()
    assert in_fork(uids, store) == ["0001", "0002"]


def test_a_fork_in_the_middle_of_its_own_write_uses_nothing_of_it(store: SqliteStore) -> None:
    store.create(new_run())
    seen = []

    def fork(runs: object) -> None:
        if connection_of(store).in_transaction:
            seen.append(in_fork(uids, store))

    store.find_or_create(new_run({"lr": 1}), fork)
    assert seen == [["0001"]]
    assert uids(store) == ["0001", "0002"]
    assert store.check() == []


ENDINGS = {"sys.exit": "sys.exit(0)", "os._exit": "os._exit(0)", "an error": "raise ValueError"}

FORKS_WHILE_WRITING = """
import os, sys
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run

store = SqliteStore(sys.argv[1])
store.create(new_run())

def fork(runs):
    if store._connections._by_thread and len(asked := store.__dict__.setdefault("asked", [])) < 2:
        asked.append(runs)
        if len(asked) == 2 and os.fork() == 0:
            {ending}
        if len(asked) == 2:
            os.wait()

record, _ = store.find_or_create(new_run({{"lr": 1}}), fork)
assert store.swap(record, record.changed(error_text="kept"))
print(record.uid, store.check())
"""


@pytest.mark.parametrize("ending", ENDINGS)
def test_however_a_fork_ends_its_parent_s_write_is_kept(ledger: Path, ending: str) -> None:
    program = FORKS_WHILE_WRITING.format(ending=ENDINGS[ending])
    done = subprocess.run(
        [sys.executable, "-c", program, str(ledger)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "0002 []\n"
    store = SqliteStore(str(ledger))
    assert [record.error_text for record in store.select(Selection())] == [None, "kept"]
    store.close()


def test_closing_waits_for_what_a_thread_is_doing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, closing_it = threading.Event(), threading.Event()
    close = connection.Connection.close

    def announced(connection: connection.Connection) -> None:
        closing_it.set()
        close(connection)

    def slowly(runs: object) -> None:
        writing.set()
        closing_it.wait()

    monkeypatch.setattr(connection.Connection, "close", announced)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(store.find_or_create, new_run(), slowly)
        writing.wait()
        store.close()
        assert written.result()[1]
    assert uids(store) == ["0001"]


OPENS = """
import os, sys

opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))

from pathlib import Path
from pycaddy import ExistingRun, Project, StorageMode

root = Path(sys.argv[1])
for mode in StorageMode:
    project = Project(root, storage_mode=mode)
    for number in range(3):
        run = project.session("train_" + mode.value, {"n": number}).start()
        run.path("model.txt").write_text("weights")
        run.attach_files({"model": run.path("model.txt")}, hash=True)
        run.result = {"loss": 1.0}
        run.done()
    project.session("train_" + mode.value, {"n": 1}, ExistingRun.RESUME).remove()
    project.restore("train_" + mode.value, 2)
    project.session("again_" + mode.value, {"n": 1}, ExistingRun.CONTINUE).error("broken")
    project.sessions(), project.trash(), repr(project), project._repr_html_()
    project.verify(data=True), project.doctor(fix=True), project.rebuild()
    project.ledger.store.backup(str(root / "backup.db"))
elsewhere = Project(root / "else", ledger=root / "lab.db").session("train").start()
(root / "linked").symlink_to(root / ".pycaddy")
for folder, name in ((".pycaddy", "ledger.db"), ("linked", "ledger.db"), ("", "lab.db")):
    for ending in ("", "-wal", "-shm"):
        for session in (run, elsewhere) if folder else (elsewhere,):
            try:
                session.attach_files({"file": root / folder / (name + ending)}, hash=True)
            except ValueError:
                pass
            else:
                print("attached", folder, name, ending)
print(*(path for path in opened if path.endswith((".db", ".db-shm"))))
"""


def test_the_ledger_s_files_are_opened_by_sqlite_alone(tmp_path: Path) -> None:
    # Closing another handle on them would drop the locks that SQLite holds.
    done = subprocess.run(
        [sys.executable, "-c", OPENS, str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_check_sees_who_opens_a_ledger(tmp_path: Path) -> None:
    program = OPENS + "\n(root / '.pycaddy' / 'ledger.db').read_bytes()\nprint(opened[-1])"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1].endswith("ledger.db")


def test_an_unrelated_connection_of_the_program_is_left_alone(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.create(new_run())
    with closing(sqlite3.connect(tmp_path / "own.db")) as own:
        own.execute("CREATE TABLE t (x)")
        in_fork(use, store)
        own.execute("INSERT INTO t VALUES (1)")
        assert own.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_a_change_within_another_one_is_refused(store: SqliteStore) -> None:
    refused: list[str] = []

    def decide(run: NewRun, found: Sequence[RunRecord]) -> RunRecord:
        with pytest.raises(LedgerError) as error:
            store.create(new_run())
        refused.append(str(error.value))
        return new_record(run)

    assert store.claim([new_run({"lr": 1})], decide) is not None
    assert len(refused) == 1
    assert "within another one" in refused[0]
    assert uids(store) == ["0001"]
    assert store.create(new_run()).uid == "0002"
