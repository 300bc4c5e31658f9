"""What it costs to log numbers, and to read them.

The floor of `log` is a list that takes a tuple. That of a million points is a program that puts
them into a list, packs them into blocks of a thousand and writes these with bare sqlite3 into the
same tables, in one transaction a second; and reads the blocks into arrays.
"""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks._rounds import Row, compare, interleaved
from pycaddy.metrics.blocks import BLOCK
from pycaddy.project import Project, Session

EXTRA_S = 3e-6
WRITE_LIMIT = 2.0
READ_LIMIT = 3.0
POINTS = 1_000_000
CALLS = 100_000
ROUNDS = 7

Point = tuple[str, int, float, float]
INSERT = (
    "INSERT INTO block (series, attempt, points, last, steps, vals, times) "
    "VALUES (1, 1, ?, ?, ?, ?, ?)"
)
READ = "SELECT steps, vals, times FROM block WHERE series = 1 ORDER BY id"
SCHEMA = """
CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE block (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, attempt INTEGER NOT NULL,
    points INTEGER NOT NULL, last INTEGER NOT NULL, steps BLOB NOT NULL, vals BLOB NOT NULL,
    times BLOB NOT NULL) STRICT;
CREATE INDEX block_by_series ON block (series, attempt, points);
INSERT INTO series VALUES (1, 'loss');
"""


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    calls, points, rounds = (500, 3000, 2) if quick else (CALLS, POINTS, ROUNDS)
    project = Project(folder / "ours")
    with closing(project.ledger.store):
        return [
            log_row(project, calls, rounds),
            *million_rows(project, folder, points, rounds),
            life_row(project, 2 if quick else 20, rounds),
        ]


def log_row(project: Project, calls: int, rounds: int) -> Row:
    """The price of a call, with a flusher at work."""
    run = project.session("log").start()
    kept: list[Point] = []

    def ours() -> None:
        for step in range(calls):
            run.log("loss", 0.5, step=step)

    def floor() -> None:
        kept.clear()
        for step in range(calls):
            kept.append(("loss", step, 0.5, 0.0))  # noqa: PERF401 - as a program would log

    times = interleaved({"ours": ours, "floor": floor}, rounds)
    run.done()
    mine, bare = (median(times[side]) / calls for side in ("ours", "floor"))
    return {
        "name": "log() a value, over appending a tuple",
        "ours_s": mine,
        "floor_s": bare,
        "ratio": mine / bare,
        "extra_s": mine - bare,
        "limit": None,
        "limit_s": EXTRA_S,
        "third_party": [],
    }


def million_rows(project: Project, folder: Path, points: int, rounds: int) -> list[Row]:
    numbers = count()

    def ours() -> Session:
        run = project.session("million").start()
        for step in range(points):
            run.log("loss", 0.5, step=step)
        return run.flush()

    def floor() -> None:
        write_bare(folder / f"{next(numbers)}.db", points)

    written = compare(
        f"{points:,} points logged and flushed", ours, floor, limit=WRITE_LIMIT, rounds=rounds
    )
    last = project.sessions("million")[-1]
    for run in project.sessions("million"):
        run.done()
    path = folder / f"{next(numbers) - 1}.db"
    read = compare(
        f"{points:,} points of a series read",
        partial(last.metrics, "loss"),
        partial(read_bare, path),
        limit=READ_LIMIT,
        rounds=rounds,
    )
    assert len(last.metrics("loss")) == len(read_bare(path)[0]) == points
    return [written, read]


def life_row(project: Project, lives: int, rounds: int) -> Row:
    """The whole life of a short run that logs a little, over one that logs nothing."""

    def live(points: int) -> Callable[[], None]:
        def lives_through() -> None:
            for _ in range(lives):
                with project.session("life") as run:
                    for step in range(points):
                        run.log({"loss": 0.5, "accuracy": 0.5}, step=step)

        return lives_through

    name = "a life with 2 series of 10 points, over one without"
    return compare(name, live(10), live(0), limit=None, rounds=rounds, calls=lives)


def write_bare(path: Path, points: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute("PRAGMA journal_mode=WAL")
        sql.execute("PRAGMA synchronous=FULL")
        sql.executescript(SCHEMA)
        block: list[Point] = []
        blocks: list[list[Point]] = []
        begun = time.monotonic()
        for step in range(points):
            block.append(("loss", step, 0.5, time.time()))
            if len(block) == BLOCK:
                blocks.append(block)
                block = []
                if time.monotonic() - begun >= 1:
                    insert(sql, blocks)
                    blocks, begun = [], time.monotonic()
        insert(sql, [*blocks, block] if block else blocks)


def insert(sql: sqlite3.Connection, blocks: list[list[Point]]) -> None:
    sql.execute("BEGIN IMMEDIATE")
    for block in blocks:
        _, steps, values, times = zip(*block, strict=True)
        columns = array("q", steps), array("d", values), array("d", times)
        sql.execute(INSERT, (len(block), steps[-1], *(column.tobytes() for column in columns)))
    sql.execute("COMMIT")


def read_bare(path: Path) -> tuple[array[int], array[float], array[float]]:
    steps, values, times = array("q"), array("d"), array("d")
    with closing(sqlite3.connect(path)) as sql:
        for packed in sql.execute(READ):
            steps.frombytes(packed[0])
            values.frombytes(packed[1])
            times.frombytes(packed[2])
    return steps, values, times
