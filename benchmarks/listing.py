"""Reading many runs and their params, over the bare SELECT with one `json.loads` for each row.

A record decodes its params when asked for them, so they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
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
        ledger = project.ledger
        calls: dict[str, Callable[[], list[object]]] = {
            "get_uid_record_dict": lambda: [
                (record, record.params)
                for record in ledger.get_uid_record_dict(IDENTIFIER).values()
            ],
            "sessions": lambda: [
                (session, session.params) for session in project.sessions(IDENTIFIER)
            ],
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
