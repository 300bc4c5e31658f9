"""What freezing params costs, beside the bare JSON and SHA-256 that no key can do without."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks._rounds import Row, compare, repeated
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


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    rounds, calls = (2, 2) if quick else (ROUNDS, CALLS)
    return [
        compare(
            f"freeze, {name}",
            repeated(partial(freeze, params), calls),
            repeated(partial(floor, params), calls),
            limit=limit,
            rounds=rounds,
            calls=calls,
        )
        for name, params, limit in CASES
    ]


def floor(params: dict[str, Any]) -> str:
    """The least that gives params a key: no normalising, no stored text."""
    return sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
