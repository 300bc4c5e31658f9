"""A run's whole life over its floor, as the ledger grows.

Made, started, a file of 100 bytes written and attached, done: four transactions, a folder and
four writes of files. The floor is `BareLedger.live`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks._bare import pair, text_and_key
from benchmarks._ledgers import live, params_of
from benchmarks._rounds import Row, in_blocks, interleaved, row

LIMITS = {0: 1.5, 10_000: 1.5, 100_000: 1.5, 1_000_000: 2.0}
"""Runs in the ledger -> the most that a life may cost, in lives of the floor."""
GROWTH = 0, 100_000
GROWTH_LIMIT = 1.3
ROUNDS = 40
LIVES = 20  # in each round


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    limits = {0: 1.5, 20: 1.5} if quick else LIMITS
    first, last = (0, 20) if quick else GROWTH
    rounds, lives = (2, 2) if quick else (ROUNDS, LIVES)
    contestants: dict[tuple[str, int, str], Callable[[], None]] = {}
    with ExitStack() as opened:
        for size in limits:
            todo = [params_of(number) for number in range(size, size + (rounds + 1) * lives)]
            known = [text_and_key(params) for params in todo]
            for durability in ("power", "process"):
                place = folder / f"{size}-{durability}"
                project, bare = opened.enter_context(pair(place, size, durability))
                contestants |= {
                    (durability, size, "ours"): in_blocks(partial(live, project), todo, lives),
                    (durability, size, "floor"): in_blocks(bare.live, known, lives),
                }
        times = interleaved(contestants, rounds)

    def life(durability: str, size: int, limit: float | None) -> Row:
        sides = times[durability, size, "ours"], times[durability, size, "floor"]
        return row(f"{durability}, {size:,} runs", *sides, limit=limit, calls=lives)

    ends = times["power", last, "ours"], times["power", first, "ours"]
    name = f"power, ours with {last:,} runs over {first:,}"
    return [
        *(life("power", size, limit) for size, limit in limits.items()),
        row(name, *ends, limit=GROWTH_LIMIT, calls=lives),
        *(life("process", size, None) for size in limits),
    ]
