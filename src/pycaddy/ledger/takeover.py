"""A project of pycaddy 0.2 that goes on with this ledger: its runs are taken over, once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pycaddy.errors import LedgerMissingError
from pycaddy.ledger import folders, sidecar
from pycaddy.ledger.address import earlier_file_done, project_file
from pycaddy.ledger.earlier import SOURCE, Earlier, EarlierRun, origin_of
from pycaddy.records import RunRecord
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.ledger.register import Register

__all__ = ["check_new", "describe_new", "take_over"]

_log = logging.getLogger("pycaddy")


def check_new(ledger: Register, earlier: Earlier | None) -> None:
    """Check that the runs of *earlier* were not taken over before, by a ledger that is gone.

    Their folders describe them as they were last: with the params, tags and notes that they got
    since, and beside newer runs. The `metadata.json` has none of that.

    Raises:
        LedgerMissingError: They were.
    """
    if earlier is None or os.path.exists(project_file(ledger.root)):
        return
    for run, record in earlier.found:
        path = ledger.description_path(record)
        if _describes(path, run, record):
            raise LedgerMissingError(
                f"{earlier.path} was taken over before, as {path} says, but the ledger with its "
                f"runs is gone. `pycaddy rebuild {ledger.root}` makes it again from the folders; "
                "a copy of the folder .pycaddy, if you have one, is better.",
                ledger=ledger.address,
            )


def _describes(path: str, run: EarlierRun, record: RunRecord) -> bool:
    """Whether the file *path* is the `run.json` that a takeover of *run* wrote."""
    try:
        with open(path, "rb") as file:
            described, _ = sidecar.parse(file.read())
    except (OSError, ValueError):
        return False  # none, or one of something else
    return described.key == record.key and origin_of(described) == run.name


def take_over(ledger: Register, earlier: Earlier | None) -> None:
    """Add the runs of *earlier* to a ledger that has no runs yet, and describe them in folders.

    Any number of processes may do so at the same time: the runs are added in one transaction,
    which fails where one of their uids is taken. A process that is killed leaves the rest to the
    next one that opens the project.
    """
    if earlier is not None:
        _add(ledger, earlier)
        describe_new(ledger, earlier.records)
    earlier_file_done(ledger.root)


def _add(ledger: Register, earlier: Earlier) -> None:
    if not ledger.store.identifiers() and ledger.store.merge(earlier.records, ()):
        _log.info(
            "Took over %d runs of %s from %s, which stays as it is.",
            len(earlier.found),
            SOURCE,
            earlier.path,
        )
        for problem in earlier.problems:
            _log.warning("%s", problem)
    elif not any(map(origin_of, ledger.records(Selection()))):
        _log.warning(
            "%s was not taken over: the ledger has other runs already. `pycaddy import %s` adds "
            "them.",
            earlier.path,
            os.path.dirname(earlier.path),
        )


def describe_new(ledger: Register, added: Iterable[RunRecord]) -> None:
    """Write the `run.json` of each run of *added* that should have one and has none yet."""
    keys = {record.key for record in added}
    for record in ledger.records(Selection()):
        if record.key not in keys or not sidecar.has_one(record):
            continue
        if not os.path.exists(ledger.description_path(record)):
            folders.make(ledger.root, record, fresh=False)
            ledger.describe(record)
