"""Of many claimers one wins, and of many completions one is accepted, whoever dies or sleeps."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from pycaddy import Project, Status

CLAIMER = Path(__file__).with_name("claimer.py")
WORKERS = 4
RUNS = 300
MAX_ATTEMPTS = 10


def claimer(root: Path, runs: int, max_attempts: int, seconds: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, CLAIMER, root, runs, max_attempts, seconds]
    return subprocess.Popen([str(part) for part in command])


def noted(path: Path) -> Counter[tuple[int, int]]:
    """How often each (configuration, attempt) stands in a log."""
    lines = path.read_text().splitlines()
    return Counter((int(line.split()[0]), int(line.split()[1])) for line in lines)


def test_300_runs_are_done_once_under_sigkill_and_sigstop(tmp_path: Path) -> None:
    root = tmp_path / "results"
    dice = random.Random(20261121)
    project = Project(root).ensure_folder()
    workers = [claimer(root, RUNS, MAX_ATTEMPTS, 0.02) for _ in range(WORKERS)]
    kills = stops = 0
    while len(project.sessions("grid", status=Status.DONE)) < RUNS:
        time.sleep(dice.uniform(0.02, 0.2))  # the instant of the accident, not a wait for a thing
        place = dice.randrange(WORKERS)
        worker = workers[place]
        if worker.poll() is not None:  # nothing was left for it when it looked
            workers[place] = claimer(root, RUNS, MAX_ATTEMPTS, 0.02)
        elif dice.random() < 0.5:
            worker.kill()
            worker.wait()
            kills += 1
            workers[place] = claimer(root, RUNS, MAX_ATTEMPTS, 0.02)
        else:
            worker.send_signal(signal.SIGSTOP)
            time.sleep(dice.uniform(0.02, 0.1))
            worker.send_signal(signal.SIGCONT)
            stops += 1
    for worker in workers:
        assert worker.wait() == 0

    runs = project.sessions("grid")
    assert Counter(run.status for run in runs) == {Status.DONE: RUNS}
    assert sorted(run.params["i"] for run in runs) == list(range(RUNS))
    starts, accepted = noted(root / "starts.log"), noted(root / "accepted.log")
    assert max(starts.values()) == 1, "an attempt was given to two workers"
    assert max(Counter(i for i, _ in accepted).values()) == 1, "a run was accepted twice"
    assert {run.params["i"]: run.attempt for run in runs}.items() >= dict(accepted.keys()).items()
    assert all(run.attempt <= MAX_ATTEMPTS for run in runs)
    assert kills > 3
    assert stops > 3
    print(
        f"{RUNS} runs, {kills} SIGKILLs, {stops} SIGSTOPs: {RUNS} done, 0 accepted twice, "
        f"{len(starts) - RUNS} attempts lost, at most {max(run.attempt for run in runs)} a run"
    )


def test_eight_processes_do_each_point_of_a_grid_once(tmp_path: Path) -> None:
    root = tmp_path / "results"
    points = 3000
    workers = [claimer(root, points, 1, 0.0) for _ in range(8)]
    assert [worker.wait() for worker in workers] == [0] * 8
    runs = Project(root).sessions("grid")
    assert sorted(run.params["i"] for run in runs) == list(range(points))
    assert {(run.status, run.attempt) for run in runs} == {(Status.DONE, 1)}
    assert noted(root / "accepted.log") == Counter((i, 1) for i in range(points))
