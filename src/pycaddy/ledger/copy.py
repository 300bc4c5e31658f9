"""A project's runs taken from one ledger to another, between any two engines.

Only what every store promises is used. A copy counts when each run and each of its series has
been compared.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pycaddy._files import make_folders, sync_folder
from pycaddy.errors import LedgerBusyError, LedgerError
from pycaddy.ledger import switch as switching
from pycaddy.ledger.address import has_root, ledger_file, write_project_file
from pycaddy.ledger.copy_metrics import bring_points
from pycaddy.ledger.ledger import Ledger
from pycaddy.records import RunKey, RunRecord, parse_uid
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.stores.sqlite.store import SqliteStore

__all__ = ["CopyReport", "copy_ledger"]


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What a copy did."""

    source: str
    target: str
    copied: int
    """Runs that the target did not have."""
    updated: int
    """Runs that have gone on since an earlier copy."""
    unchanged: int
    running: int
    """Runs that somebody is on: what they write from now on stays in the source."""
    points: int
    """Points of the series that the target did not have, or not all of."""
    switched: bool


@dataclass(frozen=True, slots=True)
class _Contents:
    """All of a project in one ledger."""

    records: dict[RunKey, RunRecord] = field(compare=False)
    runs: dict[RunKey, RunRecord]
    """The records as they are compared."""
    counters: dict[tuple[str, str], int]
    shared: set[str]


def copy_ledger(
    source: Ledger | str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    root: str | os.PathLike[str] | None = None,
    switch: bool = False,
) -> CopyReport:
    """Copy all runs of a project into another ledger, with what they have logged, and compare.

    The trash, owners, histories and counters are copied too. The points of metrics go into the
    target if it keeps them, else into a `metrics.db` for each run; other files of runs are not
    touched. It can be repeated, after a kill as well: what is there already is left, and a run
    that has gone on is brought up to date.

    Args:
        source: A ledger or its address: a root folder, a `.db` file or a URL.
        target: The address of the other one; made if it is not there yet.
        root: The project's folder, if neither address is one. Default: the source's.
        switch: Keep the project in the target from now on. Its own `ledger.db` is then moved
            into `.pycaddy/backups`, so that nobody goes on writing into it.

    Raises:
        LedgerBusyError: Somebody wrote to the source meanwhile, or with *switch* somebody is
            on a run. The project was not switched.
        LedgerError: The target has a run of the same name that is another one. Nothing was
            copied.
        MetricsError: Points of a run cannot be read or written, or the target has others. The
            project was not switched.
    """
    old = source if isinstance(source, Ledger) else Ledger(source, root=root)
    new = _target(os.fspath(target), old.root)
    if old.address == new.address:
        raise LedgerError(
            f"The ledger {old.address} is both source and target. Name another target.",
            ledger=old.address,
        )
    running = _running(old)
    if switch and running:
        raise LedgerBusyError(
            f"Somebody is on run {running[0].key} ({running[0].owner}), and would go on writing "
            f"to {old.address}. Wait for it or end it there, and call again.",
            ledger=old.address,
        )
    contents = _read(old.store)
    with _opened(new, old.store.project) as store:
        added, updated = _bring(store, contents)
        _compare(store, contents)
        points = bring_points(old, new, store, contents.records.values())
        if _read(old.store) != contents:
            raise LedgerBusyError(
                f"Somebody wrote to {old.address} while it was copied. End what writes there, "
                "and call again: what is copied already is not copied twice.",
                ledger=old.address,
            )
    if switch:
        _switch(old, new.address)
    unchanged = len(contents.runs) - added - updated
    return CopyReport(
        old.address, new.address, added, updated, unchanged, len(running), points, switched=switch
    )


def _target(address: str, root: str) -> Ledger:
    """Return the ledger to copy to: another project's own, or one for the project in *root*."""
    return Ledger(address, root=None if has_root(address) else root)


