"""The parts of a record as JSON text: the same in the ledger and in `run.json`."""

from __future__ import annotations

import functools
import json
from typing import Any

from pycaddy.records import FileRecord, Move, Owner
from pycaddy.status import Status

__all__ = [
    "append_move",
    "begin_history",
    "decode_files",
    "decode_owner",
    "encode",
    "encode_files",
    "encode_history",
    "encode_owner",
]

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def encode_files(files: dict[str, FileRecord]) -> str:
    """Return attached files as one JSON object by key; what is not known is left out."""
    if not files:
        return "{}"
    return encode({key: _file_facts(file) for key, file in files.items()})


def decode_files(text: str) -> dict[str, FileRecord]:
    """Return what `encode_files` was given."""
    if text == "{}":
        return {}
    return {key: _file(facts) for key, facts in json.loads(text).items()}


def _file_facts(file: FileRecord) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": file.path}
    if file.size is not None:
        facts["size"] = file.size
        facts["mtime_ns"] = file.mtime_ns
    if file.hashed:
        facts["sha256"] = file.sha256
    return facts


def _file(facts: dict[str, Any]) -> FileRecord:
    return FileRecord(
        facts["path"],
        facts.get("size"),
        facts.get("mtime_ns"),
        facts.get("sha256"),
        hashed="sha256" in facts,
    )


# Runs share their owners: a sweep of 10,000 runs has a handful.
@functools.lru_cache(maxsize=256)
def encode_owner(owner: Owner | None) -> str | None:
    """Return *owner* as a JSON object, or None."""
    if owner is None:
        return None
    return encode(
        {
            "host": owner.host,
            "boot": owner.boot,
            "namespace": owner.namespace,
            "pid": owner.pid,
            "started": owner.started,
        }
    )


@functools.lru_cache(maxsize=256)
def decode_owner(text: str | None) -> Owner | None:
    """Return what `encode_owner` was given."""
    return None if text is None else Owner(**json.loads(text))


def begin_history(status: Status, at_us: int) -> str:
    """Return the history of a run that was created with *status*."""
    return encode_history((Move(status, at_us, 0),))


def append_move(history: str, move: Move) -> str:
    """Return *history*, which is never empty, with one more move at its end."""
    return f"{history[:-1]},{_encode_move(move)}]"


def encode_history(moves: tuple[Move, ...]) -> str:
    """Return moves as one JSON array, oldest first."""
    return f"[{','.join(map(_encode_move, moves))}]"


def _encode_move(move: Move) -> str:
    return encode([move.status.value, move.at_us, move.attempt, move.detail])
