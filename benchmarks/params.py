"""What freezing params costs, beside the bare JSON and SHA-256 that no key can do without."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import Any

from pycaddy.params import freeze

ROUNDS = 60
CALLS = 300

CASES: list[tuple[str, dict[str, Any], float]] = [
    ("5 scalars", {"lr": 1e-3, "batch": 32, "model": "resnet", "amp": True, "wd": None}, 4.0),
    (
        "nested, 12 values",
        {
            "optimizer": {"name": "adam", "lr": 1e-3, "betas": [0.9, 0.999]},
            "model": {"layers": [64, 64, 32], "act": "relu", "dropout": {"rate": 0.1}},
            "data": {"path": "data/train", "shuffle": True},
            "seed": 1,
        },
        5.0,
    ),
    ("100 keys", {f"key{i}": i / 2 if i % 2 else i for i in range(100)}, 6.0),
]


def floor(params: dict[str, Any]) -> str:
    """The least that gives params a key: no normalising, no stored text."""
    return sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> list[dict[str, Any]]:
    """Seconds for one call of ours and of the floor, as medians of interleaved rounds."""
    results = []
    for name, params, limit in CASES:
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(rounds):
            ours.append(seconds(freeze, params, calls))
            bare.append(seconds(floor, params, calls))
        results.append(
            {
                "name": f"freeze, {name}",
                "ours_s": median(ours),
                "floor_s": median(bare),
                "ratio": median(ours) / median(bare),
                "limit": limit,
            }
        )
    return results


def seconds(call: Callable[[dict[str, Any]], object], params: dict[str, Any], calls: int) -> float:
    start = perf_counter()
    for _ in range(calls):
        call(params)
    return (perf_counter() - start) / calls


def main() -> None:
    print(f"{'microseconds':26} {'ours':>8} {'floor':>8} {'ratio':>6} {'limit':>6}")
    for row in measure():
        times = f"{row['ours_s'] * 1e6:8.1f} {row['floor_s'] * 1e6:8.1f}"
        print(f"{row['name']:26} {times} {row['ratio']:6.2f} {row['limit']:6.1f}")


if __name__ == "__main__":
    main()
