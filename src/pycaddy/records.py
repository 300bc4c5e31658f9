"""What the ledger knows about a run, as plain values."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pycaddy import codec
from pycaddy._clock import to_datetime, to_iso
from pycaddy.codec import FileRecord, Move, Owner
from pycaddy.errors import RunNotFoundError
from pycaddy.layout import RunLayout, StorageMode
from pycaddy.params import thaw
from pycaddy.params._changed import undone
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
    if isinstance(uid, int) and not isinstance(uid, bool) and 0 <= uid < 10**18:
        return uid
    if isinstance(uid, str) and _UID.fullmatch(uid):
        return int(uid)
    raise RunNotFoundError(
        f"No run can have the uid {uid!r}: uids are whole numbers, as in 'train/0001'.", run=uid
    )


class RunKey(NamedTuple):
    """The name of one run within its project."""

    relpath: str
    identifier: str
    uid: str

    def __str__(self) -> str:
        """Return "imagenet/randaug/train/0001": the run's folder in SUBFOLDER mode."""
        home = f"{self.relpath}/{self.identifier}" if self.relpath else self.identifier
        return f"{home}/{self.uid}"


class NewRun(NamedTuple):
    """What has to be known to allocate a run."""

    relpath: str
    identifier: str
    params_text: str
    params_key: str
    mode: StorageMode = StorageMode.SUBFOLDER
    owner: Owner | None = None


class RunRecord(NamedTuple):
    """One run as the ledger has it.

    Parts that are kept as JSON are decoded when asked for, each time anew: a list of 100,000
    runs decodes only what is looked at, and nobody can change a record by accident.
    """

    row: int
    """The ledger's own number for the run."""
    revision: int
    """Goes up by one with each change: what a change was based on is never overwritten."""
    relpath: str
    identifier: str
    uid: str
    mode: StorageMode
    params_key: str
    """`param_hash` as it is stored: text."""
    param_version: int
    """The version of the canonical form that the key was made from."""
    params_text: str
    created_us: int
    beat: int
    """Goes up while the owner lives."""
    status: Status
    attempt: int
    """How often the run was started."""
    files_text: str
    result_text: str | None
    error_text: str | None
    owner_text: str | None
    started_us: int | None
    ended_us: int | None
    trashed_us: int | None
    tags_text: str
    note: str | None
    """What somebody wrote about the run."""
    summary_text: str | None
    capture_text: str | None
    history_text: str
    lapsed: bool | None = None
    """Whether the owner's lease had run out when this was read, by the ledger's own clock. None:
    it keeps no leases, or was not asked. Has no part in whether records are equal."""

    def __eq__(self, other: object) -> bool:
        return self[:-1] == other[:-1] if isinstance(other, RunRecord) else NotImplemented

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:-1])

    def changed(self, **changes: Any) -> RunRecord:
        """Return the next revision of the record."""
        return self._replace(revision=self.revision + 1, lapsed=None, **changes)

    @property
    def key(self) -> RunKey:
        """The run's name within its project."""
        return RunKey(self.relpath, self.identifier, self.uid)

    @property
    def layout(self) -> RunLayout:
        """Where the run's files lie."""
        return RunLayout(self.relpath, self.identifier, self.uid, self.mode)

    @property
    def params(self) -> dict[str, Any]:
        """The params as plain JSON values."""
        return thaw(self.params_text)

    def params_of(self, attempt: int) -> dict[str, Any]:
        """Return the params of one attempt: ignored ones may differ from attempt to attempt.

        Raises:
            ValueError: The run has no such attempt.
        """
        if not 1 <= attempt <= self.attempt:
            raise ValueError(f"Run {self.key} has the attempts 1 to {self.attempt}, not {attempt}.")
        values = self.params
        for move in reversed(self.history):
            if move.changed_params and move.attempt > attempt:
                values = undone(values, move.changed_params)
        return values

    @property
    def param_hash(self) -> int | str:
        """What equal params share: 64 hex digits, or the value that `allocate` was given."""
        return codec.decode_param_hash(self.params_key)

    @property
    def files(self) -> dict[str, Path]:
        """The paths of the attached files by key, as they were given."""
        return {
            key: Path(file.path if file.given is None else file.given)
            for key, file in self.artifacts.items()
        }

    @property
    def artifacts(self) -> dict[str, FileRecord]:
        """The attached files by key: where each is, its size, time and hash."""
        return codec.decode_files(self.files_text)

    @property
    def result(self) -> dict[str, Any] | None:
        """What the run found out, if it was stored."""
        return None if self.result_text is None else thaw(self.result_text)

    @property
    def tags(self) -> tuple[str, ...]:
        """The words that the run was marked with, sorted."""
        return codec.decode_tags(self.tags_text)

    @property
    def summary(self) -> dict[str, dict[str, Any]]:
        """What is known of each series of metrics: {"loss": {"last": 0.3, "min": 0.1, ...}}."""
        return {} if self.summary_text is None else thaw(self.summary_text)

    @property
    def capture(self) -> dict[str, Any]:
        """What was noted of the code and the machine when the run was last started."""
        return {} if self.capture_text is None else thaw(self.capture_text)

    @property
    def owner(self) -> Owner | None:
        """The process that started the latest attempt, or that is about to start the first."""
        return codec.decode_owner(self.owner_text)

    @property
    def history(self) -> tuple[Move, ...]:
        """Each change of the status, oldest first."""
        return codec.decode_history(self.history_text)

    @property
    def timestamp_status_lst(self) -> list[tuple[datetime, Status]]:
        """The time and status of each move of `history`, which is the newer name."""
        return [(move.at, move.status) for move in self.history]

    def model_dump(self) -> dict[str, Any]:
        """Return the record as plain JSON values: what `Ledger.load` has for each run.

        NaN and the infinities are as `run.json` has them. An older name; a program that needs
        single values reads the attributes.
        """
        return {
            "relpath": self.relpath,
            "identifier": self.identifier,
            "uid": self.uid,
            "status": self.status.value,
            "attempt": self.attempt,
            "param_hash": self.param_hash,
            "params": json.loads(self.params_text),
            "result": None if self.result_text is None else json.loads(self.result_text),
            "files": {key: str(path) for key, path in self.files.items()},
            "error": self.error_text,
            "tags": list(self.tags),
            "note": self.note,
            "created_at": to_iso(self.created_us),
            "started_at": None if self.started_us is None else to_iso(self.started_us),
            "ended_at": None if self.ended_us is None else to_iso(self.ended_us),
            "timestamp_status_lst": [
                [at.isoformat(timespec="microseconds"), status.value]
                for at, status in self.timestamp_status_lst
            ],
        }

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
