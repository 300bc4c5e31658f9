"""The metrics of the ledger's runs: where they lie, and what the ledger keeps of them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pycaddy.errors import LedgerError, MetricNotFoundError, MetricsError, RunFinishedError
from pycaddy.layout import TRASH_FOLDER
from pycaddy.ledger import transitions
from pycaddy.ledger.owner import this_process
from pycaddy.metrics import live
from pycaddy.records import RunRecord

if TYPE_CHECKING:
    from pycaddy.ledger.register import Register
    from pycaddy.metrics.protocol import MetricStore
    from pycaddy.metrics.recorder import Recorder
    from pycaddy.metrics.series import Series
    from pycaddy.stores import Store

__all__ = [
    "Ending",
    "existing",
    "file_of",
    "flush",
    "in_ledger",
    "place",
    "read",
    "recomputed",
    "recorder_for",
    "series",
    "set_summary",
    "summaries",
    "summary_of",
]


def recorder_for(ledger: Register, record: RunRecord, attempt: int) -> Recorder:
    """Return what records the metrics of an attempt in this process.

    Raises:
        RunFinishedError: The run has ended.
        LeaseLostError: A later attempt has begun.
    """
    from pycaddy.metrics.flusher import recorder_at
    from pycaddy.metrics.recorder import Recorder

    with suppress(LedgerError):  # the run goes on without its ledger as long as it can
        record = ledger.reread(record)
    transitions.refuse_finished(record, "log to it")
    transitions.fence(record, attempt)

    def open_store() -> MetricStore:
        ledger.make_folder(record)
        return place(ledger, record)

    def publish(text: str) -> None:
        set_summary(ledger, record, text, attempt)

    key = _key(ledger, record)
    recorder = recorder_at(key, attempt, lambda: Recorder(attempt, open_store, publish))
    if recorder.ended:
        raise RunFinishedError(
            f"Run {record.key} is being ended by another thread. Log before that.",
            run=str(record.key),
            status=record.status,
        )
    return recorder


def flush(ledger: Register, record: RunRecord) -> None:
    """Write what this process has logged of a run."""
    if live.recorders and (found := live.recorders.get(_key(ledger, record))):
        found.flush()


class Ending:
    """Run the block that ends a run, given the summary to keep; None if there is no new one.

    What this process has logged is on disk by then. If the block fails the run goes on, and is
    recorded on. A class: a generator would cost each run more that has no metrics.

    Args:
        lost: The run's process could not do this itself.
    """

    __slots__ = ("_ledger", "_lost", "_record", "_recorder")

    def __init__(self, ledger: Register, record: RunRecord, *, lost: bool = False) -> None:
        self._ledger = ledger
        self._record = record
        self._lost = lost

    def __enter__(self) -> str | None:
        self._recorder = None
        if live.recorders:
            self._recorder = live.recorders.get(_key(self._ledger, self._record))
        if self._recorder is not None:
            self._recorder.flush()
            if self._recorder.is_failing:
                # A server that is away is waited for, as the end of the run itself would.
                self._ledger.reread(self._record)
            return self._recorder.close()
        if self._lost or self._may_be_of_others():
            return recomputed(self._ledger, self._record)
        return None

    def _may_be_of_others(self) -> bool:
        """Whether another process may have logged; asked without a look at the disk."""
        record = self._record
        if record.status.is_final:
            return False
        return record.summary_text is not None or record.owner != this_process()

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if self._recorder is None:
            return
        if error is not None:
            self._recorder.ended = False
            return
        from pycaddy.metrics.flusher import remove

        remove(_key(self._ledger, self._record))


def read(ledger: Register, record: RunRecord, name: str) -> Series | None:
    """Return a series of the run with all that this process has logged, or None."""
    flush(ledger, record)
    return place(ledger, record).read(name)


def series(ledger: Register, record: RunRecord, name: str) -> Series:
    """Return a series of the run, or raise MetricNotFoundError."""
    found = read(ledger, record, name)
    if found is None:
        names = sorted(place(ledger, record).counts())
        there = f"It has {', '.join(names[:10])}" if names else "It has logged nothing yet"
        raise MetricNotFoundError(
            f"Run {record.key} has no series {name!r}. {there}.", run=str(record.key), name=name
        )
    return found


def summaries(ledger: Register, record: RunRecord) -> dict[str, dict[str, Any]]:
    """Return the summary of each series of the run, as of now."""
    if found := live.recorders.get(_key(ledger, record)):
        return dict(sorted(found.summaries().items()))
    if record.status.is_final and record.summary_text is not None:
        return record.summary
    return summary_of(place(ledger, record))


def set_summary(ledger: Register, record: RunRecord, text: str | None, attempt: int) -> RunRecord:
    """Keep *text* as the summary of a run, unless it ended with one."""

    def with_summary(seen: RunRecord) -> RunRecord:
        transitions.fence(seen, attempt)
        if text == seen.summary_text or (seen.status.is_final and seen.summary_text is not None):
            return seen
        return seen.changed(summary_text=text)

    return ledger.change(record, with_summary)


def recomputed(ledger: Register, record: RunRecord) -> str | None:
    """Return the summary that the run's points give; None if they are none, or unreadable."""
    from pycaddy.metrics.summary import encoded

    store = existing(ledger, record)
    if store is None:
        return None
    try:
        return encoded(summary_of(store))
    except MetricsError as error:
        from logging import getLogger

        getLogger("pycaddy").warning("Run %s ends without its metrics: %s", record.key, error)
        return None


def summary_of(store: MetricStore) -> dict[str, dict[str, Any]]:
    """Return the summary of each series in *store*, by name."""
    found = {name: store.read(name) for name in sorted(store.counts())}
    return {name: dict(series.summary) for name, series in found.items() if series is not None}


def existing(ledger: Register, record: RunRecord) -> MetricStore | None:
    """Return where the run's metrics lie; None if it surely has none."""
    if os.path.exists(file_of(ledger, record)) or ledger.store.blocks(record) is not None:
        return place(ledger, record)
    return None


def place(ledger: Register, record: RunRecord) -> MetricStore:
    """Return where the run's metrics are, or will be.

    With a ledger that keeps them: there, unless it has none of the run and the folder has a file,
    which is from an archive or from before a rebuild. A file beside points in the ledger is what
    a copy has left behind, or has brought for a project that is not kept in it yet.
    """
    path = file_of(ledger, record)
    kept = in_ledger(ledger.store, record)
    if kept is not None and not (os.path.exists(path) and not kept.counts()):
        return kept
    from pycaddy.metrics.sqlite import SqliteMetrics

    return SqliteMetrics(path, ledger.durability)


def in_ledger(store: Store, record: RunRecord) -> MetricStore | None:
    """Return the place that *store* has for the run's metrics; None if they lie in a file."""
    blocks = store.blocks(record)
    if blocks is None:
        return None
    from pycaddy.metrics.database import DatabaseMetrics

    return DatabaseMetrics(blocks)


def file_of(ledger: Register, record: RunRecord) -> str:
    """Return where the run's file of metrics is: in the trash with its files, if they are."""
    path = os.path.join(ledger.root, record.layout.metrics)
    if record.trashed_us is None or os.path.exists(path):
        return path
    return os.path.join(ledger.root, TRASH_FOLDER, record.layout.metrics)


def _key(ledger: Register, record: RunRecord) -> str:
    """Return what the run's recorder in this process is known by."""
    return os.path.join(ledger.root, record.layout.metrics)
