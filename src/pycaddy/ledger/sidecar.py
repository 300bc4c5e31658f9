"""`run.json`: a run described in its own folder, for people and for a rebuild."""

from __future__ import annotations

import json
from typing import Any

from pycaddy import codec, params
from pycaddy._clock import from_iso, to_iso
from pycaddy.layout import StorageMode
from pycaddy.records import Move, Owner, RunRecord
from pycaddy.status import Status

__all__ = ["SCHEMA", "has_one", "parse", "render"]

SCHEMA = 1


def has_one(record: RunRecord) -> bool:
    """Whether the run's folder describes it: from its first start, or its end, on."""
    return record.attempt > 0 or record.status.is_final


def render(record: RunRecord, project: str) -> bytes:
    """Return the file's content: one JSON object, a line for each of its keys."""
    lines = (
        ("schema", str(SCHEMA)),
        ("project", codec.encode(project)),
        ("relpath", codec.encode(record.relpath)),
        ("identifier", codec.encode(record.identifier)),
        ("uid", codec.encode(record.uid)),
        ("status", codec.encode(record.status.value)),
        ("attempt", str(record.attempt)),
        ("params", params.dump(record.params)),
        ("param_hash", codec.encode(record.param_hash)),
        ("param_version", str(record.param_version)),
        ("result", "null" if record.result is None else params.dump(record.result)),
        ("files", codec.encode_files(record.files)),
        ("error", "null" if record.error_text is None else codec.encode(record.error_text)),
        ("created_at", _time(record.created_us)),
        ("started_at", _time(record.started_us)),
        ("ended_at", _time(record.ended_us)),
        ("owner", codec.encode_owner(record.owner) or "null"),
        ("storage_mode", codec.encode(record.mode.value)),
        ("history", f"[{', '.join(map(_render_move, json.loads(record.history_text)))}]"),
    )
    body = ",\n".join(f'  "{key}": {text}' for key, text in lines)
    return f"{{\n{body}\n}}\n".encode()


def parse(content: bytes) -> tuple[RunRecord, str]:
    """Return the run of a `run.json`, and the id of the project that wrote it.

    Raises:
        ValueError: It is not one, or one of a newer schema.
    """
    try:
        facts = json.loads(content)
        if facts["schema"] > SCHEMA:
            raise ValueError(f"schema {facts['schema']} is newer than {SCHEMA}; upgrade pycaddy")
        return _record(facts), facts["project"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is not a run's description: {error!r}") from error


def _record(facts: dict[str, Any]) -> RunRecord:
    return RunRecord(
        row=0,
        revision=0,
        relpath=facts["relpath"],
        identifier=facts["identifier"],
        uid=facts["uid"],
        status=Status(facts["status"]),
        attempt=int(facts["attempt"]),
        mode=StorageMode(facts["storage_mode"]),
        param_hash=facts["param_hash"],
        param_version=int(facts["param_version"]),
        params=params.thaw(codec.encode(facts["params"])),
        files=codec.decode_files(codec.encode(facts["files"])),
        result=None if facts["result"] is None else params.thaw(codec.encode(facts["result"])),
        error_text=facts["error"],
        owner=None if facts["owner"] is None else Owner(**facts["owner"]),
        created_us=from_iso(facts["created_at"]),
        started_us=_parse_time(facts["started_at"]),
        ended_us=_parse_time(facts["ended_at"]),
        trashed_us=None,
        history_text=codec.encode_history(tuple(map(_parse_move, facts["history"]))),
    )


def _time(us: int | None) -> str:
    return "null" if us is None else f'"{to_iso(us)}"'


def _parse_time(text: str | None) -> int | None:
    return None if text is None else from_iso(text)


def _render_move(move: list[Any]) -> str:
    status, at_us, attempt, detail = move
    facts = {"status": status, "at": to_iso(at_us), "attempt": attempt}
    return codec.encode(facts if detail is None else {**facts, "detail": detail})


def _parse_move(facts: dict[str, Any]) -> Move:
    return Move(
        Status(facts["status"]), from_iso(facts["at"]), facts["attempt"], facts.get("detail")
    )
