"""Reads and writes until Ctrl-C comes, again and again, and forks after each.

python -m tests.faults.interrupted ROOT NUMBER [not-deferred]
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from pycaddy import Project
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt
from tests.faults.interrupter import interrupter

PATIENCE_S = 60.0


def interrupted(number: int) -> None:
    """Send this process so many interrupts, each a moment after it was asked for."""
    interrupt = interrupter(0.0, 0.003)
    acknowledged = 0
    for each in range(number):
        try:
            interrupt()
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline:
                if each % 2:
                    note = str(acknowledged + 1)
                    run.note(note)
                    acknowledged = int(note)
                else:
                    run.status  # noqa: B018 - it is read from the ledger
            raise SystemExit("no interrupt came")
        except KeyboardInterrupt as error:
            kept = error  # as an interactive Python keeps it, and all that its frames hold
        found = from_a_fork()
        assert found in (acknowledged, acknowledged + 1), (found, acknowledged, kept)
        acknowledged = found
        print("interrupted", flush=True)


def from_a_fork() -> int:
    """The number that a fork of another thread reads, and that it has locks of its own."""
    read: list[bytes] = []

    def fork() -> None:
        receiving, sending = os.pipe()
        if (pid := os.fork()) == 0:
            project = Project(root)  # its connection is open as long as it is kept
            note = project.session_of(run.key).record.note
            os.write(sending, f"{note or 0} {locks()}".encode())
            os._exit(0)
        os.waitpid(pid, 0)
        read.append(os.read(receiving, 100))
        os.close(receiving)
        os.close(sending)

    forking = threading.Thread(target=fork, daemon=True)
    forking.start()
    forking.join(PATIENCE_S)
    assert read, "a fork hangs"
    note, held = read[0].split()
    assert int(held) > 0, "a fork works without locks"
    return int(note)


def locks() -> int:
    """How many locks of SQLite this process has; the kernel may miss one that is being moved."""
    wanted = f" POSIX  ADVISORY  READ {os.getpid()} "
    return max(Path("/proc/locks").read_text().count(wanted) for _ in range(5))


if __name__ == "__main__":
    root = sys.argv[1]
    if "not-deferred" in sys.argv:
        DeferredInterrupt.defer = lambda self: None  # type: ignore[method-assign]
        PATIENCE_S = 5.0
    run = Project(root, durability="process").session("train").start()
    interrupted(int(sys.argv[2]))
