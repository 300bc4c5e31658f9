"""Records to rows and back: shared by all stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycaddy import codec, params
from pycaddy._clock import utc_now_us
from pycaddy.layout import StorageMode
from pycaddy.records import NewRun, RunRecord, format_uid
from pycaddy.status import Status

__all__ = [
    "CHANGING",
    "COLUMNS",
    "FIXED",
    "Row",
    "by_creation",
    "changing_values",
    "fixed_values",
    "grouped",
    "new_record",
    "record_of_row",
]

Row = tuple[Any, ...]

FIXED = ("mode", "param_hash", "param_version", "params", "created", "beat")
CHANGING = (
    "status",
    "attempt",
    "files",
    "result",
    "error",
    "owner",
    "started",
    "ended",
    "trashed",
    "tags",
    "note",
    "summary",
    "capture",
    "history",
)
COLUMNS = ("id", "revision", "uid", *FIXED, *CHANGING)

_STATUS = {status.value: status for status in Status}
_MODE = {mode.value: mode for mode in StorageMode}


def new_record(run: NewRun) -> RunRecord:
    """Return the record of a run that is about to be created; row and uid are open."""
    now = utc_now_us()
    return RunRecord(
        row=0,
        revision=1,
        relpath=run.relpath,
        identifier=run.identifier,
        uid="",
        mode=run.mode,
        params_key=run.params_key,
        param_version=params.VERSION,
        params_text=run.params_text,
        created_us=now,
        beat=0,
        status=Status.PENDING,
        attempt=0,
        files_text="{}",
        result_text=None,
        error_text=None,
        owner_text=codec.encode_owner(run.owner),
        started_us=None,
        ended_us=None,
        trashed_us=None,
        tags_text="[]",
        note=None,
        summary_text=None,
        capture_text=None,
        history_text=codec.begin_history(Status.PENDING, now),
    )


def fixed_values(record: RunRecord) -> Row:
    """Return the values of the FIXED columns."""
    return (
        record.mode.value,
        record.params_key,
        record.param_version,
        record.params_text,
        record.created_us,
        record.beat,
    )


def changing_values(record: RunRecord) -> Row:
    """Return the values of the CHANGING columns."""
    return (
        record.status.value,
        record.attempt,
        record.files_text,
        record.result_text,
        record.error_text,
        record.owner_text,
        record.started_us,
        record.ended_us,
        record.trashed_us,
        record.tags_text,
        record.note,
        record.summary_text,
        record.capture_text,
        record.history_text,
    )


def params_values(record: RunRecord) -> Row:
    """Return the values of the columns that new params change."""
    return (record.params_key, record.param_version, record.params_text, record.revision)


def record_of_row(row: Row, relpath: str, identifier: str) -> RunRecord:
    """Return the record of a row of COLUMNS."""
    id_, revision, uid, mode, key, version, text, created, beat, status, *rest = row
    return RunRecord(
        id_,
        revision,
        relpath,
        identifier,
        format_uid(uid),
        _MODE[mode],
        key,
        version,
        text,
        created,
        beat,
        _STATUS[status],
        *rest,
    )


def grouped(rows: Iterable[Row]) -> dict[tuple[str, str], set[str]]:
    """Return the hashes of rows (relpath, identifier, hash) by the first two."""
    found: dict[tuple[str, str], set[str]] = {}
    for relpath, identifier, hashed in rows:
        found.setdefault((relpath, identifier), set()).add(hashed)
    return found


def by_creation(record: RunRecord) -> tuple[int, int]:
    """Return what to sort records by, to have them in the order in which they were created."""
    return record.created_us, int(record.uid)
