"""Eight processes that take the runs of one sweep, over one bare writer that knows them all.

Each process is the script of the documents: `for run in project.claim(...)`, and does nothing. The
floor makes the same runs one after another: a transaction that claims each, one that ends it, its
folder and its `run.json`, by `BareLedger`. Starting the interpreters is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks._bare import pair, text_and_key
from benchmarks._ledgers import IDENTIFIER, params_of
from benchmarks._rounds import Row, in_blocks, row, seconds
from pycaddy.project import Project

LIMIT = 1 / 0.6
SLOWEST_S = 1.0
PROCESSES = 8
POINTS = 3000
ROUNDS = 5


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    processes, points, rounds = (2, 8, 2) if quick else (PROCESSES, POINTS, ROUNDS)
    ours: list[float] = []
    floor: list[float] = []
    slowest: list[float] = []
    for number in range(rounds):
        with pair(folder / str(number), 0) as (project, bare):
            known = [text_and_key(params) for params in grid(points)]
            floor.append(seconds(in_blocks(bare.claim_and_finish, known, points)))
            took, waited = together(project, processes, points)
            ours.append(took)
            slowest.append(waited)
    name = f"{processes} processes, {points:,} runs"
    return [
        row(f"{name}: a run", ours, floor, limit=LIMIT, calls=points),
        row(f"{name}: slowest claim, over 1 s", slowest, [SLOWEST_S] * rounds, limit=1.0),
    ]


def grid(points: int) -> list[dict[str, Any]]:
    return [params_of(number) for number in range(points)]


def together(project: Project, processes: int, points: int) -> tuple[float, float]:
    """Return how long the processes took for the grid, and the slowest claim of all."""
    context = get_context("spawn")
    barrier = context.Barrier(processes + 1)
    with ExitStack() as ending:
        answers = context.SimpleQueue()
        workers = [
            context.Process(target=take, args=(str(project.root), points, barrier, answers))
            for _ in range(processes)
        ]
        for worker in workers:
            worker.start()
            ending.callback(worker.join)
        barrier.wait()
        begun = time.perf_counter()
        slowest, runs = zip(*(answers.get() for _ in workers), strict=True)
        took = time.perf_counter() - begun
    assert sum(runs) == points, runs
    return took, max(slowest)


def take(root: str, points: int, barrier: Any, answers: Any) -> None:
    """Claim and finish until nothing is left; answer with the slowest claim and the number."""
    claims = Project(root).claim(IDENTIFIER, grid(points))
    barrier.wait()
    times = list(timed(claims))
    answers.put((max(times), len(times) - 1))


def timed(claims: Iterator[Any]) -> Iterator[float]:
    """Yield how long each claim took, and the one that found nothing left."""
    while True:
        begun = time.perf_counter()
        run = next(claims, None)
        yield time.perf_counter() - begun
        if run is None:
            return
        run.done()
