"""A life of runs that says each step it takes.

python -m tests.faults.recorded ROOT SEED DURABILITY
"""

from __future__ import annotations

import os
import sys

from pycaddy.stores import _sqlite_turns
from tests.faults import life

STEPS = 120


class Stdout:
    """In place of the pipe that a worker talks to."""

    def __init__(self) -> None:
        self.said = 0

    def send(self, message: object) -> None:
        os.write(1, f"{message!r}\n".encode())
        self.said += 1
        if self.said == 2 * STEPS:
            sys.exit()


if __name__ == "__main__":
    # Checkpoints, which a ledger of some size makes, have to be seen in a small one.
    _sqlite_turns._CHECKPOINT_BYTES, _sqlite_turns._CHECKPOINT_EVERY = 100_000, 16
    root, seed, durability = sys.argv[1:]
    life.work(Stdout(), root, seed, durability)  # type: ignore[arg-type]
