"""The folder of a pycaddy 0.2 project, read as a format: its `metadata.json` and its files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pycaddy import codec, params
from pycaddy._clock import to_iso
from pycaddy._files import make_folders
from pycaddy.codec import FileRecord
from pycaddy.errors import ArchiveError, InvalidNameError, LedgerError
from pycaddy.interop.archive.merging import taken_over
from pycaddy.layout import RunLayout
from pycaddy.ledger import artifacts
from pycaddy.project import Project
from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, new_record

__all__ = ["EarlierReport", "import_earlier"]

_LEDGER = "metadata.json"
_SOURCE = "pycaddy 0.2"


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """What became of the runs of an earlier project."""

    added: int
    files: int
    """How many were copied."""
    missing: tuple[str, ...]
    """Attached files that are gone, or that lie outside of the old folder; one sentence each."""


@dataclass(frozen=True, slots=True)
class _Run:
    identifier: str
    relpath: str
    uid: str
    facts: dict[str, Any]


def import_earlier(project: Project, folder: str | os.PathLike[str]) -> EarlierReport:
    """Copy the runs of a pycaddy 0.2 project into a new one; the old folder stays as it is.

    The old ledger kept a hash of the params and not the params: what is known of them is
    `{"param_hash": ...}`. A run that it has as running becomes ERROR, since nobody can tell
    whether it ended. `capture["origin"]` names the run that each was.

    Args:
        project: Where they go: a project without runs.
        folder: The old project's root, with its `metadata.json`.

    Raises:
        ArchiveError: There is no such ledger, or it is damaged.
        LedgerError: The project has runs already.
    """
    folder = os.path.abspath(folder)
    runs = list(_runs(folder))
    ledger = project.ledger
    if ledger.records(Selection(limit=1)):
        raise LedgerError(
            f"{project.root} has runs already, and an old project goes into a new one. "
            "Name another folder.",
            ledger=ledger.address,
        )
    missing: list[str] = []
    counters: dict[tuple[str, str], int] = {}
    records = []
    for run in sorted(runs, key=lambda one: (one.relpath, one.identifier, int(one.uid))):
        home = run.relpath, run.identifier
        counters[home] = counters.get(home, 0) + 1
        record = _record(run, folder)._replace(uid=f"{counters[home]:04d}")
        records.append(_with_files(record, run, folder, ledger.root, missing))
    ledger.store.load(records, counters)
    for record in records:
        if record.status.is_final:
            ledger.describe(record)
    return EarlierReport(len(records), sum(_copied(record) for record in records), tuple(missing))


def _runs(folder: str) -> Iterator[_Run]:
    path = os.path.join(folder, _LEDGER)
    try:
        with open(path, "rb") as file:
            document = json.load(file)
        for identifier, namespaces in document.items():
            for relpath, found in namespaces.items():
                for uid, facts in found.items():
                    int(uid)
                    yield _Run(identifier, relpath.replace("\\", "/").strip("./"), uid, facts)
    except (OSError, ValueError, AttributeError) as error:
        raise ArchiveError(
            f"{path} is no ledger of {_SOURCE}: {error}. Name the folder that its Project was "
            "given as root.",
            archive=folder,
        ) from error


def _record(run: _Run, folder: str) -> RunRecord:
    """Return the run, all but its uid and its files."""
    try:
        moves = [(_micros(at), Status(status)) for at, status in run.facts["timestamp_status_lst"]]
        status = Status(run.facts["status"])
        hashed = run.facts.get("param_hash")
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveError(
            f"The run {run.uid} of {run.identifier!r} in {folder} is malformed: {error!r}.",
            archive=folder,
        ) from error
    frozen = params.freeze({} if hashed is None else {"param_hash": hashed})
    blank = new_record(NewRun(run.relpath, run.identifier, frozen.text, frozen.key))
    created = moves[0][0] if moves else blank.created_us
    started = [at for at, became in moves if became is Status.RUNNING]
    reason = None
    if status is Status.RUNNING:
        status, reason = Status.ERROR, f"It was running when it was imported from {_SOURCE}."
        moves.append((moves[-1][0], status))
    ended = [at for at, became in moves if became.is_final]
    origin = {"project": f"{_SOURCE}: {folder}", "run": f"{run.relpath}/{run.uid}/{run.identifier}"}
    return blank._replace(
        status=status,
        attempt=len(started),
        created_us=created,
        started_us=started[-1] if started else None,
        ended_us=ended[-1] if ended and status.is_final else None,
        error_text=reason,
        capture_text=codec.encode({"origin": origin}),
        history_text=_history(moves) or blank.history_text,
    )


def _history(moves: list[tuple[int, Status]]) -> str | None:
    attempt = 0
    told = []
    for at, status in moves:
        attempt += status is Status.RUNNING
        told.append([status.value, to_iso(at), attempt])
    return codec.encode(told) if told else None


def _with_files(
    record: RunRecord, run: _Run, folder: str, root: str, missing: list[str]
) -> RunRecord:
    """Copy the attached files into the run's folder, under the names that they had."""
    files = {}
    sources: dict[str, str] = {}
    for key, path in (run.facts.get("files") or {}).items():
        source = os.path.join(folder, path)
        inside = os.path.realpath(source).startswith(os.path.join(os.path.realpath(folder), ""))
        if not inside or not os.path.isfile(source):
            why = "is gone" if inside else "lies outside of the old project, and stays there"
            missing.append(f"{record.key} {key}: {path} {why}.")
            files[key] = FileRecord(source)
            continue
        target = _target(record.layout, source)
        if sources.setdefault(target, source) != source:  # two of one name, from two folders
            target = taken_over(source, record.layout)
        make_folders(os.path.dirname(os.path.join(root, target)))
        shutil.copy2(source, os.path.join(root, target))
        files[key] = artifacts.examine(root, FileRecord(target, hashed=True))
    return record._replace(files_text=codec.encode_files(files))


def _target(layout: RunLayout, source: str) -> str:
    try:
        return layout.file(os.path.basename(source))
    except InvalidNameError:
        return taken_over(source, layout)


def _copied(record: RunRecord) -> int:
    return sum(file.sha256 is not None for file in record.artifacts.values())


def _micros(text: str) -> int:
    # Written without a zone, by the clock of the machine: taken for this machine's.
    return round(datetime.fromisoformat(text).astimezone().timestamp() * 1_000_000)
