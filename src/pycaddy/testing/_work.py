"""What the tests do to a store in other threads and processes; pytest is not needed there."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, Store, new_record
from pycaddy.testing.factories import new_run, started_record

__all__ = [
    "begin",
    "claim_all",
    "count_up",
    "create",
    "first",
    "load",
    "load_batches",
    "mark",
    "resume",
    "uids",
    "use",
]


def first(runs: Sequence[RunRecord]) -> RunRecord | None:
    """Choose the first run, if there is one."""
    return runs[0] if runs else None


def uids(store: Store, selection: Selection | None = None) -> list[str]:
    """Return the uids of what *selection* selects."""
    return [record.uid for record in store.select(selection or Selection())]


def create(store: Store, run: NewRun, times: int) -> list[str]:
    """Create *run* so many times; return the uids."""
    return [store.create(run).uid for _ in range(times)]


def resume(store: Store, runs: Sequence[NewRun]) -> list[bool]:
    """Find or create each run; return whether it was created here."""
    return [store.find_or_create(run, first)[1] for run in runs]


def begin(run: NewRun, runs: Sequence[RunRecord]) -> RunRecord | None:
    """Decide to begin a run that nobody has begun."""
    if any(found.attempt for found in runs):
        return None
    record = runs[0] if runs else new_record(run)
    return record.changed(status=Status.RUNNING, attempt=1)


def claim_all(store: Store, runs: Sequence[NewRun]) -> list[int]:
    """Claim runs until none is left; return the positions of those that we got."""
    positions = []
    while (claimed := store.claim(runs, begin)) is not None:
        positions.append(claimed[0])
    return positions


def mark(store: Store, records: Sequence[RunRecord]) -> list[str | None]:
    """Write our name into each record as it was given; return the name where we were let."""
    name = f"{os.getpid()}-{threading.get_ident()}"
    won = [store.swap(record, record.changed(error_text=name)) for record in records]
    return [name if ours else None for ours in won]


def count_up(store: Store, record: RunRecord, times: int) -> None:
    """Raise the run's attempt by one, so many times, against all others who do the same."""
    for _ in range(times):
        while not store.swap(record, record.changed(attempt=record.attempt + 1)):
            record = _reread(store, record)
        record = _reread(store, record)


def load(store: Store, records: Sequence[RunRecord]) -> int:
    """Load *records*; return how many were added here."""
    return store.load(records, {})


def load_batches(store: Store, batches: int, size: int) -> None:
    """Load so many batches, each of *size* runs and one transaction."""
    for batch in range(batches):
        begin = 1 + batch * size
        store.load([started_record(uid) for uid in range(begin, begin + size)], {})


def use(store: Store) -> list[str]:
    """Create a run and return the uids of all that there are."""
    store.create(new_run())
    return uids(store)


def _reread(store: Store, record: RunRecord) -> RunRecord:
    found = store.get(record.relpath, record.identifier, int(record.uid))
    assert found is not None
    return found
