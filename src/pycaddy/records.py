"""What the ledger knows about a run, as plain values."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from pycaddy import codec
from pycaddy._clock import to_datetime
from pycaddy.codec import FileRecord, Move, Owner
from pycaddy.errors import RunNotFoundError
from pycaddy.layout import RunLayout, StorageMode
from pycaddy.params import thaw
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
    param_hash: str
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
    param_hash: str
    """The key that equal params share: 64 hex digits."""
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

    @property
    def files(self) -> dict[str, FileRecord]:
        """The attached files by key."""
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
