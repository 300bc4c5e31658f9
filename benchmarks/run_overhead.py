"""What `Project.run` adds to each run, over the same thing by hand and beside other executors.

In this process the floor is the claim loop that a user would write. With a process per run it
is a bare interpreter that does nothing, started by `subprocess.run`: most people who isolate
their runs do that. The rest is the empty task on pools that keep their processes: what a pool
costs, without a ledger, a folder or an output of its own for each run.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks._nothing import nothing
from benchmarks._rounds import Row, compare, interleaved, row
from pycaddy.executors import open_executor
from pycaddy.project import Project

LIMIT = 1.3
ROUNDS = 9
IN_PROCESS = 50  # runs in each round
IN_PROCESSES = 10
WORKERS = 2
IDENTIFIER = "train"


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    rounds, many, few = (2, 4, 2) if quick else (ROUNDS, IN_PROCESS, IN_PROCESSES)
    return [
        *_in_process(folder, rounds, many),
        *_in_processes(folder, rounds, few, kept=("threads",) if quick else ("dask", "ray")),
    ]


def _in_process(folder: Path, rounds: int, runs: int) -> Iterator[Row]:
    for executor in ("serial", "threads"):
        ours = Project(folder / executor)
        floor = Project(folder / f"{executor}-by-hand")
        yield compare(
            f"{executor}, over the loop by hand",
            _fresh(lambda sweep, project=ours, name=executor: _run(project, sweep, name), runs),  # type: ignore[misc]
            _fresh(lambda sweep, project=floor: _by_hand(project, sweep), runs),  # type: ignore[misc]
            limit=LIMIT,
            rounds=rounds,
            calls=runs,
        )


def _in_processes(folder: Path, rounds: int, runs: int, kept: tuple[str, ...]) -> Iterator[Row]:
    project = Project(folder / "local")
    with ExitStack() as opened:
        contestants: dict[str, Callable[[], object]] = {
            "ours": _fresh(lambda sweep: _run(project, sweep, "local", workers=1), runs),
            "floor": lambda: _interpreters(runs),
            "joblib, loky": _loky(runs),
        }
        pool = opened.enter_context(ProcessPoolExecutor(WORKERS))
        contestants["ProcessPoolExecutor"] = lambda: _empty(pool, runs)
        for name in kept:
            ready = opened.enter_context(open_executor(name, WORKERS)).executor
            contestants[name] = lambda ready=ready: _empty(ready, runs)  # type: ignore[misc]
        times = interleaved(contestants, rounds)
    yield row(
        "local, one at a time, over a bare interpreter",
        times["ours"],
        times["floor"],
        limit=LIMIT,
        calls=runs,
    )
    for name in list(times)[2:]:
        yield row(
            f"an empty task: {name}, over a bare interpreter",
            times[name],
            times["floor"],
            limit=None,
            calls=runs,
        )


def _run(project: Project, sweep: list[dict[str, int]], executor: str, **options: Any) -> None:
    report = project.run(
        nothing, sweep, identifier=IDENTIFIER, executor=executor, progress=False, **options
    )
    assert report.done == len(sweep), report


def _by_hand(project: Project, sweep: list[dict[str, int]]) -> None:
    for run in project.claim(IDENTIFIER, sweep):
        with run:
            nothing(run)


def _interpreters(runs: int) -> None:
    for _ in range(runs):
        subprocess.run([sys.executable, "-c", "pass"], check=True)


def _empty(executor: Executor, runs: int) -> None:
    for future in [executor.submit(nothing, None) for _ in range(runs)]:
        future.result()


def _loky(runs: int) -> Callable[[], object]:
    from joblib import Parallel, delayed

    return lambda: Parallel(WORKERS)(delayed(nothing)(None) for _ in range(runs))


def _fresh(run: Callable[[list[dict[str, int]]], None], size: int) -> Callable[[], None]:
    """Return a contestant that is given *size* configurations that were never run."""
    numbers = count()
    return lambda: run([{"number": next(numbers)} for _ in range(size)])
