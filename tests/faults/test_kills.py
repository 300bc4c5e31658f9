"""SIGKILL at any instant: nothing that was acknowledged is missing, and the next one goes on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import LONG
from tests.faults.life import Books, Worker

KILLS = 200 if LONG else 60
ROUNDS = 100 if LONG else 20


@pytest.mark.timeout(1800 if LONG else 900)
@pytest.mark.parametrize(("writers", "rounds"), [(1, KILLS), (4, ROUNDS)])
def test_whoever_is_killed_leaves_all_that_was_acknowledged(
    tmp_path: Path,
    writers: int,
    rounds: int,
    record_property: Callable[[str, object], None],
) -> None:
    chance = random.Random(writers)
    books = Books(tmp_path)
    slowest = 0.0
    for number in range(rounds):
        begin = time.perf_counter()
        workers = [Worker(tmp_path, f"{number}-{writer}") for writer in range(writers)]
        heard: list[list[object]] = []
        for worker in workers:
            # Now and then before the ledger is open; else after some steps, in any of which.
            first = [worker.pipe.recv() for _ in range(chance.choice((0, 2, 10, 20)))]
            if first:
                slowest = max(slowest, time.perf_counter() - begin)
            heard.append(first)
            time.sleep(chance.uniform(0, 0.005))  # not to wait for a thing: this is the instant
            worker.kill()
        for worker, first in zip(workers, heard, strict=True):
            books.enter(iter([*first, *worker.said()]))
        # Half of the time the next worker finds what this one left, not we.
        if chance.random() < 0.5:
            books.compare()
    books.compare()
    left = len(list(tmp_path.rglob("*.tmp")))
    books.compare_after_rebuild()
    record_property(
        "figures",
        f"R1  {writers} writer{'s' * (writers > 1)}: {rounds * writers} SIGKILLs, "
        f"{books.acknowledged} changes acknowledged in {len(books.states)} runs, 0 lost; "
        f"{books.happened} of those under way had happened; {left} .tmp left; "
        f"slowest way to the next writes {slowest * 1000:.0f} ms",
    )
