"""Many machines on a real PostgreSQL server that is killed, and on a wire that is cut."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from pycaddy import Project, Status
from tests.faults.test_claims import claimer, noted
from tests.faults.wire import Wire
from tests.postgres import postgres

PROCESSES = 16
POINTS = 5000
RUNS = 300
KILLS = 5
LEASE_S = 2.0
MACHINE = Path(__file__).with_name("machine.py")


def test_sixteen_processes_do_each_point_of_a_grid_once(
    tmp_path: Path, ledger_url: str, record_property: Callable[[str, object], None]
) -> None:
    root = tmp_path / "results"
    project = Project(root, ledger=ledger_url)
    assert project.sessions() == []
    begun = time.perf_counter()
    workers = [claimer(root, POINTS, 1, 0.0) for _ in range(PROCESSES)]
    assert [worker.wait() for worker in workers] == [0] * PROCESSES
    took = time.perf_counter() - begun
    runs = project.sessions("grid")
    assert sorted(run.params["i"] for run in runs) == list(range(POINTS))
    assert sorted(int(run.uid) for run in runs) == list(range(1, POINTS + 1))
    assert {(run.status, run.attempt) for run in runs} == {(Status.DONE, 1)}
    assert noted(root / "accepted.log") == Counter((i, 1) for i in range(POINTS))
    record_property(
        "figures",
        f"PostgreSQL  {PROCESSES} processes, {POINTS} points: 0 doubled, 0 missed, 0 errors; "
        f"{POINTS / took:.0f} runs a second",
    )


def test_a_server_that_is_killed_in_a_sweep_loses_nothing_acknowledged(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    root = tmp_path / "results"
    with postgres() as server:
        project = Project(root, ledger=server.url)

        def done() -> int:
            return len(project.sessions("grid", status=Status.DONE))

        assert done() == 0
        workers = [claimer(root, RUNS, 1, 0.02) for _ in range(4)]
        seen = 0
        for kill in range(1, KILLS + 1):
            while (seen := done()) < kill * RUNS / (KILLS + 2):
                time.sleep(0.02)
            server.kill()
            server.start()
            assert done() >= seen
        assert [worker.wait() for worker in workers] == [0] * 4
        runs = project.sessions("grid")
        assert sorted(run.params["i"] for run in runs) == list(range(RUNS))
        # In their first attempt: whoever lost the server has kept its run.
        assert {(run.status, run.attempt) for run in runs} == {(Status.DONE, 1)}
        assert noted(root / "accepted.log") == Counter((i, 1) for i in range(RUNS))
        assert noted(root / "starts.log") == Counter((i, 1) for i in range(RUNS))
        project.ledger.store.close()
    record_property("figures", f"PostgreSQL  {KILLS} SIGKILLs of the server: {RUNS} runs DONE once")


class Machine:
    """A worker on a machine of its own, which ends a run when it is told."""

    def __init__(self, root: Path, url: str, host: str, runs: int) -> None:
        command = [sys.executable, MACHINE, root, url, host, runs, LEASE_S]
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # of each beat that is missed it logs a line
            text=True,
        )

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def go_on(self) -> list[str]:
        """Let it end its run; return what came of it."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.line()

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


def test_a_machine_that_was_cut_off_for_longer_than_its_lease_is_refused(
    tmp_path: Path, ledger_url: str
) -> None:
    port = urlsplit(ledger_url).port
    assert port is not None
    with Wire(port) as wire:
        through = ledger_url.replace(f":{port}/", f":{wire.port}/")
        far = Machine(tmp_path / "far", through, "far", 10)
        assert far.line() == ["claimed", "0", "1"]
        wire.cut()
        near = Machine(tmp_path / "near", ledger_url, "near", 10)
        claimed = []
        while line := near.line():
            claimed.append((int(line[1]), int(line[2])))
            assert near.go_on() == ["done"]
        # How many of the others come first depends on how soon the lease is over.
        assert sorted(claimed) == [(0, 2), *((i, 1) for i in range(1, 10))]
        assert near.end() == 0
        wire.mend()
        assert far.go_on() == ["LeaseLostError"]
        assert far.line() == []  # there is nothing left
        assert far.end() == 0
    project = Project(tmp_path / "near", ledger=ledger_url)
    runs = project.sessions("grid")
    assert {run.status for run in runs} == {Status.DONE}
    assert {(run.params["i"], run.attempt) for run in runs} == set(claimed)
    owners = {run.params["i"]: run.record.owner for run in runs}
    assert {owner and owner.host for owner in owners.values()} == {"near"}
    project.ledger.store.close()


def test_a_machine_that_beats_keeps_its_run_for_longer_than_a_lease(
    tmp_path: Path, ledger_url: str
) -> None:
    far = Machine(tmp_path / "far", ledger_url, "far", 1)
    assert far.line() == ["claimed", "0", "1"]
    near = Machine(tmp_path / "near", ledger_url, "near", 1)
    project = Project(tmp_path / "far")
    first = project.session_of("grid/0001").record
    while project.session_of("grid/0001").record.beat < first.beat + 15:
        time.sleep(0.05)
    assert far.go_on() == ["done"]
    assert near.line() == []
    assert (far.end(), near.end()) == (0, 0)
    project.ledger.store.close()


def test_workers_that_are_killed_leave_their_runs_to_others_on_the_machine_at_once(
    tmp_path: Path, ledger_url: str
) -> None:
    project = Project(tmp_path, ledger=ledger_url)
    pid = os.fork()
    if pid == 0:
        project.session("train").start()
        os.kill(os.getpid(), 9)
    os.waitpid(pid, 0)
    assert [run.is_stale for run in project.sessions("train")] == [True]
    assert [run.status for run in project.reap()] == [Status.ERROR]
    project.ledger.store.close()
