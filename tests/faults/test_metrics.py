"""Metrics when things break: training goes on, and what was written is there."""

from __future__ import annotations

import logging
import os
import random
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LeaseLostError, LedgerStorageError, MetricsError, RunFinishedError
from pycaddy.metrics import recorder as recorders
from pycaddy.metrics.flusher import FLUSH_S
from pycaddy.metrics.live import recorders as live
from pycaddy.metrics.recorder import Recorder
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.project import Session
from pycaddy.testing._at_once import in_fork, in_threads
from tests.faults.conftest import LONG
from tests.mounts import full, small_disk
from tests.scripts import Talk, answer

KILLS = 40 if LONG else 5


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with small_disk(tmp_path / "disk", kib=16_384) as disk:
        project = Project(disk / "results")
        yield project
        project.ledger.store.close()


@pytest.fixture
def run(project: Project) -> Iterator[Session]:
    yield project.session("train").start()
    for recorder in live.values():
        recorder.close()
    live.clear()


def recorder_of(run: Session) -> Recorder:
    return live[str(run.folder / "metrics.db")]


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "pycaddy"]


LOG_FOR_EVER = """
    import sys, time
    from pycaddy import Project
    run = Project("results").session("train").start()
    step = 0
    while True:
        run.log({"loss": float(step), "acc": step / 2}, step=step)
        if step % 50 == 0:
            print(step, flush=True)
        step += 1
        time.sleep(0.001)
"""


