"""A life of runs that says each step it takes, and a guest that comes in between.

python -m tests.faults.recorded ROOT SEED DURABILITY
"""

from __future__ import annotations

import os
import sys

from pycaddy.stores import _sqlite_turns
from tests.faults import life

STEPS = 120


def say(who: str, message: object) -> None:
    os.write(1, f"{(who, message)!r}\n".encode())


class Guest:
    """Another writer, which takes a step whenever the first one waits for the disk."""

    def __init__(self, root: str, seed: str, durability: str) -> None:
        self.lives = life.lives(root, f"guest {seed}", durability)
        self.wait = os.fdatasync
        self.is_in = False
        os.fdatasync = self.come_in

    def come_in(self, fd: int) -> None:
        if not self.is_in:
            self.is_in = True
            for message in self.lives:
                say("guest", message)
                if message[0] == "did":
                    break
            self.is_in = False
        self.wait(fd)


if __name__ == "__main__":
    # Checkpoints, which a ledger of some size makes, have to be seen in a small one.
    _sqlite_turns._CHECKPOINT_BYTES, _sqlite_turns._CHECKPOINT_EVERY = 100_000, 16
    root, seed, durability = sys.argv[1:]
    lives = life.lives(root, seed, durability)
    Guest(root, seed, durability)
    for _ in range(2 * STEPS):
        say("host", next(lives))