def _running(ledger: Ledger) -> list[RunRecord]:
    running = ledger.records(Selection(status=Status.RUNNING))
    return [record for record in running if not ledger.is_stale(record)]


def _read(store: Store) -> _Contents:
    records = [*store.select(Selection()), *store.select(Selection(trashed=True))]
    return _Contents(
        {record.key: record for record in records},
        {record.key: _comparable(record) for record in records},
        {(each.relpath, each.name): each.last_uid for each in store.identifiers()},
        store.folders("files"),
    )


def _comparable(record: RunRecord) -> RunRecord:
    """Return a record without what is a ledger's own, and without its heartbeat."""
    texts = {name: getattr(record, name) for name in ("error_text", "note")}
    # PostgreSQL has no text with a NUL in it, and keeps this in its place.
    kept = {name: text and text.replace("\0", "\u2400") for name, text in texts.items()}
    return record._replace(row=0, revision=0, beat=0, **kept)


@contextmanager
def _opened(target: Ledger, project: str) -> Iterator[Store]:
    """Give the store to copy to. A new file gets its name when the block ends well."""
    if "://" in target.address or os.path.exists(target.address):
        if target.store.project != project:
            raise LedgerError(
                f"The ledger {target.address} is that of another project. Name another target.",
                ledger=target.address,
            )
        yield target.store
        return
    folder = os.path.dirname(target.address)
    make_folders(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="copy-") as workshop:
        store = SqliteStore(os.path.join(workshop, "ledger.db"), project)
        try:
            yield store
        finally:
            store.close()
        os.rename(store.path, target.address)
    sync_folder(folder)
    write_project_file(target.root, project, target.address)


def _bring(store: Store, contents: _Contents) -> tuple[int, int]:
    """Add the runs that *store* lacks and bring others up to date; return how many of each."""
    there = _read(store).runs
    differing = [run for run in contents.runs.values() if there.get(run.key, run) != run]
    others = [run.key for run in differing if not _is_earlier(there[run.key], run)]
    if others:
        more = f", and so are {len(others) - 1} more" if len(others) > 1 else ""
        raise LedgerError(
            f"Run {others[0]} is another one in {store.address}{more}. Nothing was copied. Copy "
            "to a ledger that does not have these runs.",
            ledger=store.address,
        )
    missing = [record for key, record in contents.records.items() if key not in there]
    added = store.load(missing, contents.counters, contents.shared)
    for run in differing:
        seen = store.get(run.relpath, run.identifier, parse_uid(run.uid))
        if seen is not None and _comparable(seen) == there[run.key]:
            new = contents.records[run.key]._replace(row=seen.row, revision=seen.revision + 1)
            store.swap(seen, new)
    return added, len(differing)


def _is_earlier(then: RunRecord, now: RunRecord) -> bool:
    """Whether *now* is what has become of *then*: each move is in its history."""
    return (then.created_us, then.params_key, then.mode) == (
        now.created_us,
        now.params_key,
        now.mode,
    ) and now.history_text.startswith(f"{then.history_text[:-1]},")


def _compare(store: Store, contents: _Contents) -> None:
    copy = _read(store)
    wrong = [key for key, run in contents.runs.items() if copy.runs.get(key) != run]
    if wrong:
        raise LedgerError(
            f"Run {wrong[0]} in {store.address} is not what was copied: somebody writes there. "
            "End what does, and call again.",
            ledger=store.address,
        )
    lower = [key for key, uid in contents.counters.items() if copy.counters.get(key, 0) < uid]
    if lower or not contents.shared <= copy.shared:
        raise LedgerError(
            f"The counters or the folders in {store.address} are not what was copied. Copy to "
            "another ledger.",
            ledger=store.address,
        )


def _switch(old: Ledger, address: str) -> None:
    switching.point(old.root, address)
    old.store.close()
    if old.address == ledger_file(old.root):
        # Who has it open is told so, rather than writing to what nobody reads.
        switching.set_aside(old.address, "before-switch")
