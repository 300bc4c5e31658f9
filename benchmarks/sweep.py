"""What a sweep costs over the plain loop that a person would write instead.

`measure()` runs floor and ours in turns and returns the medians. A ratio is ours over the
floor, so less is better, and a limit is the most that we accept. Run it by hand with

    python benchmarks/sweep.py
"""

from __future__ import annotations

import itertools
import random
import statistics
import tracemalloc
from collections.abc import Callable, Iterable
from time import perf_counter, process_time
from typing import Any

from pycaddy.sweeper import ChainSweep, DictSweep

ROUNDS = 7
KEYS = ("lr", "momentum", "width", "depth", "dropout", "seed")
TEN = list(range(10))
FLAT = dict.fromkeys(KEYS, TEN)
NESTED = {
    "optimizer": {"lr": TEN, "momentum": TEN},
    "model": {"width": TEN, "depth": TEN},
    "dropout": TEN,
    "seed": TEN,
}
SMALL = {key: [0, 1] for key in KEYS}
HUGE = {key: list(range(100)) for key in KEYS}
BILLION = {key: range(1000) for key in KEYS[:3]}

# At least 1.3 times the rate of the floor when flat, at least its rate when nested.
FLAT_LIMIT = 1 / 1.3
NESTED_LIMIT = 1.0
CHAIN_LIMIT = 1.0
# Of a billion points a thousand, over the numbers alone: 55 times, and some 15 ms in all. What it
# buys is that any process can make any of them without the others.
SAMPLE_LIMIT = 100.0
# The size of a sweep may not show; what is left is noise.
SIZE_LIMIT = 1.5

Row = dict[str, Any]


def measure() -> list[Row]:
    """Measure everything: some 20 seconds."""
    flat, nested = DictSweep(FLAT), DictSweep(NESTED)
    halves = [DictSweep(dict.fromkeys(keys, TEN)) for keys in (KEYS[:3], KEYS[3:])]
    chain = ChainSweep(halves)
    small, huge = DictSweep(SMALL), DictSweep(HUGE)
    last = len(huge) - 1
    return [
        _timed("flat, 1e6 configurations", FLAT_LIMIT, _plain_loop, lambda: _consume(flat)),
        _timed("nested, 1e6 configurations", NESTED_LIMIT, _plain_loop, lambda: _consume(nested)),
        _timed(
            "chain of two, 1e6 configurations", CHAIN_LIMIT, _plain_loop, lambda: _consume(chain)
        ),
        _timed(
            "first of 1e12, over first of 100",
            SIZE_LIMIT,
            lambda: _often(lambda: next(iter(DictSweep(HUGE, strategy="zip")))),
            lambda: _often(lambda: next(iter(DictSweep(HUGE)))),
        ),
        _timed(
            "last of 1e12 by index, over last of 64",
            SIZE_LIMIT,
            lambda: _often(lambda: small[63]),
            lambda: _often(lambda: huge[last]),
        ),
        _timed(
            "sample of 1,000 from 1e9, CPU",
            SAMPLE_LIMIT,
            lambda: random.sample(range(10**9), 1000),
            lambda: _consume(DictSweep(BILLION).sample(1000, seed=1)),
            clock=process_time,
        ),
        _timed(
            "first of that sample, over the floor, CPU",
            1.0,
            lambda: random.sample(range(10**9), 1000),
            lambda: next(iter(DictSweep(BILLION).sample(1000, seed=1))),
            clock=process_time,
        ),
        _peaks("peak memory, 1e6 configurations over 64", SIZE_LIMIT, small, flat),
    ]


def _plain_loop() -> None:
    values = [TEN] * len(KEYS)
    for row in itertools.product(*values):
        dict(zip(KEYS, row))  # noqa: B905 - what people write, and faster than strict


def _consume(configs: Iterable[object]) -> None:
    for _ in configs:
        pass


def _often(call: Callable[[], object]) -> None:
    for _ in range(200):
        call()


def _timed(
    name: str,
    limit: float,
    floor: Callable[[], object],
    ours: Callable[[], object],
    clock: Callable[[], float] = perf_counter,
) -> Row:
    """Medians of both, taken in turns so that a busy moment of the machine hits both."""
    rounds = [(_seconds(floor, clock), _seconds(ours, clock)) for _ in range(ROUNDS)]
    floor_s, ours_s = (statistics.median(times) for times in zip(*rounds, strict=True))
    return {
        "name": name,
        "ratio": ours_s / floor_s,
        "floor_s": floor_s,
        "ours_s": ours_s,
        "limit": limit,
    }


def _peaks(name: str, limit: float, floor: DictSweep, ours: DictSweep) -> Row:
    """Peaks of the traced memory while iterating; the seconds are those under tracing."""
    floor_s, floor_bytes = _traced(floor)
    ours_s, ours_bytes = _traced(ours)
    return {
        "name": name,
        "ratio": ours_bytes / floor_bytes,
        "floor_s": floor_s,
        "ours_s": ours_s,
        "floor_bytes": floor_bytes,
        "ours_bytes": ours_bytes,
        "limit": limit,
    }


def _seconds(call: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    start = clock()
    call()
    return clock() - start


def _traced(sweep: DictSweep) -> tuple[float, int]:
    tracemalloc.start()
    seconds = _seconds(lambda: _consume(sweep))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return seconds, peak


def main() -> None:
    print(f"{'':42}{'floor s':>10}{'ours s':>10}{'ratio':>8}{'limit':>8}")
    for row in measure():
        times = f"{row['floor_s']:>10.4f}{row['ours_s']:>10.4f}"
        print(f"{row['name']:42}{times}{row['ratio']:>8.2f}{row['limit']:>8.2f}")


if __name__ == "__main__":
    main()
