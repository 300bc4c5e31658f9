from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from pycaddy import Project, Status
from tests.cli.sample import begin, begin_hanging, make_study, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module and sweeps, and no project."""
    make_study(tmp_path)
    return tmp_path


def test_a_line_is_printed_for_each_run(folder: Path) -> None:
    done = run("worker", "simulate:simulate", "--sweep", "sweep.json", cwd=folder)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("simulating")]
    assert done.returncode == 0
    assert [line.partition("  attempt 1")[0] for line in lines[:3]] == [
        f"done  simulate/000{number}" for number in (1, 2, 3)
    ]
    assert lines[3].startswith("3 done, 0 skipped, 0 failed")


def test_two_workers_share_a_sweep_and_each_run_is_done_once(folder: Path) -> None:
    Project(folder / "results").ensure_folder()
    words = ("worker", "simulate:simulate", "--sweep", "long.json", "--wait", "--json")
    workers = [begin(*words, cwd=folder) for _ in range(2)]
    reports = [json.loads(worker.communicate()[0]) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sum(report["done"] for report in reports) == 60
    runs = Project(folder / "results").sessions("simulate")
    assert len(runs) == 60
    assert {(session.status, session.attempt) for session in runs} == {(Status.DONE, 1)}
    pids = {(session.result or {})["pid"] for session in runs}
    assert pids <= {worker.pid for worker in workers}


def test_a_failing_run_is_started_until_its_attempts_are_used_up(folder: Path) -> None:
    words = ("worker", "simulate:simulate", "--sweep", "failing.json", "--max-attempts", "2")
    done = run(*words, cwd=folder)
    assert done.returncode == 1
    assert done.stdout.count("error  simulate/0002  attempt ") == 2
    assert "1 done, 0 skipped, 1 failed" in done.stdout
    assert run(*words, cwd=folder).returncode == 0  # nothing is left that it may start


def test_it_ends_after_so_many_runs(folder: Path) -> None:
    words = ("worker", "simulate:simulate", "--sweep", "sweep.json", "--max-runs", "2", "--json")
    assert json.loads(run(*words, cwd=folder).stdout)["done"] == 2
    assert len(Project(folder / "results").sessions()) == 2
    last = json.loads(run(*words, cwd=folder).stdout)
    assert (last["done"], last["skipped"]) == (1, 2)


def test_an_interrupt_ends_the_run_and_says_how_to_go_on(folder: Path) -> None:
    process = begin_hanging("worker", "simulate:hang", "--sweep", "sweep.json", cwd=folder)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert "the same command goes on with the rest" in errors
    assert Project(folder / "results").session_of("hang/0001").status is Status.ERROR


def test_the_run_of_a_killed_worker_is_taken_over(folder: Path) -> None:
    process = begin_hanging("worker", "simulate:hang", "--sweep", "sweep.json", cwd=folder)
    process.kill()
    process.communicate()
    words = ("--sweep", "sweep.json", "--identifier", "hang", "--json")
    done = run("worker", "simulate:simulate", *words, cwd=folder)
    assert json.loads(done.stdout)["done"] == 3
    assert Project(folder / "results").session_of("hang/0001").attempt == 2
