"""What a sweep costs over the plain loop that a person would write instead."""

from __future__ import annotations

import itertools
import random
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._rounds import Row, compare, repeated
from pycaddy.sweeper import ChainSweep, DictSweep, Sweep

ROUNDS = 7
CALLS = 200
KEYS = ("lr", "momentum", "width", "depth", "dropout", "seed")
SMALL = {key: [0, 1] for key in KEYS}
HUGE = {key: list(range(100)) for key in KEYS}
BILLION = {key: range(1000) for key in KEYS[:3]}
SAMPLE = 1000

# At least 1.3 times the rate of the floor when flat, at least its rate when nested.
FLAT_LIMIT = 1 / 1.3
NESTED_LIMIT = 1.0
CHAIN_LIMIT = 1.0
# A thousand of a billion configurations over a thousand of a billion numbers: some 40 times, and
# 8 ms. It buys that any process can make any of them, and that a larger sample goes on with it.
SAMPLE_LIMIT = 60.0
FIRST_LIMIT = 1.0
# The size of a sweep may not show; what is left is noise.
SIZE_LIMIT = 1.5


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    rounds, calls = (2, 2) if quick else (ROUNDS, CALLS)
    values = list(range(2 if quick else 10))
    flat = DictSweep(dict.fromkeys(KEYS, values))
    chain = ChainSweep([DictSweep(dict.fromkeys(keys, values)) for keys in (KEYS[:3], KEYS[3:])])
    small, huge = DictSweep(SMALL), DictSweep(HUGE)
    last = len(huge) - 1

    def generated(name: str, sweep: Iterable[object], limit: float) -> Row:
        floor = partial(plain_loop, values)
        named = f"{name}, {len(flat):,} configurations"
        return compare(named, partial(consume, sweep), floor, limit=limit, rounds=rounds)

    def alike(name: str, ours: Callable[[], object], floor: Callable[[], object]) -> Row:
        sides = repeated(ours, calls), repeated(floor, calls)
        return compare(name, *sides, limit=SIZE_LIMIT, rounds=rounds, calls=calls)

    def sampled(name: str, ours: Callable[[], object], limit: float) -> Row:
        floor = partial(random.sample, range(10**9), SAMPLE)
        return compare(name, ours, floor, limit=limit, rounds=rounds)

    return [
        generated("flat", flat, FLAT_LIMIT),
        generated("nested", DictSweep(nested(values)), NESTED_LIMIT),
        generated("chain of two", chain, CHAIN_LIMIT),
        alike(
            "first of 1e12, over first of 100",
            lambda: next(iter(DictSweep(HUGE))),
            lambda: next(iter(DictSweep(HUGE, strategy="zip"))),
        ),
        alike(
            "last of 1e12 by index, over last of 64",
            lambda: huge[last],
            lambda: small[63],
        ),
        sampled("sample of 1,000 from 1e9", lambda: consume(sample()), SAMPLE_LIMIT),
        sampled("first of that sample, over all numbers", lambda: sample()[0], FIRST_LIMIT),
        peaks(f"peak memory, {len(flat):,} configurations over 64", flat, small),
    ]


def sample() -> Sweep:
    return DictSweep(BILLION).sample(SAMPLE, seed=1)


def plain_loop(values: Sequence[object]) -> None:
    for row in itertools.product(*[values] * len(KEYS)):
        dict(zip(KEYS, row))  # noqa: B905 - what people write, and faster than strict


def nested(values: list[int]) -> Mapping[str, Any]:
    """Return the same grid, two pairs of its keys one level deeper."""
    return {
        "optimizer": {"lr": values, "momentum": values},
        "model": {"width": values, "depth": values},
        "dropout": values,
        "seed": values,
    }


def consume(configs: Iterable[object]) -> None:
    for _ in configs:
        pass


def peaks(name: str, ours: Iterable[object], floor: Iterable[object]) -> Row:
    """Compare the peaks of the traced memory while iterating."""
    ours_bytes, floor_bytes = peak(ours), peak(floor)
    return {
        "name": name,
        "ours_bytes": ours_bytes,
        "floor_bytes": floor_bytes,
        "ratio": ours_bytes / floor_bytes,
        "limit": SIZE_LIMIT,
    }


def peak(configs: Iterable[object]) -> int:
    tracemalloc.start()
    try:
        consume(configs)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
