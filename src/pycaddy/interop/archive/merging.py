"""What becomes of a run from elsewhere: decisions without I/O.

A run is known by its origin, the project and the name under which it was created, wherever it
has been taken since. Two records of one origin are one run if the history of one goes on where
that of the other ends; if both went on, they are two runs.
"""

from __future__ import annotations

import enum
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pycaddy import codec
from pycaddy.errors import InvalidNameError
from pycaddy.interop.archive.reading import Incoming
from pycaddy.layout import RunLayout, StorageMode
from pycaddy.records import RunRecord, format_uid
from pycaddy.status import Status

__all__ = [
    "Fate",
    "Home",
    "Origin",
    "Placement",
    "arrived",
    "assign",
    "leaving",
    "origin_of",
    "plan",
    "shared_folders",
    "taken_over",
    "where",
]

ORIGIN = "origin"
Home = tuple[str, str]
"""A relpath and an identifier."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run was created."""

    project: str
    run: str


class Fate(enum.Enum):
    """What is to be done with a run."""

    ADD = enum.auto()
    REPLACE = enum.auto()
    """It is here, and has gone on there."""
    SAME = enum.auto()
    KEEP = enum.auto()
    """It is here, and has gone on here, or is in the trash."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A run of an archive, and its place here."""

    incoming: Incoming
    origin: Origin
    fate: Fate
    layout: RunLayout
    ours: RunRecord | None = None

    @property
    def brings_files(self) -> bool:
        """Whether its files are to be put in place."""
        return self.fate in (Fate.ADD, Fate.REPLACE)

    @property
    def home(self) -> Home:
        """What its uids count in."""
        return self.layout.relpath, self.layout.identifier

    @property
    def own_places(self) -> dict[str, str]:
        """Where its own files go, by their names in the archive."""
        theirs = self.incoming.record.layout
        names = ((path, theirs.name_of(path)) for path in self.incoming.packed.own)
        return {path: self.layout.own(name) for path, name in names if name is not None}


def origin_of(record: RunRecord, project: str) -> Origin:
    """Return where a run of *project* was created: there, unless its record says otherwise."""
    facts = record.capture.get(ORIGIN) if _mentions_origin(record) else None
    if isinstance(facts, dict) and isinstance(facts.get("project"), str):
        return Origin(facts["project"], str(facts.get("run")))
    return Origin(project, str(record.key))


def leaving(record: RunRecord, project: str) -> tuple[RunRecord, str]:
    """Return a run as an archive describes it, and the project that it was created in.

    From whatever project it is packed, that is the same: a run that came from elsewhere under the
    name that it has says so as it does at home.
    """
    origin = origin_of(record, project)
    text = _capture(record, None if origin.run == str(record.key) else origin)
    owner = None if record.status is Status.PENDING else record.owner_text
    return record._replace(capture_text=text, owner_text=owner), origin.project


def plan(runs: Iterable[Incoming], ours: Iterable[RunRecord], project: str) -> list[Placement]:
    """Return what to do with each run; those to add still have the uids they come with.

    Args:
        runs: The runs of an archive.
        ours: The runs of the same identifiers here, those in the trash included.
        project: The id of the project here.
    """
    known: dict[Origin, list[RunRecord]] = {}
    for record in ours:
        known.setdefault(origin_of(record, project), []).append(record)
    return [
        _placement(run, origin, known.get(origin, ()))
        for run in runs
        for origin in (origin_of(run.record, run.project),)
    ]


def _placement(run: Incoming, origin: Origin, candidates: Sequence[RunRecord]) -> Placement:
    for ours in candidates:
        fate = _fate(ours, run.record)
        if fate is not None:
            return Placement(run, origin, fate, ours.layout, ours)
    return Placement(run, origin, Fate.ADD, run.record.layout)


def _fate(ours: RunRecord, theirs: RunRecord) -> Fate | None:
    """Return what to do with *theirs* if it is the run *ours*, or None if it is another one."""
    if (ours.params_key, ours.created_us) != (theirs.params_key, theirs.created_us):
        return None
    here, there = ours.history, theirs.history
    if here == there:
        return Fate.KEEP if ours.trashed_us is not None else Fate.SAME
    if here[: len(there)] == there:
        return Fate.KEEP
    if there[: len(here)] != here:
        return None
    busy = ours.status is Status.RUNNING or ours.trashed_us is not None
    return Fate.KEEP if busy else Fate.REPLACE


