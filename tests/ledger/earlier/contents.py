"""What the projects of pycaddy 0.2 in the tests contain: 0.2's own Python reads it as well."""

from __future__ import annotations

from typing import Any


def configs(number: int) -> list[dict[str, Any]]:
    """Params of many kinds, different for each position."""
    return [
        {
            "lr": 10.0 ** -(position % 5),
            "seed": position,
            "name": f"größe {position % 3} \N{SNOWMAN}",
            "model": {"layers": [64, position], "dropout": 0.1 * position, "norm": None},
            "augment": {"crop": {"size": (32, 32.0)}, "flip": position % 2 == 0, "more": {}},
        }
        for position in range(number)
    ]


def status_of(position: int) -> str:
    """Most runs are done; one of each ten is something else."""
    return {3: "error", 13: "running", 23: "pending"}.get(position % 30, "done")
