"""The runs of a pycaddy 0.2 project, added to a project that has a ledger already."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

from pycaddy import codec
from pycaddy._files import make_folders
from pycaddy.errors import ArchiveError, InvalidNameError, LedgerDamagedError
from pycaddy.interop.archive.merging import taken_over
from pycaddy.layout import RunLayout
from pycaddy.ledger import Ledger, artifacts
from pycaddy.ledger.address import EARLIER_FILE, earlier_file
from pycaddy.ledger.earlier import SOURCE, Earlier, origin_of, read
from pycaddy.ledger.takeover import describe_new
from pycaddy.project import Project
from pycaddy.records import FileRecord, RunRecord, format_uid
from pycaddy.stores import Selection

__all__ = ["EarlierReport", "import_earlier"]


@dataclass(frozen=True, slots=True)
class EarlierReport:
    """What became of the runs of an earlier project."""

    added: int
    files: int
    """How many were copied."""
    missing: tuple[str, ...]
    """Attached files that do not exist or are outside of the old folder; one sentence each."""
    known: int = 0
    """Runs that the project had already."""
    renumbered: dict[str, str] = field(default_factory=dict)
    """The names of added runs whose number was taken: as they were, and as they are here."""
    left_out: tuple[str, ...] = ()
    """Runs and files with names that cannot be kept; one sentence each."""


def import_earlier(project: Project, folder: str | os.PathLike[str]) -> EarlierReport:
    """Add the runs of a pycaddy 0.2 project; the old ledger and the old files stay as they are.

    If *folder* is the root of *project*, the files stay where they are. From another folder they
    are copied into the folders of the runs. Runs keep their numbers where those are free, and all
    are added in one transaction. Called again, it adds only what is not there yet.

    A project without a ledger takes over the `metadata.json` in its root when it is first opened.
    For the params of such runs, see docs/from-0.2.md.

    Args:
        project: Where the runs go.
        folder: The old project's root, with its `metadata.json`.

    Raises:
        ArchiveError: There is no ledger of pycaddy 0.2, or it is damaged.
    """
    root, folder = str(project.root), os.path.abspath(folder)
    in_place = os.path.realpath(folder) == os.path.realpath(root)
    is_first = in_place and earlier_file(root) is not None
    earlier = _read(folder, project.ledger)
    ledger = project.ledger
    before: set[tuple[str, int]] = set() if is_first else _known(ledger)
    missing: list[str] = []
    while True:
        known = _known(ledger)
        new = [record for record in earlier.records if _identity(record) not in known]
        added, renumbered = _numbered(ledger, new)
        if not in_place:
            missing = []
            added = [_copied(record, folder, ledger.root, missing) for record in added]
        if not added or ledger.store.merge(added, ()):
            break
    describe_new(ledger, added)
    ledger.expect_hash_only(added)
    were_known = sum(_identity(record) in before for record in earlier.records)
    return EarlierReport(
        added=len(earlier.records) - were_known,
        files=0 if in_place else sum(map(_hashed_files, added)),
        missing=tuple(missing),
        known=were_known,
        renumbered=renumbered,
        left_out=tuple(earlier.problems),
    )


def _read(folder: str, ledger: Ledger) -> Earlier:
    path = os.path.join(folder, EARLIER_FILE)
    try:
        earlier = read(path, ledger.root, ledger.address) if os.path.isfile(path) else None
    except LedgerDamagedError as error:
        raise ArchiveError(error.message, archive=folder) from error
    if earlier is None:
        raise ArchiveError(
            f"{path} is not a ledger of {SOURCE}. Name the folder that its Project was given as "
            "root.",
            archive=folder,
        )
    return earlier


def _known(ledger: Ledger) -> set[tuple[str, int]]:
    """Return what identifies the runs that came from pycaddy 0.2, those in the trash included."""
    return {
        _identity(record)
        for trashed in (False, True)
        for record in ledger.records(Selection(trashed=trashed))
        if origin_of(record) is not None
    }


def _identity(record: RunRecord) -> tuple[str, int]:
    return str(origin_of(record)), record.created_us


def _numbered(
    ledger: Ledger, records: Sequence[RunRecord]
) -> tuple[list[RunRecord], dict[str, str]]:
    """Return the runs under numbers that are free and that no other run is given from now on.

    Returns:
        The runs, and the names of those that got another number: the old one and the new one.
    """
    while True:
        last = {(each.relpath, each.name): each.last_uid for each in ledger.store.identifiers()}
        numbered: list[RunRecord] = []
        renumbered: dict[str, str] = {}
        highest: dict[tuple[str, str], int] = {}
        for record in records:
            home = record.relpath, record.identifier
            highest[home] = max(highest.get(home, last.get(home, 0)), int(record.uid))
        for record in records:
            home, placed = (record.relpath, record.identifier), record
            while not _is_free(ledger, placed):
                highest[home] += 1
                placed = record._replace(uid=format_uid(highest[home]))
            numbered.append(placed)
            if placed.uid != record.uid:
                renumbered[str(record.key)] = str(placed.key)
        ledger.store.load([], highest)
        if all(_is_free(ledger, record) for record in numbered):
            return numbered, renumbered


def _is_free(ledger: Ledger, record: RunRecord) -> bool:
    """Whether no run has the uid, and no folder describes such a run."""
    taken = ledger.store.get(record.relpath, record.identifier, int(record.uid)) is not None
    return not taken and not os.path.exists(os.path.join(ledger.root, record.layout.sidecar))


def _copied(record: RunRecord, folder: str, root: str, missing: list[str]) -> RunRecord:
    """Copy the attached files into the run's folder, under the names that they had."""
    inside = os.path.join(os.path.realpath(folder), "")
    files: dict[str, FileRecord] = {}
    sources: dict[str, str] = {}
    for key, file in record.artifacts.items():
        source = artifacts.absolute(root, file.path)
        is_inside = os.path.realpath(source).startswith(inside)
        if not is_inside or not os.path.isfile(source):
            why = "does not exist" if is_inside else "is outside of the old project: not copied"
            missing.append(f"{record.key} {key}: {source} {why}.")
            files[key] = file
            continue
        target = _target(record.layout, source)
        if sources.setdefault(target, source) != source:  # two files of one name
            target = taken_over(source, record.layout)
        make_folders(os.path.dirname(os.path.join(root, target)))
        shutil.copy2(source, os.path.join(root, target))
        files[key] = artifacts.examine(root, FileRecord(target, hashed=True, given=file.given))
    origin = {**record.capture["origin"], "project": f"{SOURCE}: {folder}"}
    return record._replace(
        files_text=codec.encode_files(files),
        capture_text=codec.encode({**record.capture, "origin": origin}),
    )


def _target(layout: RunLayout, source: str) -> str:
    try:
        return layout.file(os.path.basename(source))
    except InvalidNameError:
        return taken_over(source, layout)


def _hashed_files(record: RunRecord) -> int:
    return sum(file.sha256 is not None for file in record.artifacts.values())
