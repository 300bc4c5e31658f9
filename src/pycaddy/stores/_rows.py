"""Records to rows and back: shared by all stores."""

from __future__ import annotations

from collections.abc import Sequence
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
    "changing",
    "decode",
    "decode_all",
    "fixed",
    "new",
]

Row = tuple[Any, ...]

FIXED = ("mode", "param_hash", "param_version", "params", "created")
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
    "history",
)
COLUMNS = ("id", "revision", "uid", *FIXED, *CHANGING)

_PARAMS = COLUMNS.index("params")
_STATUS = {status.value: status for status in Status}
_MODE = {mode.value: mode for mode in StorageMode}


def new(run: NewRun) -> RunRecord:
    """Return the record of a run that is about to be created; row, revision, uid are open."""
    now = utc_now_us()
    return RunRecord(
        row=0,
        revision=1,
        relpath=run.relpath,
        identifier=run.identifier,
        uid="",
        status=run.status,
        attempt=0,
        mode=run.mode,
        param_hash=run.param_hash,
        param_version=params.VERSION,
        params=run.params,
        files={},
        result=None,
        error_text=None,
        owner=run.owner,
        created_us=now,
        started_us=None,
        ended_us=now if run.status.is_final else None,
        trashed_us=None,
        history_text=codec.begin_history(run.status, now),
    )


def fixed(record: RunRecord, params_text: str) -> Row:
    """Return the values of the FIXED columns."""
    return (
        record.mode.value,
        record.param_hash,
        record.param_version,
        params_text,
        record.created_us,
    )


def changing(record: RunRecord) -> Row:
    """Return the values of the CHANGING columns."""
    return (
        record.status.value,
        record.attempt,
        codec.encode_files(record.files),
        None if record.result is None else params.dump(record.result),
        record.error_text,
        codec.encode_owner(record.owner),
        record.started_us,
        record.ended_us,
        record.trashed_us,
        record.history_text,
    )


def decode(row: Row, relpath: str, identifier: str) -> RunRecord:
    """Return the record of a row of COLUMNS."""
    return _decode(row, relpath, identifier, params.thaw(row[_PARAMS]))


def decode_all(rows: Sequence[Row]) -> list[RunRecord]:
    """Return the records of rows of COLUMNS, each followed by its relpath and identifier."""
    frozen = params.thaw_many([row[_PARAMS] for row in rows])
    return [_decode(row[:-2], row[-2], row[-1], p) for row, p in zip(rows, frozen, strict=True)]


def _decode(row: Row, relpath: str, identifier: str, values: dict[str, Any]) -> RunRecord:
    (
        id_,
        revision,
        uid,
        mode,
        param_hash,
        param_version,
        _,
        created,
        status,
        attempt,
        files,
        result,
        error,
        owner,
        started,
        ended,
        trashed,
        history,
    ) = row
    return RunRecord(
        id_,
        revision,
        relpath,
        identifier,
        format_uid(uid),
        _STATUS[status],
        attempt,
        _MODE[mode],
        param_hash,
        param_version,
        values,
        codec.decode_files(files),
        None if result is None else params.thaw(result),
        error,
        codec.decode_owner(owner),
        created,
        started,
        ended,
        trashed,
        history,
    )
