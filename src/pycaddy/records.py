"""What the ledger knows about a run, as plain values."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pycaddy._clock import to_datetime
from pycaddy.errors import RunNotFoundError
from pycaddy.layout import RunLayout, StorageMode
from pycaddy.status import Status

__all__ = [
    "FileRecord",
    "Move",
    "NewRun",
    "Owner",
    "RunKey",
    "RunRecord",
    "format_uid",
    "parse_uid",
]

_UID = re.compile(r"[0-9]{1,18}", re.ASCII)


def format_uid(number: int) -> str:
    """Return the uid of the run with this number: four digits, or as many as it needs."""
    return f"{number:04d}"


def parse_uid(uid: str | int) -> int:
    """Return the number of a uid ("0007", "7" or 7).

    Raises:
        RunNotFoundError: No run can have this uid.
    """
    if isinstance(uid, int) and not isinstance(uid, bool) and 0 < uid < 10**18:
        return uid
    if isinstance(uid, str) and _UID.fullmatch(uid):
        return int(uid)
    raise RunNotFoundError(
        f"No run can have the uid {uid!r}: uids are whole numbers from 0001 on.", run=uid
    )


@dataclass(frozen=True, slots=True)
class RunKey:
    """The name of one run within its project."""

    relpath: str
    identifier: str
    uid: str

    def __str__(self) -> str:
        """Return "imagenet/randaug/train/0001": the run's folder in SUBFOLDER mode."""
        home = f"{self.relpath}/{self.identifier}" if self.relpath else self.identifier
        return f"{home}/{self.uid}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that works on a run, named so that nobody else can be taken for it."""

    host: str
    boot: str
    """The kernel's boot id: it changes when the machine starts again."""
    namespace: str
    """The pid namespace, since a container counts its own pids."""
    pid: int
    started: int
    """When the process started, in the kernel's ticks since boot: pids are used again."""

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}"


@dataclass(frozen=True, slots=True)
class FileRecord:
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


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a run's status."""

    status: Status
    at_us: int
    attempt: int
    detail: str | None = None
    """Who started it, or the last line of the error."""

    @property
    def at(self) -> datetime:
        """When it happened, UTC."""
        return to_datetime(self.at_us)


@dataclass(frozen=True, slots=True)
class NewRun:
    """What has to be known to allocate a run."""

    relpath: str
    identifier: str
    params: dict[str, Any]
    params_text: str
    param_hash: str
    mode: StorageMode = StorageMode.SUBFOLDER
    status: Status = Status.PENDING
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the ledger has it."""

    row: int
    """The ledger's own number for the run."""
    revision: int
    """Goes up by one with each change: what a change was based on is never overwritten."""
    relpath: str
    identifier: str
    uid: str
    status: Status
    attempt: int
    """How often the run was started."""
    mode: StorageMode
    param_hash: str
    param_version: int
    params: dict[str, Any]
    files: dict[str, FileRecord]
    result: dict[str, Any] | None
    error_text: str | None
    owner: Owner | None
    created_us: int
    started_us: int | None
    ended_us: int | None
    trashed_us: int | None
    history_text: str
    """The moves as JSON: few people ask for them, and a list of runs need not decode them."""

    @property
    def key(self) -> RunKey:
        """The run's name within its project."""
        return RunKey(self.relpath, self.identifier, self.uid)

    @property
    def layout(self) -> RunLayout:
        """Where the run's files lie."""
        return RunLayout(self.relpath, self.identifier, self.uid, self.mode)

    @property
    def history(self) -> tuple[Move, ...]:
        """Each change of its status, oldest first."""
        return tuple(
            Move(Status(status), at_us, attempt, detail)
            for status, at_us, attempt, detail in json.loads(self.history_text)
        )

    @property
    def created_at(self) -> datetime:
        """When the run was created, UTC."""
        return to_datetime(self.created_us)

    @property
    def started_at(self) -> datetime | None:
        """When its latest attempt was started, UTC."""
        return None if self.started_us is None else to_datetime(self.started_us)

    @property
    def ended_at(self) -> datetime | None:
        """When it became DONE or ERROR, UTC."""
        return None if self.ended_us is None else to_datetime(self.ended_us)

    @property
    def seconds(self) -> float | None:
        """How long the latest attempt took, in seconds, once it has ended."""
        if self.started_us is None or self.ended_us is None:
            return None
        return (self.ended_us - self.started_us) / 1e6
