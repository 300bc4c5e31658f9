"""Runs of an archive taken into a project: all of them, or none."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pycaddy._files import make_folders
from pycaddy.errors import ProjectFolderError, PycaddyError
from pycaddy.interop.archive import merging
from pycaddy.interop.archive.contents import STALE_BESIDE_METRICS
from pycaddy.interop.archive.merging import Fate, Placement
from pycaddy.interop.archive.placing import Move, Workshop
from pycaddy.interop.archive.reading import Archive, Limits, open_archive
from pycaddy.layout import LEDGER_FOLDER, METRICS, RunLayout, StorageMode
from pycaddy.ledger import Ledger, folders
from pycaddy.project import Project
from pycaddy.records import NewRun
from pycaddy.stores import Selection
from pycaddy.stores.sqlite.lock import WriterLock

__all__ = ["ImportReport", "import_archive"]

_WAIT_S = 600.0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the runs of an archive."""

    added: int = 0
    replaced: int = 0
    """They were here and had gone on there."""
    same: int = 0
    kept: int = 0
    """They were here and had gone on here, or are in the trash here."""
    renumbered: dict[str, str] = field(default_factory=dict)
    """The names of added runs whose uid was given here already: theirs, and what it is now."""


def import_archive(
    project: Project, path: str | os.PathLike[str], *, limits: Limits | None = None
) -> ImportReport:
    """Take the runs of an archive into a project.

    All of them appear at once, or none if it is refused, fails or is killed; call it again then.
    A run that is here already is not added again: if it has gone on in the archive's project
    since, it is replaced by what it has become there. A run that comes under a uid which was
    given here gets another one, and its `capture["origin"]` names the project and the run that
    it was.

    Args:
        project: Where they go; relpaths count from its root.
        path: A file that `export_archive` wrote.
        limits: What the archive may be at most.

    Raises:
        ArchiveError: It is none, is damaged, or is not safe to unpack.
        NameClashError: A folder here differs from one of its only by case.
    """
    ledger = project.ledger
    ledger.store  # noqa: B018 - makes the ledger of a new project
    with _alone(ledger), open_archive(path, limits) as archive:
        workshop = Workshop(ledger)
        workshop.recover()
        try:
            return _import(ledger, archive, workshop)
        except BaseException as error:
            workshop.recover()
            if isinstance(error, OSError) and not isinstance(error, PycaddyError):
                raise ProjectFolderError(
                    f"{os.fspath(path)} was not imported: {error.filename or ledger.root} cannot "
                    f"be written: {error.strerror}. Nothing was changed. Make room or see to the "
                    "permissions, and call again.",
                    path=ledger.root,
                ) from error
            raise


def _import(ledger: Ledger, archive: Archive, workshop: Workshop) -> ImportReport:
    _check_homes(ledger, archive)
    staged = archive.extract(workshop.files)
    while True:
        placements = _placements(ledger, archive)
        if _carry_out(ledger, placements, staged, workshop):
            return _report(placements)
        workshop.undo()


def _placements(ledger: Ledger, archive: Archive) -> list[Placement]:
    """Decide what to do with each run, under uids that nobody else will be given."""
    homes = sorted({(run.record.relpath, run.record.identifier) for run in archive.runs})
    ours = [
        record
        for relpath, identifier in homes
        for trashed in (False, True)
        for record in ledger.records(Selection(relpath, identifier, trashed=trashed))
    ]
    decided = merging.plan(archive.runs, ours, ledger.store.project)
    while True:
        last = {(each.relpath, each.name): each.last_uid for each in ledger.store.identifiers()}
        placements, highest = merging.assign(decided, last, lambda one: _is_free(ledger, one))
        added = [each for each in placements if each.fate is Fate.ADD]
        # From now on nobody is given these uids; somebody may have been since they were chosen.
        ledger.store.load([], {each.home: highest[each.home] for each in added})
        if not any(_is_given(ledger, each.layout) for each in added):
            return placements


