"""Reading many runs as records, over the bare SELECT with its params decoded."""

from __future__ import annotations

from collections.abc import Callable, Sized
from pathlib import Path

from benchmarks._bare import pair
from benchmarks._ledgers import IDENTIFIER
from benchmarks._rounds import Row, interleaved, row

RUNS = 100_000
ROUNDS = 9
LIMIT = 3.0


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    runs, rounds = (50, 2) if quick else (RUNS, ROUNDS)
    with pair(folder, runs) as (project, bare):
        calls: dict[str, Callable[[], Sized]] = {
            "get_uid_record_dict": lambda: project.ledger.get_uid_record_dict(IDENTIFIER),
            "sessions": lambda: project.sessions(IDENTIFIER),
            "floor": bare.listed,
        }
        counted = {name: len(call()) for name, call in calls.items()}
        if set(counted.values()) != {runs}:
            raise AssertionError(f"Not all of {runs} runs were listed: {counted}")
        times = interleaved(calls, rounds)
    return [
        row(f"{name}, {runs:,} runs", times[name], times["floor"], limit=LIMIT)
        for name in ("get_uid_record_dict", "sessions")
    ]
