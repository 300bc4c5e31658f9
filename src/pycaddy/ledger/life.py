"""What happens to a run between its creation and its end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pycaddy import codec, params
from pycaddy._clock import utc_now_us
from pycaddy._names import check_tag
from pycaddy.errors import LedgerSyncError, ParamsError, RunNotFoundError, RunStateError
from pycaddy.ledger import artifacts, folders, heart, recording, sidecar, transitions
from pycaddy.ledger.owner import this_process
from pycaddy.records import Owner, RunRecord
from pycaddy.status import Status

if TYPE_CHECKING:
    from pycaddy.ledger.ledger import Change, Ledger

__all__ = [
    "adopt",
    "attach",
    "bury",
    "finish",
    "mark",
    "move",
    "reopen",
    "set_capture",
    "set_note",
    "set_result",
    "start",
]

_LONGEST_NOTE = 20_000


def start(
    ledger: Ledger, record: RunRecord, attempt: int, capture_text: str | None = None
) -> RunRecord:
    """Begin another attempt by this process; its folder is there when this returns.

    Args:
        capture_text: What was noted of the code and the machine, as JSON.
    """
    owner = this_process()

    def decide(seen: RunRecord) -> RunRecord:
        return transitions.start(
            seen,
            owner,
            utc_now_us(),
            attempt=attempt,
            gone=ledger.is_gone,
            capture_text=capture_text,
        )

    return _begin(ledger, record, decide)


def adopt(ledger: Ledger, record: RunRecord, attempt: int, giver: Owner) -> RunRecord:
    """Go on with an attempt that the process *giver* began for this one."""
    owner = this_process().driven_by(giver)
    adopted = ledger.change(record, lambda seen: transitions.adopt(seen, owner, attempt, giver))
    heart.hold(ledger.store, adopted)
    return adopted


def reopen(ledger: Ledger, record: RunRecord, capture_text: str | None = None) -> RunRecord:
    """Begin another attempt by this process on a run that is DONE."""
    owner = this_process()
    return _begin(
        ledger, record, lambda seen: transitions.reopen(seen, owner, utc_now_us(), capture_text)
    )


def finish(
    ledger: Ledger,
    record: RunRecord,
    status: Status,
    attempt: int,
    error_text: str | None = None,
) -> RunRecord:
    """End a run as DONE or ERROR, with the facts of its files and metrics as they are now."""
    with recording.Ending(ledger, record) as summary_text:
        finished = _change_with_folder(
            ledger,
            record,
            lambda seen: transitions.finish(
                seen,
                status,
                utc_now_us(),
                attempt=attempt,
                files_text=artifacts.refresh(seen.files_text, ledger.root),
                summary_text=summary_text,
                error_text=error_text,
            ),
        )
    heart.release(ledger.store, finished)
    return finished


def bury(ledger: Ledger, record: RunRecord, reason: str) -> RunRecord:
    """End a run as ERROR for its worker, if it is still RUNNING in the attempt of *record*."""
    with recording.Ending(ledger, record, lost=True) as summary_text:
        buried = ledger.change(
            record,
            lambda seen: transitions.bury(
                seen, utc_now_us(), attempt=record.attempt, reason=reason, summary_text=summary_text
            ),
        )
    heart.release(ledger.store, record)
    return buried


def move(ledger: Ledger, record: RunRecord, status: Status) -> RunRecord:
    """Move a run to *status* in the name of its latest attempt."""
    if status is Status.RUNNING:
        return start(ledger, record, record.attempt)
    if status.is_final:
        return finish(ledger, record, status, record.attempt)
    raise RunStateError(
        f"Run {record.key} is {record.status.name}, and no run becomes PENDING again. "
        "Allocate a new one.",
        run=str(record.key),
        status=record.status,
    )


def attach(
    ledger: Ledger,
    record: RunRecord,
    files: Mapping[str, str | os.PathLike[str]],
    *,
    hash: bool = False,
    replace: bool = False,
    attempt: int | None = None,
) -> RunRecord:
    """Add files to a run by key."""

    def attached(seen: RunRecord) -> RunRecord:
        if attempt is not None:
            transitions.fence(seen, attempt)
        known = artifacts.attach(
            seen.artifacts,
            files,
            ledger.root,
            run=str(seen.key),
            ledger=ledger.address,
            hash=hash,
            replace=replace,
        )
        text = codec.encode_files(known)
        return seen if text == seen.files_text else seen.changed(files_text=text)

    return ledger.change(record, attached)


def set_result(
    ledger: Ledger, record: RunRecord, result: Mapping[str, Any] | None, attempt: int
) -> RunRecord:
    """Store what a run found out, in place of what it had stored before."""
    text = None if result is None else _result_text(result)

    def with_result(seen: RunRecord) -> RunRecord:
        transitions.fence(seen, attempt)
        return seen if text == seen.result_text else seen.changed(result_text=text)

    return ledger.change(record, with_result)


def set_capture(
    ledger: Ledger, record: RunRecord, capture: Mapping[str, Any], attempt: int
) -> RunRecord:
    """Store what was noted of the code and the machine after the attempt had begun."""
    text = codec.encode(capture)

    def with_capture(seen: RunRecord) -> RunRecord:
        transitions.fence(seen, attempt)
        return seen if text == seen.capture_text else seen.changed(capture_text=text)

    return ledger.change(record, with_capture)


def mark(
    ledger: Ledger, record: RunRecord, *, add: Iterable[str] = (), drop: Iterable[str] = ()
) -> RunRecord:
    """Put tags on a run and take others off; whoever marks a run need not work on it."""
    added, dropped = {check_tag(tag) for tag in add}, {check_tag(tag) for tag in drop}

    def marked(seen: RunRecord) -> RunRecord:
        text = codec.encode_tags((set(seen.tags) | added) - dropped)
        return seen if text == seen.tags_text else seen.changed(tags_text=text)

    return ledger.change(record, marked)


def set_note(ledger: Ledger, record: RunRecord, text: str | None) -> RunRecord:
    """Write a note to a run in place of the one before; "" or None takes it away."""
    note = None if text is None else _note_text(text)
    return ledger.change(
        record, lambda seen: seen if seen.note == note else seen.changed(note=note)
    )


def _begin(ledger: Ledger, record: RunRecord, decide: Change) -> RunRecord:
    """Begin an attempt by this process, and hold it."""
    with heart.Taking(ledger.store) as taking:

        def noted(seen: RunRecord) -> RunRecord:
            wanted = decide(seen)
            return wanted if wanted is seen else taking.begins(wanted)

        try:
            begun = _change_with_folder(ledger, record, noted)
            heart.hold(ledger.store, begun)
        except LedgerSyncError as error:
            if isinstance(error.record, RunRecord):  # it has begun all the same
                heart.hold(ledger.store, error.record)
                taking.forget()
            raise
    return begun


def _change_with_folder(ledger: Ledger, record: RunRecord, decide: Change) -> RunRecord:
    """Change a run whose folder is there by then."""
    if sidecar.has_one(record):
        return ledger.change(record, decide)
    folder = folders.make_for(ledger, record)
    try:
        return ledger.change(record, decide)
    except RunNotFoundError:
        # In the trash, and the folder would be in the way when it is restored.
        with suppress(OSError):  # somebody has put something into it
            os.rmdir(folder)
        raise


def _note_text(text: object) -> str | None:
    if not isinstance(text, str):
        raise TypeError(f"A note must be a text, not {text!r}.")
    if len(text) > _LONGEST_NOTE:
        raise ValueError(
            f"The note has {len(text):,} characters, and {_LONGEST_NOTE:,} is the most. Write it "
            "to a file of the run: session.path('notes.txt')."
        )
    # What no database takes is written out.
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00") or None


def _result_text(result: Mapping[str, Any]) -> str:
    plain = params.plain(result, name="result")
    if not isinstance(plain, dict):
        raise ParamsError(
            f"A result must be a mapping, not a {type(result).__name__}. "
            "Give the value a name: {'value': ...}.",
            path="result",
        )
    return params.dump(plain, name="result")
