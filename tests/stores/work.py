"""What processes do in these tests: without pytest, which takes long to import."""

from __future__ import annotations

from pycaddy.ledger import Ledger
from pycaddy.stores.sqlite.lock import WriterLock
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import new_run


def project_after_use(root: str) -> str:
    """Create a run in the project of *root* and return the project's id."""
    ledger = Ledger(root)
    ledger.store.create(new_run())
    return ledger.store.project


def use_and_close(ledger: str, times: int) -> None:
    """Make the file longer, so many times, and close it each time."""
    store = SqliteStore(ledger, durability="process")
    for _ in range(times):
        store.create(new_run({"filling": "x" * 3000}))
        store.close()


def count_in_file(lock: str, counter: str, times: int) -> None:
    """Read, add one and write, so many times, each time in our turn."""
    turn = WriterLock(lock, 60.0)
    for _ in range(times):
        turn.acquire()
        with open(counter, encoding="ascii") as file:
            number = int(file.read())
        with open(counter, "w", encoding="ascii") as file:
            file.write(str(number + 1))
        turn.release()
