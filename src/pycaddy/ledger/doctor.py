"""What is wrong with a project, and what to do about each thing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from pycaddy.errors import MetricsError
from pycaddy.ledger import recording, sidecar, surroundings
from pycaddy.ledger.findings import Finding, leftover
from pycaddy.ledger.ledger import Ledger
from pycaddy.ledger.scan import known_folders, scan
from pycaddy.ledger.trash import remove
from pycaddy.ledger.verify import differences
from pycaddy.metrics.protocol import MetricStore
from pycaddy.metrics.summary import encoded
from pycaddy.records import RunRecord, parse_uid
from pycaddy.stores import Selection

__all__ = ["Finding", "examine"]

_LEFTOVER = re.compile(r"(?:[0-9]{4,}_)?run\.json\.[0-9a-f]{12}\.tmp")


def examine(ledger: Ledger, *, fix: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with the project of *ledger*.

    Args:
        fix: Write each `run.json` again that is missing or says something else than the ledger,
            and finish what processes that were killed have left half done.
    """
    yield from surroundings.machine(ledger)
    for problem in ledger.store.check():
        yield Finding("ledger", problem, "Run `pycaddy rebuild`")
    records = ledger.records(Selection())
    yield from _stale(ledger, records)
    yield from _files(ledger, records)
    yield from _metrics(ledger, records, fix=fix)
    yield from _sidecars(ledger, [*records, *ledger.records(Selection(trashed=True))], fix=fix)
    yield from _leftovers(ledger, records, fix=fix)
    yield from _unknown(ledger, records, fix=fix)
    yield from surroundings.leftovers(ledger, fix=fix)
    yield from surroundings.backups(ledger, records)


def _stale(ledger: Ledger, records: list[RunRecord]) -> Iterator[Finding]:
    for record in records:
        if ledger.is_stale(record):
            yield Finding(
                f"run {record.key}",
                f"is RUNNING, and its process ({record.owner}) is gone",
                "Open it with ExistingRun.CONTINUE to go on, or end it with error()",
                severe=False,
            )


def _files(ledger: Ledger, records: list[RunRecord]) -> Iterator[Finding]:
    """Count what `verify` tells one by one: who deletes a checkpoint may have meant it."""
    for record in records:
        if found := [difference.key for difference in differences(ledger, [record])]:
            names = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
            yield Finding(
                f"run {record.key}",
                f"attached files are missing or changed: {len(found)} ({names})",
                "`pycaddy verify` tells what is wrong with each; bring them back, or attach others",
                severe=False,
            )


def _metrics(ledger: Ledger, records: list[RunRecord], *, fix: bool) -> Iterator[Finding]:
    for record in records:
        if lost := sum(facts.get("lost", 0) for facts in record.summary.values()):
            yield Finding(
                f"run {record.key}",
                f"logged {lost} points that are not on the disk",
                "The warnings of that time say why",
                severe=False,
            )
        store = recording.existing(ledger, record)
        if store is None:
            continue
        try:
            summary = _summary_to_keep(ledger, record, store)
        except MetricsError as error:
            yield Finding(
                f"run {record.key}",
                f"has metrics that cannot be read ({error})",
                "Restore them from a backup",
            )
            continue
        if summary != record.summary_text:
            if fix:
                recording.set_summary(ledger, record, summary, record.attempt)
            yield Finding(
                f"run {record.key}",
                "has a summary of its metrics that is older than its points",
                "`pycaddy doctor --fix` makes it anew",
                severe=False,
                fixed=fix,
            )


def _summary_to_keep(ledger: Ledger, record: RunRecord, store: MetricStore) -> str | None:
    """Return the summary that the run should have: made anew if its process could not.

    Raises:
        MetricsError: They cannot be read.
    """
    if record.summary_text is None if record.status.is_final else ledger.is_stale(record):
        return encoded(recording.summary_of(store))
    store.counts()
    return record.summary_text


def _sidecars(ledger: Ledger, records: list[RunRecord], *, fix: bool) -> Iterator[Finding]:
    for record in filter(sidecar.has_one, records):
        if _sidecar_problem(ledger, record) is None:
            continue
        # Seen again: whoever works on the run may have changed it since the records were read.
        now = _now(ledger, record)
        problem = None if now is None else _sidecar_problem(ledger, now)
        if now is None or problem is None:
            continue
        path = ledger.description_path(now)
        if fix:
            ledger.describe(now)
        yield Finding(path, problem, "`pycaddy doctor --fix` writes it again", fixed=fix)


def _sidecar_problem(ledger: Ledger, record: RunRecord) -> str | None:
    try:
        with open(ledger.description_path(record), "rb") as file:
            found = file.read()
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if found == sidecar.render(record, ledger.store.project):
        return None
    return "says something else than the ledger"


def _leftovers(ledger: Ledger, records: list[RunRecord], *, fix: bool) -> Iterator[Finding]:
    """Find descriptions that were written and never put in their place."""
    described = filter(sidecar.has_one, records)
    paths = []
    for folder in sorted({os.path.dirname(record.layout.sidecar) for record in described}):
        with suppress(OSError):  # told about the description already
            names = os.listdir(os.path.join(ledger.root, folder))
            paths += [f"{folder}/{name}" for name in names if _LEFTOVER.fullmatch(name)]
    for path in (os.path.join(ledger.root, path) for path in paths):
        if os.path.exists(path):  # else it was on its way
            yield leftover(path, fix=fix)


def _unknown(ledger: Ledger, records: list[RunRecord], *, fix: bool = False) -> Iterator[Finding]:
    found = scan(ledger.root, *known_folders(ledger.store))
    known = {(record.layout.home, record.uid) for record in records}
    for problem in found.problems:
        yield Finding("folders", problem, "Move it out of the project, or mend it")
    for record in found.records:
        if record.trashed_us is not None or (record.layout.home, record.uid) in known:
            continue
        now = ledger.store.get(record.relpath, record.identifier, parse_uid(record.uid))
        if now is None:
            yield Finding(
                f"run {record.key}",
                "has a folder, and the ledger does not know it",
                "`pycaddy rebuild` takes it in",
            )
        elif now.trashed_us is not None:
            if fix:
                remove(ledger, now)
            yield Finding(
                f"run {record.key}",
                "was removed, and its files are still in their place",
                "`pycaddy doctor --fix` puts them into the trash",
                fixed=fix,
            )


def _now(ledger: Ledger, record: RunRecord) -> RunRecord | None:
    """Return the run as the ledger has it now, unless it was removed or restored meanwhile."""
    now = ledger.store.get(record.relpath, record.identifier, parse_uid(record.uid))
    same_place = now is not None and (now.trashed_us is None) == (record.trashed_us is None)
    return now if same_place else None
