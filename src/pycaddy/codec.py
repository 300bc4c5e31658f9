"""The parts of a run's record, and their JSON text: the same in the ledger and in `run.json`."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from pycaddy import params
from pycaddy._clock import to_iso
from pycaddy.params._changed import Changes
from pycaddy.params._text import load
from pycaddy.status import Status

__all__ = [
    "FileRecord",
    "Move",
    "Owner",
    "append_move",
    "begin_history",
    "decode_files",
    "decode_history",
    "decode_owner",
    "decode_param_hash",
    "decode_tags",
    "encode",
    "encode_files",
    "encode_owner",
    "encode_param_hash",
    "encode_tags",
    "encode_text",
    "keep_origin",
    "move_facts",
    "note_changes",
]

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
encode_text = encode_basestring  # what `encode` does with a text, in a fifth of the time

_INT = "int:"


class Owner(NamedTuple):
    """The process that works on a run, named so that nobody else can be taken for it."""

    host: str
    boot: str
    """The kernel's boot id: it changes when the machine starts again."""
    namespace: str
    """The pid namespace, since a container counts its own pids."""
    pid: int
    started: int
    """When the process started, in the kernel's ticks since boot: pids are used again."""
    driver: int | None = None
    """The pid of the process that gave the run to this one, if it runs under the same kernel."""
    driver_started: int | None = None

    def __eq__(self, other: object) -> bool:
        # Who gave it the run makes it no other process.
        return self[:5] == other[:5] if isinstance(other, Owner) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:5])

    def driven_by(self, giver: Owner) -> Owner:
        """Return it with *giver*, who looks after the run, if that can be seen from here."""
        if giver == self or (giver.boot, giver.namespace) != (self.boot, self.namespace):
            return self
        return self._replace(driver=giver.pid, driver_started=giver.started)

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}"


class FileRecord(NamedTuple):
    """An attached file, as it was when it was attached or when the run was done."""

    path: str
    """Relative to the project's root with "/" between parts; absolute if it lies elsewhere."""
    size: int | None = None
    """Bytes. None: a folder, or the file was not there yet."""
    mtime_ns: int | None = None
    sha256: str | None = None
    """64 hex digits, if the hash was asked for."""
    hashed: bool = False
    """Whether the hash was asked for."""
    given: str | None = None
    """The path as the caller gave it. None: the run is older than this field."""


class Move(NamedTuple):
    """One change of a run's status."""

    status: Status
    at: datetime
    """When it happened, UTC."""
    attempt: int
    detail: str | None = None
    """Who started it, or the last line of the error."""
    changed_params: Changes | None = None
    """Of a start: the ignored params that the attempt before had otherwise, as in
    {"device": {"before": "cpu", "now": "cuda"}}."""


def encode_files(files: Mapping[str, FileRecord]) -> str:
    """Return attached files as one JSON object by key; what is not known is left out."""
    return encode({key: _file_facts(file) for key, file in files.items()})


def decode_files(text: str) -> dict[str, FileRecord]:
    """Return what `encode_files` was given."""
    if text == "{}":
        return {}
    return {key: _file(facts) for key, facts in json.loads(text).items()}


def encode_tags(tags: Iterable[str]) -> str:
    """Return tags as a sorted JSON array, each once."""
    return encode(sorted(set(tags)))


def decode_tags(text: str) -> tuple[str, ...]:
    """Return what `encode_tags` was given."""
    return () if text == "[]" else tuple(json.loads(text))


def keep_origin(before: str | None, now: str | None) -> str | None:
    """Return the capture *now* with what the one *before* says of where the run was created."""
    if before is None or '"origin"' not in before:
        return now
    origin = json.loads(before).get("origin")
    if origin is None:  # the word stands elsewhere in it
        return now
    return encode({**json.loads(now or "{}"), "origin": origin})


def _file_facts(file: FileRecord) -> dict[str, Any]:
    facts: dict[str, Any] = {"path": file.path}
    if file.given is not None:
        facts["given"] = file.given
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
        given=facts.get("given"),
    )


def encode_param_hash(value: int | str) -> str:
    """Return *value* as the ledger stores it: a str as it is, the int 12345 as "int:12345".

    Raises:
        TypeError: *value* is not an int or a str, or is a bool.
        ValueError: *value* is a str that begins with "int:".
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(
            f"param_hash must be an int or a str, not {value!r}. Use hash(...) of the params, or "
            "a text that names them."
        )
    if isinstance(value, int):
        return f"{_INT}{value:d}"
    if value.startswith(_INT):
        raise ValueError(
            f"param_hash {value!r} begins with 'int:', which marks integers in the ledger. Use "
            "another text."
        )
    return value


def decode_param_hash(text: str) -> int | str:
    """Return what `encode_param_hash` was given."""
    return int(text.removeprefix(_INT)) if text.startswith(_INT) else text


def encode_owner(owner: Owner | None) -> str | None:
    """Return *owner* as a JSON object, or None."""
    return None if owner is None else _encode_owner(*owner)


# Runs share their owners: a sweep of 10,000 runs has a handful.
@functools.lru_cache(maxsize=256)
def _encode_owner(*values: object) -> str:
    facts = zip(Owner._fields, values, strict=True)
    return encode({name: value for name, value in facts if value is not None})


@functools.lru_cache(maxsize=256)
def decode_owner(text: str | None) -> Owner | None:
    """Return what `encode_owner` was given."""
    return None if text is None else Owner(**json.loads(text))


def begin_history(status: Status, at_us: int) -> str:
    """Return the history of a run that was created with *status*."""
    return f'[["{status.value}","{to_iso(at_us)}",0]]'


def append_move(
    history: str, status: Status, at_us: int, attempt: int, detail: str | None = None
) -> str:
    """Return *history*, which is never empty, with one more move at its end."""
    ending = "" if detail is None else f",{encode_text(detail)}"
    return f'{history[:-1]},["{status.value}","{to_iso(at_us)}",{attempt}{ending}]]'


def note_changes(history: str, changes: Changes) -> str:
    """Return *history* with the params that its latest start has changed."""
    moves = json.loads(history)
    started = next(move for move in reversed(moves) if move[0] == Status.RUNNING.value)
    started[3:] = [started[3] if len(started) > 3 else None, json.loads(params.dump(changes))]
    return encode(moves)


def decode_history(text: str) -> tuple[Move, ...]:
    """Return the moves of a history, oldest first."""
    return tuple(
        Move(Status(status), datetime.fromisoformat(at), *rest) for status, at, *rest in load(text)
    )


def move_facts(move: Move) -> dict[str, Any]:
    """Return a move as plain JSON values, for `--json` and the web API."""
    changed = move.changed_params
    return {
        "status": move.status.value,
        "at": move.at.isoformat(timespec="microseconds"),
        "attempt": move.attempt,
        "detail": move.detail,
        "changed_params": None if changed is None else json.loads(params.dump(changed)),
    }
