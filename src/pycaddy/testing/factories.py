"""Runs and records for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pycaddy import codec, params
from pycaddy.codec import Owner
from pycaddy.layout import StorageMode
from pycaddy.records import NewRun, RunRecord, format_uid
from pycaddy.status import Status
from pycaddy.stores import Store

__all__ = ["OpenBackup", "OpenStore", "new_run", "some_owner", "started_record"]

OpenStore = Callable[[str], Store]
"""Opens the ledger under test for the project with this id; picklable."""

OpenBackup = Callable[[str, str], Store]
"""Opens a backup, given its path and a project's id."""

_BEGUN_US = 1_700_000_000_000_000  # 2023-11-14T22:13:20Z


def new_run(
    values: Mapping[str, Any] | None = None,
    *,
    relpath: str = "",
    identifier: str = "train",
    mode: StorageMode = StorageMode.SUBFOLDER,
    owner: Owner | None = None,
) -> NewRun:
    """Return what it takes to create a run with the params *values*."""
    frozen = params.freeze(values)
    return NewRun(relpath, identifier, frozen.text, frozen.key, mode, owner)


def some_owner(pid: int = 4711) -> Owner:
    """Return an owner that no living process is."""
    return Owner("somewhere", "0b5ca1ed-0000-4000-8000-000000000000", "pid:[1]", pid, 99)


def started_record(
    uid: int,
    values: Mapping[str, Any] | None = None,
    *,
    relpath: str = "",
    identifier: str = "train",
    **changes: Any,
) -> RunRecord:
    """Return the record of a run that was started once, as a rebuild finds it in a folder.

    Args:
        changes: Any fields of `RunRecord`, to have other values than here.
    """
    frozen = params.freeze(values)
    created = _BEGUN_US + uid
    record = RunRecord(
        row=0,
        revision=1,
        relpath=relpath,
        identifier=identifier,
        uid=format_uid(uid),
        mode=StorageMode.SUBFOLDER,
        params_key=frozen.key,
        param_version=params.VERSION,
        params_text=frozen.text,
        created_us=created,
        beat=0,
        status=Status.DONE,
        attempt=1,
        files_text="{}",
        result_text=None,
        error_text=None,
        owner_text=codec.encode_owner(some_owner()),
        started_us=created,
        ended_us=created,
        trashed_us=None,
        tags_text="[]",
        note=None,
        summary_text=None,
        capture_text=None,
        history_text=codec.begin_history(Status.PENDING, created),
    )
    return record._replace(**changes)
