"""Event loops, forks in the middle of a transaction, long stops, and clocks that jump."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pycaddy import ExistingRun, Project, Status
from pycaddy.ledger import RunRecord
from pycaddy.records import NewRun
from pycaddy.testing._at_once import in_fork
from tests.faults.test_postgres import LEASE_S, Machine

TASKS = 40


@pytest.fixture(params=["sqlite", "postgres"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    url = request.getfixturevalue("ledger_url") if request.param == "postgres" else None
    project = Project(tmp_path / "results", ledger=url, durability="process", capture=None)
    project.session("warm").start().done()
    yield project
    project.ledger.store.close()


def work(project: Project, number: int) -> str:
    run = project.session("task", {"n": number}).start()
    run.log("loss", number)
    return run.done().uid


def test_tasks_of_an_event_loop_share_a_project(project: Project) -> None:
    """Called in the loop itself, in threads, and on both sides of an await."""

    async def task(number: int) -> str:
        if number % 3 == 0:
            return await asyncio.to_thread(work, project, number)
        with project.session("task", {"n": number}) as run:
            await asyncio.sleep(0)
            run.log("loss", number)
            await asyncio.to_thread(run.attach_files, {"log": run.path("log.txt")})
            await asyncio.sleep(0)
        return run.uid

    async def everything() -> list[str]:
        return await asyncio.gather(*map(task, range(TASKS)))

    uids = asyncio.run(everything())
    runs = project.sessions("task")
    assert sorted(uids) == [run.uid for run in runs]
    assert {run.status for run in runs} == {Status.DONE}
    assert sorted(run.metrics()["loss"]["last"] for run in runs) == list(range(TASKS))


def test_a_task_that_is_cancelled_ends_its_run_as_an_error(project: Project) -> None:
    async def task(begun: asyncio.Event) -> None:
        with project.session("task"):
            begun.set()
            await asyncio.Event().wait()

    async def cancel() -> None:
        begun = asyncio.Event()
        cancelled = asyncio.create_task(task(begun))
        await begun.wait()
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled

    asyncio.run(cancel())
    (run,) = project.sessions("task")
    assert run.status is Status.ERROR
    assert "CancelledError" in (run.error_text or "")


def test_a_fork_of_a_thread_while_another_is_in_a_transaction(project: Project) -> None:
    within, go_on = threading.Event(), threading.Event()

    def choose(found: Sequence[RunRecord]) -> RunRecord | None:
        within.set()
        assert go_on.wait(60)
        return None

    def create() -> RunRecord:
        return project.ledger.find_or_create(NewRun("", "chosen", "{}", "0" * 64), choose)[0]

    def fork() -> str:
        # The child has no thread that could end what it has inherited in the middle.
        threading.Timer(0.2, go_on.set).start()
        uid: str = in_fork(work, project, 1)
        return uid

    with ThreadPoolExecutor(2) as pool:
        creating = pool.submit(create)
        assert within.wait(60)
        assert pool.submit(fork).result() == "0001"
        assert creating.result().uid == "0001"
    assert project.session_of("task/0001").is_done()
    assert [run.uid for run in project.sessions("chosen")] == ["0001"]
    assert project.ledger.store.check() == []


def test_a_machine_that_is_stopped_for_longer_than_its_lease_is_refused(
    tmp_path: Path, ledger_url: str
) -> None:
    far = Machine(tmp_path / "far", ledger_url, "far", 2)
    assert far.line() == ["claimed", "0", "1"]
    far.process.send_signal(signal.SIGSTOP)
    near = Machine(tmp_path / "near", ledger_url, "near", 2)
    claimed = []
    while line := near.line():  # it waits for the lease to run out
        claimed.append(line)
        assert near.go_on() == ["done"]
    assert sorted(claimed) == [["claimed", "0", "2"], ["claimed", "1", "1"]]
    assert near.end() == 0
    far.process.send_signal(signal.SIGCONT)
    assert far.go_on() == ["LeaseLostError"]
    assert far.line() == []
    assert far.end() == 0


def test_a_machine_that_is_stopped_for_some_beats_keeps_its_run(
    tmp_path: Path, ledger_url: str
) -> None:
    far = Machine(tmp_path / "far", ledger_url, "far", 1)
    assert far.line() == ["claimed", "0", "1"]
    far.process.send_signal(signal.SIGSTOP)
    time.sleep(LEASE_S * 0.4)  # four beats; how long it is stopped, not a wait for a thing
    far.process.send_signal(signal.SIGCONT)
    assert far.go_on() == ["done"]
    assert far.end() == 0


@pytest.fixture
def turn_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The clock on the wall, which somebody sets while the run is under way."""
    now_ns = time.time_ns
    ahead_ns = [0]
    monkeypatch.setattr(time, "time_ns", lambda: now_ns() + ahead_ns[0])

    def turn(hours: float) -> None:
        ahead_ns[0] += int(hours * 3600e9)

    return turn


@pytest.mark.parametrize("hours", [-24 * 365, -1, 1, 24 * 365])
def test_a_clock_that_jumps_in_a_run_changes_no_decision(
    project: Project, turn_clock: Callable[[float], None], hours: float
) -> None:
    older = project.session("train", {"n": 1}).start().done()
    run = project.session("train", {"n": 1}).start()
    turn_clock(hours)
    assert not run.is_stale
    assert project.reap() == []
    run.done()
    assert run.record.seconds is not None
    assert run.record.seconds >= 0
    # The newest is the one that was made last, whatever the clock said.
    assert project.session("train", {"n": 1}, ExistingRun.RESUME).uid == run.uid > older.uid
    assert project.session("train", {"n": 1}, ExistingRun.NEW).uid == "0003"
    assert [each.uid for each in project.runs("train", where="seconds < 0")] == []
    project.ledger.store.close()
    assert [str(finding) for finding in project.doctor() if finding.severe] == []
