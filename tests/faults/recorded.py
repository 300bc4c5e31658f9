"""A life of runs that says each step it takes, and a guest that comes in between.

python -m tests.faults.recorded ROOT SEED DURABILITY [REFUSED]

REFUSED: The disk refuses one in so many times to take the log.
"""

from __future__ import annotations

import errno
import os
import sys

from pycaddy.stores.sqlite import transaction
from tests.faults import life
from tests.faults.recording import REFUSED

STEPS = 120


def say(who: str, message: object) -> None:
    os.write(1, f"{(who, message)!r}\n".encode())


def wait(fd: int) -> None:
    waits[0] += 1
    if refused and waits[0] % refused == 0:
        os.write(1, f"{REFUSED}{os.readlink(f'/proc/self/fd/{fd}')}\n".encode())
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    sync(fd)


class Guest:
    """Another writer, which takes a step whenever the first one waits for the disk."""

    def __init__(self, root: str, seed: str, durability: str) -> None:
        self.lives = life.lives(root, f"guest {seed}", durability)
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
        wait(fd)


if __name__ == "__main__":
    # Checkpoints, which a ledger of some size makes, have to be seen in a small one.
    transaction._CHECKPOINT_BYTES, transaction._CHECKPOINT_EVERY = 100_000, 16
    root, seed, durability, *rest = sys.argv[1:]
    sync, waits, refused = os.fdatasync, [0], int(rest[0]) if rest else 0
    lives = life.lives(root, seed, durability)
    Guest(root, seed, durability)
    for _ in range(2 * STEPS):
        say("host", next(lives))
