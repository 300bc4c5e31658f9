"""`run.json`: a run described in its own folder, for people and for a rebuild."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from pycaddy import codec
from pycaddy._clock import from_iso, to_iso
from pycaddy.layout import StorageMode
from pycaddy.records import RunRecord
from pycaddy.status import Status

__all__ = ["SCHEMA", "has_one", "is_first", "parse", "render"]

T = TypeVar("T")

SCHEMA = 1


def has_one(record: RunRecord) -> bool:
    """Whether the run's folder describes it: from its first start, or its end, on."""
    return record.attempt > 0 or record.status.is_final


def is_first(record: RunRecord) -> bool:
    """Whether a run that has just begun never had a description: it may have ended unbegun."""
    return record.attempt == 1 and len(record.history) == 2


def render(record: RunRecord, project: str) -> bytes:
    """Return the file's content: one JSON object, a line for each of its keys."""
    text = codec.encode_text
    return (
        "{\n"
        f'  "schema": {SCHEMA},\n'
        f'  "project": {text(project)},\n'
        f'  "relpath": {text(record.relpath)},\n'
        f'  "identifier": {text(record.identifier)},\n'
        f'  "uid": {text(record.uid)},\n'
        f'  "status": {text(record.status.value)},\n'
        f'  "attempt": {record.attempt},\n'
        f'  "params": {record.params_text},\n'
        f'  "param_hash": {_json(record.param_hash)},\n'
        f'  "param_version": {record.param_version},\n'
        f'  "result": {record.result_text or "null"},\n'
        f'  "files": {record.files_text},\n'
        f'  "error": {_nullable(record.error_text)},\n'
        f'  "tags": {record.tags_text},\n'
        f'  "note": {_nullable(record.note)},\n'
        f'  "metrics": {record.summary_text or "null"},\n'
        f'  "capture": {record.capture_text or "null"},\n'
        f'  "created_at": {_time(record.created_us)},\n'
        f'  "started_at": {_time(record.started_us)},\n'
        f'  "ended_at": {_time(record.ended_us)},\n'
        f'  "owner": {record.owner_text or "null"},\n'
        f'  "storage_mode": {text(record.mode.value)},\n'
        f'  "history": {record.history_text}\n'
        "}\n"
    ).encode()


def parse(content: bytes) -> tuple[RunRecord, str]:
    """Return the run of a `run.json`, and the id of the project that wrote it.

    Raises:
        ValueError: It is not one, or one of a newer schema.
    """
    try:
        facts = json.loads(content, parse_constant=_no_constant)
        if facts["schema"] > SCHEMA:
            raise ValueError(f"schema {facts['schema']} is newer than {SCHEMA}; upgrade pycaddy")
        return _record(facts), _text(facts["project"])
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"it is not a run's description: {error!r}") from error


def _record(facts: dict[str, Any]) -> RunRecord:
    record = RunRecord(
        row=0,
        revision=1,
        relpath=_text(facts["relpath"]),
        identifier=_text(facts["identifier"]),
        uid=_text(facts["uid"]),
        mode=StorageMode(facts["storage_mode"]),
        params_key=codec.encode_param_hash(facts["param_hash"]),
        param_version=_whole(facts["param_version"]),
        params_text=codec.encode(facts["params"]),
        created_us=from_iso(facts["created_at"]),
        beat=0,
        status=Status(facts["status"]),
        attempt=_whole(facts["attempt"]),
        files_text=codec.encode(facts["files"]),
        result_text=_optional(codec.encode, facts["result"]),
        error_text=_optional(_text, facts["error"]),
        owner_text=_optional(codec.encode, facts["owner"]),
        started_us=_parse_time(facts["started_at"]),
        ended_us=_parse_time(facts["ended_at"]),
        trashed_us=None,
        tags_text=codec.encode_tags(map(_text, facts.get("tags", ()))),
        note=_optional(_text, facts.get("note")),
        summary_text=_optional(codec.encode, facts.get("metrics")),
        capture_text=_optional(codec.encode, facts.get("capture")),
        history_text=codec.encode(facts["history"]),
    )
    _check(record)
    return record


def _check(record: RunRecord) -> None:
    """Decode everything once, so that nothing unreadable gets into a ledger."""
    result = {} if record.result is None else record.result
    for part in (record.params, record.artifacts, result, record.summary, record.capture):
        if not isinstance(part, dict):
            raise TypeError(f"{part!r} is no object")
    for file in record.artifacts.values():
        _text(file.path)
        _optional(_text, file.given)
        for number in (file.size, file.mtime_ns):
            _optional(_whole, number)
        _optional(_text, file.sha256)
    for facts in record.summary.values():
        for number in (facts.get("count", 0), facts.get("lost", 0)):
            _whole(number)
    _check_capture(record.capture)
    if owner := record.owner:
        for text in (owner.host, owner.boot, owner.namespace):
            _text(text)
        driver = (owner.driver, owner.driver_started)
        for number in (owner.pid, owner.started, *(() if driver == (None, None) else driver)):
            _whole(number)
    if not record.history:
        raise ValueError("its history is empty")
    for move in record.history:
        _whole(move.attempt)
        _optional(_text, move.detail)
        for sides in (move.changed_params or {}).values():
            if not isinstance(sides, dict):
                raise TypeError(f"{sides!r} is not what changed in a param")
        if move.at.tzinfo is None:
            raise ValueError(f"the time {move.at} in its history has no zone")
    for kept in (
        record.params_text,
        record.files_text,
        record.result_text,
        record.summary_text,
        record.capture_text,
        record.error_text,
        record.owner_text,
        record.history_text,
        record.params_key,
    ):
        (kept or "").encode()  # half of a surrogate pair is no text that can be kept


def _check_capture(capture: dict[str, Any]) -> None:
    """Check what is shown of it word by word; all else is only handed on."""
    for part in (capture.get("git"), capture.get("origin")):
        if not isinstance(part, (dict, type(None))):
            raise TypeError(f"{part!r} is no object")
    texts = [capture.get("cwd", ""), *capture.get("command", ()), *capture.get("problems", ())]
    for text in texts:
        _text(text)


def _optional(read: Callable[[Any], T], value: Any) -> T | None:
    return None if value is None else read(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    value.encode()  # half of a surrogate pair is no text either, and no database takes it
    return value


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise TypeError(f"{value!r} is no whole number")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _json(value: int | str) -> str:
    return codec.encode_text(value) if isinstance(value, str) else str(value)


def _nullable(text: str | None) -> str:
    return "null" if text is None else codec.encode_text(text)


def _time(us: int | None) -> str:
    return "null" if us is None else f'"{to_iso(us)}"'


def _parse_time(text: str | None) -> int | None:
    return None if text is None else from_iso(text)
