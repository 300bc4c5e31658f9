"""A ledger made again from what the runs' folders say."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass

from pycaddy._files import random_id
from pycaddy.errors import (
    LeaseLostError,
    LedgerDamagedError,
    LedgerError,
    MetricsError,
    RunNotFoundError,
)
from pycaddy.ledger import address, recording
from pycaddy.ledger.register import Register
from pycaddy.ledger.scan import Found, known_folders, scan, split_home
from pycaddy.ledger.switch import set_aside
from pycaddy.metrics.summary import encoded
from pycaddy.stores import Store
from pycaddy.stores.postgres.url import is_postgres
from pycaddy.stores.sqlite.store import SqliteStore

__all__ = ["RebuildReport", "rebuild"]


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild found."""

    found: int
    """Runs that the folders describe."""
    added: int
    """Those of them that the ledger did not know."""
    problems: tuple[str, ...]
    """What could not be taken in, one sentence each."""
    old_ledger: str | None
    """Where the damaged ledger lies now, if there was one."""


def rebuild(root: str, durability: str = "power", ledger: str | None = None) -> RebuildReport:
    """Take the runs that the folders below *root* describe into the ledger.

    A healthy ledger keeps all it has and gets the runs it does not know, in one transaction. A
    missing or damaged one is made anew, and the old file is kept in `.pycaddy/backups`. Runs
    that were never started left nothing in a folder and are not found there. A database is never
    replaced.

    Args:
        ledger: Where the ledger is. Default: where *root* says.

    Raises:
        LedgerError: There is nothing to make it from; or the ledger is not damaged but cannot be
            used now: it is busy, or a newer pycaddy wrote it.
    """
    root, found_ledger = address.locate(root)
    ledger = ledger or found_ledger
    if is_postgres(ledger):
        _refuse_within(root)
        if not os.path.exists(address.project_file(root)):
            address.write_project_file(root, _project_id(root, scan(root)), ledger)
        return _complete(root, ledger, durability)
    if os.path.exists(ledger) and _is_healthy(ledger):
        _refuse_within(root)
        return _complete(root, ledger, durability)
    found = scan(root)
    known = os.path.exists(ledger) or os.path.exists(address.project_file(root))
    if not found.records and not found.problems and not known:
        raise LedgerError(
            f"{root} holds no run's folder and is no project: there is nothing to rebuild from.",
            ledger=ledger,
        )
    _refuse_within(root)
    if ledger != address.ledger_file(root):
        raise LedgerDamagedError(
            f"The ledger {ledger} is damaged or gone, and other projects may use it. "
            "Restore it from a backup, and rebuild then.",
            ledger=ledger,
        )
    added, old = _make_anew(root, ledger, durability, found)
    _sum_up(root, ledger, durability, found)
    return RebuildReport(len(found.records), added, tuple(found.problems), old)


def _complete(root: str, ledger: str, durability: str) -> RebuildReport:
    """Add what a healthy ledger does not know."""
    store = address.open_store(root, ledger, durability)
    try:
        found = scan(root, *known_folders(store))
        added = _load(store, found)
    finally:
        store.close()
    _sum_up(root, ledger, durability, found)
    return RebuildReport(len(found.records), added, tuple(found.problems), None)


def _make_anew(root: str, ledger: str, durability: str, found: Found) -> tuple[int, str | None]:
    """Return how many runs the new ledger holds, and where the old one lies now."""
    id_ = _project_id(root, found)
    workshop = os.path.join(os.path.dirname(ledger), "rebuilt")
    shutil.rmtree(workshop, ignore_errors=True)
    store = SqliteStore(os.path.join(workshop, "ledger.db"), id_, durability)
    added = _load(store, found)
    store.close()
    old = set_aside(ledger, "damaged")
    os.rename(store.path, ledger)
    shutil.rmtree(workshop)
    address.write_project_file(root, id_, ledger)
    return added, old


def _refuse_within(root: str) -> None:
    """Refuse a folder of a project that lies higher up: it would become one that hides there."""
    if os.path.exists(os.path.dirname(address.ledger_file(root))):
        return
    above = os.path.dirname(root)
    while above != os.path.dirname(above):
        if os.path.exists(address.project_file(above)):
            raise LedgerError(
                f"{root} belongs to the project {above}. Rebuild that one.",
                ledger=address.ledger_file(above),
            )
        above = os.path.dirname(above)


def _load(store: Store, found: Found) -> int:
    highest = {split_home(home): number for home, number in found.highest.items()}
    return store.load(found.records, highest, found.shared)


def _sum_up(root: str, where: str, durability: str, found: Found) -> None:
    """Sum up what runs have logged that did not come to their end: their descriptions are older.

    The ledger and the run's folder both get the summary, as from the run itself.
    """
    ledger = Register(where, root=root, durability=durability)
    for record in found.records:
        if record.status.is_final or record.trashed_us is not None:
            continue
        try:
            place = recording.existing(ledger, record)
            if place is None or not place.counts():
                continue
            text = encoded(recording.summary_of(place))
            recording.set_summary(ledger, ledger.reread(record), text, record.attempt)
        except MetricsError as error:
            found.problems.append(str(error))
        except (LeaseLostError, RunNotFoundError):
            continue  # the ledger knows more of it than its folder
    ledger.store.close()


def _is_healthy(ledger: str) -> bool:
    try:
        store = SqliteStore(ledger)
        try:
            return not store.check()
        finally:
            store.close()
    except LedgerDamagedError:
        # Any other error (busy, written by a newer pycaddy, no permission) is for the caller:
        # what the ledger holds is not lost, and must not be put aside.
        return False


def _project_id(root: str, found: Found) -> str:
    """Return the id the project had: by its file, else the one that most runs name."""
    if os.path.exists(address.project_file(root)):
        with suppress(LedgerError):
            return address.project_id(root, address.ledger_file(root))
    return max(found.projects, key=found.projects.__getitem__, default=random_id())