def assign(
    placements: Iterable[Placement],
    last_uids: Mapping[Home, int],
    is_free: Callable[[Placement], bool],
) -> tuple[list[Placement], dict[Home, int]]:
    """Give the runs to add their uids: their own where they are free, else ones never given.

    Args:
        placements: What `plan` returned.
        last_uids: The highest uid given so far.
        is_free: Whether no run has the uid, and nothing lies where the run's files would.

    Returns:
        The placements, and the highest uid of each identifier from now on.
    """
    last = dict(last_uids)
    assigned, homeless = [], []
    for placement in placements:
        if placement.fate is not Fate.ADD or is_free(placement):
            assigned.append(placement)
            last[placement.home] = max(last.get(placement.home, 0), int(placement.layout.uid))
        else:
            homeless.append(placement)
    for placement in sorted(homeless, key=_number):
        number = last[placement.home] + 1
        while not is_free(moved := _renumbered(placement, number)):
            number += 1
        assigned.append(moved)
        last[placement.home] = number
    return assigned, last


def _renumbered(placement: Placement, number: int) -> Placement:
    return replace(placement, layout=placement.layout._replace(uid=format_uid(number)))


def where(placements: Iterable[Placement]) -> dict[str, str]:
    """Return the place here of each run's own files, by their names in the archive."""
    return {path: place for each in placements for path, place in each.own_places.items()}


def taken_over(path: str, layout: RunLayout) -> str:
    """Return the place of a file that came along with a run, and was none of its own.

    Among the run's own files: an archive puts nothing anywhere else.
    """
    folder = f"attached/x{hashlib.sha256(path.encode()).hexdigest()[:12]}"
    try:
        return layout.file(f"{folder}/{path.rpartition('/')[2]}")
    except InvalidNameError:  # such as another run's run.json
        return layout.file(f"{folder}/file")


def arrived(placement: Placement, places: Mapping[str, str], project: str) -> RunRecord:
    """Return the record of a run in its place here.

    Args:
        placement: A run to add or to replace.
        places: What `where` returned.
        project: The id of the project here.
    """
    theirs = placement.incoming.record
    layout = placement.layout
    files = {
        key: file._replace(path=_moved(file.path, theirs.layout, layout, places))
        for key, file in theirs.artifacts.items()
    }
    at_home = placement.origin == Origin(project, str(theirs._replace(uid=layout.uid).key))
    changes: dict[str, Any] = {
        "files_text": codec.encode_files(files),
        "capture_text": _capture(theirs, None if at_home else placement.origin),
        # Nobody waits to start it here.
        "owner_text": None if theirs.status is Status.PENDING else theirs.owner_text,
    }
    if placement.ours is None:
        return theirs._replace(uid=layout.uid, **changes)
    return _replaced(placement.ours, theirs, changes)


def shared_folders(placements: Iterable[Placement], places: Iterable[str]) -> set[str]:
    """Return the folders that files of runs in PREFIX mode lie in, beside their home."""
    homes = {each.layout.home for each in placements if each.layout.mode is StorageMode.PREFIX}
    folders = {path.rpartition("/")[0] for path in places}
    return {
        folder for folder in folders - homes if any(folder.startswith(f"{home}/") for home in homes)
    }


def _replaced(ours: RunRecord, theirs: RunRecord, changes: dict[str, Any]) -> RunRecord:
    return ours.changed(
        status=theirs.status,
        attempt=theirs.attempt,
        result_text=theirs.result_text,
        error_text=theirs.error_text,
        started_us=theirs.started_us,
        ended_us=theirs.ended_us,
        tags_text=codec.encode_tags((*ours.tags, *theirs.tags)),
        note=theirs.note if ours.note is None else ours.note,
        summary_text=theirs.summary_text,
        history_text=theirs.history_text,
        **changes,
    )


def _moved(path: str, old: RunLayout, new: RunLayout, places: Mapping[str, str]) -> str:
    if os.path.isabs(path):  # it lay outside of the project, and did not come along
        return path
    if path in places:
        return places[path]
    name = old.name_of(path)
    return taken_over(path, new) if name is None else new.own(name)


def _capture(record: RunRecord, origin: Origin | None) -> str | None:
    """Return the capture of *record* with *origin* in place of the one it had."""
    if origin is None and not _mentions_origin(record):
        return record.capture_text
    facts = {} if record.capture_text is None else json.loads(record.capture_text)
    facts.pop(ORIGIN, None)
    if origin is not None:
        facts[ORIGIN] = {"project": origin.project, "run": origin.run}
    return codec.encode(facts) if facts else None


def _mentions_origin(record: RunRecord) -> bool:
    return record.capture_text is not None and f'"{ORIGIN}"' in record.capture_text


def _number(placement: Placement) -> tuple[str, int]:
    return placement.layout.home, int(placement.layout.uid)