def test_a_process_that_is_killed_has_written_all_but_what_it_logged_last(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    assert FLUSH_S < 1
    chance = random.Random(KILLS)
    oldest_lost = []
    for number in range(1, KILLS + 1):
        with Talk(LOG_FOR_EVER, tmp_path) as talk:
            talk.line()
            store = SqliteMetrics(str(tmp_path / f"results/train/{number:04d}/metrics.db"))
            # Nobody asks for it: the flusher writes, and another process reads meanwhile.
            while (seen := store.read("loss")) is None:
                logged = int(talk.line())
            before = len(seen)
            while len(found := store.read("loss") or ()) == before:
                logged = int(talk.line())
            for _ in range(chance.randrange(20)):
                logged = int(talk.line())
            killed = time.time()
            talk.signal(signal.SIGKILL)
            talk.end()
        loss, accuracy = store.read("loss"), store.read("acc")
        assert loss is not None
        assert accuracy is not None
        assert len(loss) >= len(found)
        assert list(loss.steps) == list(range(len(loss)))
        assert list(loss.values) == [float(step) for step in loss.steps]
        assert list(accuracy.values) == [step / 2 for step in loss.steps]
        oldest_lost.append(killed - loss.times[-1] if logged >= len(loss) else 0.0)
    record_property(
        "figures",
        f"R2  {KILLS} kills of a process that logs: 0 unreadable, the oldest point that was lost "
        f"was {max(oldest_lost):.2f} s old",
    )


def test_log_waits_for_nobody(run: Session) -> None:
    run.log("loss", 0.0)
    run.flush()
    with recorder_of(run).lock:  # as the flusher holds it while the disk is slow
        in_threads(1, lambda: run.log("loss", 1.0))
        assert len(SqliteMetrics(str(run.folder / "metrics.db")).read("loss") or ()) == 1
    assert list(run.metrics("loss").values) == [0.0, 1.0]


def test_a_full_disk_is_one_warning_and_what_it_kept_out_is_written_later(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    run.log("loss", 0.0)
    run.flush()
    with full(project.root.parent):
        for step in range(1, 5):
            for number in range(2000):
                run.log(f"loss/{number % 4}", float(number))
            run.log("loss", float(step))
            run.flush()
        assert len(warnings_in(caplog)) == 1
        assert "could not be written, and the run goes on" in warnings_in(caplog)[0]
    run.flush()
    assert list(run.metrics("loss").values) == [0.0, 1.0, 2.0, 3.0, 4.0]
    run.done()
    assert "lost" not in run.record.summary["loss"]


def test_points_that_find_no_room_until_the_end_are_counted(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    run.log("loss", 0.0)
    run.flush()
    store = SqliteMetrics(str(run.folder / "metrics.db"))
    with full(project.root.parent):
        for number in range(5000):
            run.log("loss", float(number))
        text = recorder_of(run).close()
    assert len(warnings_in(caplog)) == 1
    assert text is not None
    assert '"lost":5000' in text
    assert len(store.read("loss") or ()) == 1
    # The end is repeated when there is room, and finds them still there.
    run.done()
    assert len(store.read("loss") or ()) == 5001
    assert "lost" not in run.record.summary["loss"]


def test_a_folder_that_is_deleted_is_one_warning_and_a_count(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    for value in (3.0, 1.0, 2.0):
        run.log("loss", value)
    run.flush()
    shutil.rmtree(run.folder)
    for _ in range(3):
        run.log("loss", 0.5)
        run.flush()
    assert len(warnings_in(caplog)) == 1
    run.done()
    facts = run.record.summary["loss"]
    assert (facts["count"], facts["lost"], facts["min"], facts["last"]) == (6, 6, 0.5, 0.5)
    assert any("6 points" in finding.problem for finding in project.doctor())


def test_a_file_that_is_deleted_is_begun_anew_and_what_was_in_it_is_counted(
    run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    for value in (3.0, 1.0):
        run.log("loss", value)
    run.flush()
    for path in run.folder.glob("metrics.db*"):
        path.unlink()
    for _ in range(3):
        run.log("loss", 0.5)
        run.flush()
    assert len(warnings_in(caplog)) == 1
    assert "deleted or moved" in warnings_in(caplog)[0]
    run.done()
    assert list(run.metrics("loss").steps) == [2, 3, 4]
    assert run.record.summary["loss"]["lost"] == 2


def test_points_that_wait_too_long_are_given_up(
    run: Session, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "_MOST_WAITING", 10)
    (run.folder / "metrics.db").mkdir()
    for _ in range(11):
        run.log("loss", 1.0)
    run.flush()
    (run.folder / "metrics.db").rmdir()
    run.log("loss", 1.0)
    run.done()
    assert len(run.metrics("loss")) == 1
    assert run.record.summary["loss"]["lost"] == 11
    assert len(warnings_in(caplog)) == 1


@pytest.mark.parametrize("content", [b"no database at all" * 100, "another program"])
def test_a_damaged_file_hinders_no_run_and_the_doctor_names_it(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture, content: bytes | str
) -> None:
    path = run.folder / "metrics.db"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with sqlite3.connect(path) as sql:
            sql.execute("CREATE TABLE theirs (x)")
        sql.close()
    run.log("loss", 1.0)
    run.flush()
    run.done()
    assert run.record.summary["loss"]["lost"] == 1
    assert warnings_in(caplog)
    with pytest.raises(MetricsError, match=r"metrics\.db"):
        run.metrics("loss")
    assert any(str(path) in str(finding) for finding in project.doctor())


def test_a_newer_file_is_not_touched(run: Session) -> None:
    run.log("loss", 1.0)
    run.flush()
    path = str(run.folder / "metrics.db")
    recorder_of(run).disconnect()
    with sqlite3.connect(path) as sql:
        sql.execute("PRAGMA user_version=99")
    sql.close()
    with pytest.raises(MetricsError, match="pip install --upgrade pycaddy"):
        SqliteMetrics(path).counts()


def test_a_lost_ledger_stops_no_logging(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    run.log("loss", 1.0)
    for path in (project.root / ".pycaddy").glob("ledger.db*"):
        path.unlink()
    project.ledger.store.close()
    recorder_of(run).publish()
    run.log("loss", 2.0)
    run.flush()
    store = SqliteMetrics(str(run.folder / "metrics.db"))
    assert len(store.read("loss") or ()) == 2
    assert ["summary of the metrics was not stored" in text for text in warnings_in(caplog)] == [
        True
    ]


def test_an_attempt_that_was_taken_over_records_no_more(
    project: Project, run: Session, caplog: pytest.LogCaptureFixture
) -> None:
    run.log("loss", 1.0)
    answer(
        "from pycaddy.ledger import Ledger, Status\n"
        "ledger = Ledger('results')\n"
        "ledger.log('train', '0001', status=Status.ERROR)\n"
        "ledger.log('train', '0001', status=Status.RUNNING)",
        project.root.parent,
    )
    recorder_of(run).publish()
    assert "No more metrics are recorded" in warnings_in(caplog)[0]
    with pytest.raises(LeaseLostError):
        run.log("loss", 2.0)


def test_a_thread_that_logs_while_another_ends_the_run_is_told_and_loses_nothing(
    tmp_path: Path,
) -> None:
    # Not on the small disk: a thread that is left alone for seconds logs more than fits on it.
    project = Project(tmp_path / "results")
    for _ in range(10):
        run = project.session("train").start()
        accepted: list[int] = []
        thread = threading.Thread(target=log_until_told, args=(run, accepted))
        thread.start()
        while len(accepted) < 10:
            pass
        run.done()
        thread.join()
        found = list(run.metrics("loss").steps)
        assert found[: len(accepted)] == accepted
        assert run.record.summary["loss"]["count"] == len(found)


def log_until_told(run: Session, accepted: list[int]) -> None:
    with suppress(RunFinishedError):
        while True:
            run.log("loss", 0.0, step=len(accepted))
            accepted.append(len(accepted))


def test_an_end_that_fails_leaves_the_run_recording(
    project: Project, run: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.log("loss", 1.0)

    def fail(*arguments: object) -> bool:
        raise LedgerStorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(type(project.ledger.store), "swap", fail)
        with pytest.raises(LedgerStorageError):
            run.done()
    run.log("loss", 2.0)
    run.done()
    assert list(run.metrics("loss").values) == [1.0, 2.0]
    assert run.record.summary["loss"]["count"] == 2


def test_threads_log_to_one_series_and_none_is_lost(run: Session) -> None:
    def work() -> None:
        for _ in range(2000):
            run.log("loss", 1.0)

    in_threads(4, work)
    assert list(run.metrics("loss").steps) == list(range(8000))


def test_a_fork_leaves_to_the_parent_what_the_parent_has_logged(run: Session) -> None:
    for _ in range(100):
        run.log("loss", 1.0)
    with_threads = threading.Thread(target=lambda: [run.log("busy", 1.0) for _ in range(20_000)])
    with_threads.start()
    for number in range(10):
        assert in_fork(log_in_child, run, number) is None
    with_threads.join()
    run.done()
    assert len(run.metrics("loss")) == 100
    assert len(run.metrics("busy")) == 20_000
    assert [run.metrics(f"child/{n}").values[0] for n in range(10)] == [float(n) for n in range(10)]
    assert run.record.summary["child/3"]["count"] == 1


def log_in_child(run: Session, number: int) -> None:
    run.log(f"child/{number}", number)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_of_a_pool_writes_at_its_end(run: Session, method: str) -> None:
    with ProcessPoolExecutor(1, get_context(method)) as pool:
        pool.submit(log_in_child, run, 0).result()
    assert list(run.metrics("child/0").values) == [0.0]


def test_processes_write_to_one_run_at_the_same_time(project: Project, run: Session) -> None:
    run.log("rank0", 0.0)
    program = """
        import sys
        from pycaddy import Project
        run = Project("results").session_of("train/0001")
        for step in range(500):
            run.log("rank" + sys.argv[1], step)
            if step % 50 == 0:
                run.flush()
    """
    folder = project.root.parent
    in_threads(3, lambda: answer(program, folder, str(threading.get_ident())))
    run.done()
    others = {name: facts["count"] for name, facts in run.metrics().items() if name != "rank0"}
    assert list(others.values()) == [500] * 3
    assert run.record.summary.keys() == {"rank0", *others}


def test_a_write_ahead_log_is_used_only_where_the_disk_is_ours(
    run: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pycaddy.metrics import sqlite

    for _ in range(2):
        run.log("loss", 1.0)
        run.flush()
    assert (run.folder / "metrics.db-wal").exists()
    monkeypatch.setattr(sqlite, "is_network", lambda path: True)
    other = run.project.session("train").start()
    for _ in range(2):
        other.log("loss", 1.0)
        other.flush()
    assert not (other.folder / "metrics.db-wal").exists()
    assert len(other.metrics("loss")) == 2


def test_a_file_in_a_folder_that_may_only_be_read_is_read(project: Project, run: Session) -> None:
    from tests.mounts import read_only

    run.log("loss", 1.0)
    run.done()
    with read_only(project.root):
        assert len(SqliteMetrics(str(run.folder / "metrics.db")).read("loss") or ()) == 1


def test_files_are_let_go_when_nothing_comes(run: Session) -> None:
    run.log("loss", 1.0)
    run.flush()
    path = str(run.folder / "metrics.db")
    for _ in range(recorders._IDLE_ROUNDS):
        recorder_of(run).beat()
    assert path not in open_files()
    run.log("loss", 2.0)
    assert list(run.metrics("loss").values) == [1.0, 2.0]


def open_files() -> set[str]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.readlink(link))
        except FileNotFoundError:
            continue
    return found


@pytest.fixture(autouse=True)
def _log_is_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "pycaddy")
