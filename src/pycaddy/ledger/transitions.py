"""How a run's record changes: decisions without I/O.

Each function takes a record and returns its next revision, the same object if nothing changes, or
raises. The caller swaps the one for the other, unless another process was faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pycaddy import codec
from pycaddy.codec import Owner
from pycaddy.errors import (
    LeaseLostError,
    RunBusyError,
    RunFinishedError,
    RunStateError,
    WorkerDiedError,
)
from pycaddy.records import RunRecord
from pycaddy.status import Status

__all__ = [
    "Gone",
    "adopt",
    "begin",
    "end",
    "fence",
    "reap",
    "refuse_busy",
    "refuse_finished",
    "reopen",
    "replace",
    "start",
]

Gone = Callable[[RunRecord], bool]
"""Whether the owner of a run is known to be dead."""

_LONGEST_DETAIL = 200
"""Characters of an error that the history keeps; it grows with each attempt."""


def start(
    record: RunRecord,
    owner: Owner,
    now_us: int,
    *,
    attempt: int,
    gone: Gone,
    capture_text: str | None = None,
) -> RunRecord:
    """Start another attempt as *owner*.

    Args:
        attempt: The attempt that the caller knows of. If it runs already, nothing changes.
    """
    if record.status is Status.DONE:
        raise RunFinishedError(
            f"Run {record.key} is DONE and keeps its result. For a new run use ExistingRun.NEW; "
            "to work on this one again call session.reopen().",
            run=str(record.key),
            status=record.status,
        )
    if record.status is Status.RUNNING:
        if record.owner == owner and record.attempt == attempt:
            return record
        refuse_busy(record, owner, gone)
    return begin(record, owner, now_us, capture_text)


def adopt(record: RunRecord, owner: Owner, attempt: int, giver: Owner) -> RunRecord:
    """Hand a running attempt over from *giver*, which started it, to *owner*.

    It is handed over once: an executor that repeats the work of a worker that is dead, or that it
    believes to be dead, would run the attempt twice.
    """
    fence(record, attempt)
    if record.status is not Status.RUNNING:
        raise RunStateError(
            f"Run {record.key} is {record.status.name}: it was ended before its worker began. "
            "Start it again.",
            run=str(record.key),
            status=record.status,
        )
    if record.owner not in (giver, owner):
        raise WorkerDiedError(
            f"The worker of run {record.key}, {record.owner}, ended without an answer. See the "
            "end of its stdout.log; retries= starts such runs again.",
            exitcode=None,
        )
    text = codec.encode_owner(owner)
    return record if record.owner_text == text else record.changed(owner_text=text)


def reopen(
    record: RunRecord,
    owner: Owner,
    now_us: int,
    *,
    capture_text: str | None = None,
    **_: object,
) -> RunRecord:
    """Start another attempt on a DONE run; takes the arguments of `start`."""
    if record.status is not Status.DONE:
        raise RunStateError(
            f"Run {record.key} is {record.status.name}, and only a DONE run is reopened. "
            "Call start().",
            run=str(record.key),
            status=record.status,
        )
    return begin(record, owner, now_us, capture_text)


def end(
    record: RunRecord,
    status: Status,
    now_us: int,
    *,
    attempt: int,
    files_text: str | None = None,
    summary_text: str | None = None,
    error_text: str | None = None,
) -> RunRecord:
    """End the run as DONE or ERROR. Ending it the same way twice changes nothing."""
    fence(record, attempt)
    if record.status is status:
        return record
    if not record.status.may_become(status):
        raise RunStateError(
            f"Run {record.key} is {record.status.name} and cannot become {status.name}. "
            "Call start() for another attempt first.",
            run=str(record.key),
            status=record.status,
        )
    detail = error_text.strip().rpartition("\n")[2][:_LONGEST_DETAIL] if error_text else None
    return record.changed(
        status=status,
        # The clock may have been set back meanwhile, and no run takes less than no time.
        ended_us=max(now_us, record.started_us or now_us),
        error_text=error_text,
        files_text=record.files_text if files_text is None else files_text,
        summary_text=record.summary_text if summary_text is None else summary_text,
        history_text=codec.append_move(record.history_text, status, now_us, record.attempt, detail),
    )


def reap(
    record: RunRecord, now_us: int, *, attempt: int, reason: str, summary_text: str | None = None
) -> RunRecord:
    """End a RUNNING attempt as ERROR for its worker, which could not.

    If the worker has recorded its end after all, that stays.
    """
    if record.status is not Status.RUNNING or record.attempt != attempt:
        return record
    return end(
        record,
        Status.ERROR,
        now_us,
        attempt=attempt,
        summary_text=summary_text,
        error_text=reason,
    )


def replace(record: RunRecord, *, attempt: int | None = None, **values: Any) -> RunRecord:
    """Return *record* with *values* in place of those that it had.

    Args:
        attempt: Refuse the change if a later attempt has been started.
    """
    if attempt is not None:
        fence(record, attempt)
    if all(getattr(record, name) == value for name, value in values.items()):
        return record
    return record.changed(**values)


def fence(record: RunRecord, attempt: int) -> None:
    """Refuse a change by a worker whose attempt is no longer the latest."""
    if record.attempt != attempt:
        raise LeaseLostError(
            f"Run {record.key} was taken over: this is attempt {attempt}, and attempt "
            f"{record.attempt} has begun. Nothing was changed; leave the run to its new owner.",
            run=str(record.key),
            status=record.status,
            attempt=attempt,
        )


def refuse_finished(record: RunRecord, what: str) -> None:
    """Raise if the run has ended: its result depends on what it logged before."""
    if record.status.is_final:
        call = "reopen" if record.status is Status.DONE else "start"
        raise RunFinishedError(
            f"Run {record.key} is {record.status.name}. Call session.{call}() to {what} again.",
            run=str(record.key),
            status=record.status,
        )


def refuse_busy(record: RunRecord, owner: Owner, gone: Gone) -> None:
    """Raise if a process that is not known to be dead works on the run."""
    if record.owner_text is None or gone(record):
        return
    where = "this process" if record.owner == owner else str(record.owner)
    raise RunBusyError(
        f"Run {record.key} is {record.status.name} in {where}. Wait for it, or end it there with "
        "done() or error(); for a new run use ExistingRun.NEW.",
        run=str(record.key),
        status=record.status,
        owner=record.owner,
    )


def begin(
    record: RunRecord, owner: Owner, now_us: int, capture_text: str | None = None
) -> RunRecord:
    """Start another attempt as *owner*, whatever the run's status is."""
    attempt = record.attempt + 1
    return record.changed(
        status=Status.RUNNING,
        attempt=attempt,
        owner_text=codec.encode_owner(owner),
        started_us=now_us,
        ended_us=None,
        error_text=None,
        capture_text=capture_text
        if record.capture_text is None
        else codec.keep_origin(record.capture_text, capture_text),
        history_text=codec.append_move(
            record.history_text, Status.RUNNING, now_us, attempt, str(owner)
        ),
    )