def _carry_out(
    ledger: Ledger, placements: list[Placement], staged: dict[str, str], workshop: Workshop
) -> bool:
    """Put the files in place and change the ledger; return whether nobody was in between."""
    places = merging.where(placements)
    project = ledger.store.project
    arriving = [each for each in placements if each.brings_files]
    runs = [(each.ours, merging.arrived(each, places, project)) for each in arriving]
    if not runs:
        shutil.rmtree(workshop.folder)
        return True
    moves = list(_moves(ledger.root, arriving, places, staged))
    workshop.place(moves, [run for _, run in runs])
    merged = ledger.store.merge(
        [run for ours, run in runs if ours is None],
        [(ours, run) for ours, run in runs if ours is not None],
        merging.shared_folders(arriving, [move.target for move in moves]),
    )
    if merged:
        workshop.finish([run for _, run in runs])
    return merged


def _moves(
    root: str, arriving: Iterable[Placement], places: dict[str, str], staged: dict[str, str]
) -> Iterator[Move]:
    for placement in arriving:
        for path, place in placement.own_places.items():
            yield _to(root, staged[path], place)
        for name in STALE_BESIDE_METRICS if METRICS in _names(placement) else ():
            place = placement.layout.own(name)
            if os.path.lexists(os.path.join(root, place)):
                yield Move("", place, replaces=True)
        for path in placement.incoming.packed.attached:
            if path not in places:  # else it is another run's own, and lies with that
                place = merging.taken_over(path, placement.layout)
                copy = f"{staged[path]}-{hashlib.sha256(place.encode()).hexdigest()}"
                if not os.path.exists(copy):  # another run may have attached it as well
                    shutil.copy2(staged[path], copy)
                yield _to(root, copy, place)


def _names(placement: Placement) -> set[str | None]:
    return {placement.layout.name_of(place) for place in placement.own_places.values()}


def _to(root: str, staged: str, target: str) -> Move:
    return Move(staged, target, os.path.lexists(os.path.join(root, target)))


def _check_homes(ledger: Ledger, archive: Archive) -> None:
    for run in archive.runs:
        record = run.record
        folders.check_home(
            ledger.root,
            NewRun(record.relpath, record.identifier, record.params_text, record.params_key),
        )


def _is_given(ledger: Ledger, layout: RunLayout) -> bool:
    return ledger.store.get(layout.relpath, layout.identifier, int(layout.uid)) is not None


def _is_free(ledger: Ledger, placement: Placement) -> bool:
    """Whether the ledger has no such run, and nothing lies where the run's files would."""
    layout = placement.layout
    if _is_given(ledger, layout):
        return False
    paths = [layout.sidecar, *placement.own_places.values()]
    if layout.mode is StorageMode.SUBFOLDER:
        paths = [layout.folder]
    return not any(_is_something(os.path.join(ledger.root, path)) for path in paths)


def _is_something(path: str) -> bool:
    try:
        return bool(os.listdir(path))
    except FileNotFoundError:
        return os.path.lexists(path)
    except NotADirectoryError:
        return True


def _alone(ledger: Ledger) -> WriterLock:
    """Return what keeps other imports into the project out while it is held."""
    folder = os.path.join(ledger.root, LEDGER_FOLDER)
    make_folders(folder)
    return WriterLock(os.path.join(folder, "import.lock"), _WAIT_S)


def _report(placements: Iterable[Placement]) -> ImportReport:
    counts = dict.fromkeys(Fate, 0)
    renumbered = {}
    for placement in placements:
        counts[placement.fate] += 1
        theirs = placement.incoming.record.layout
        if placement.fate is Fate.ADD and theirs != placement.layout:
            renumbered[f"{theirs.home}/{theirs.uid}"] = f"{theirs.home}/{placement.layout.uid}"
    return ImportReport(
        counts[Fate.ADD],
        counts[Fate.REPLACE],
        counts[Fate.SAME],
        counts[Fate.KEEP],
        renumbered,
    )
