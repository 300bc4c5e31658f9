"""The runs that the folders of a project describe."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace

from pycaddy.layout import LEDGER_FOLDER, SIDECAR, StorageMode
from pycaddy.ledger import sidecar
from pycaddy.records import RunRecord, format_uid

__all__ = ["Found", "scan"]

_NUMBER = re.compile(r"[0-9]{4,18}")
_PREFIXED = re.compile(r"([0-9]{4,18})_(.+)")


@dataclass(slots=True)
class Found:
    """What the folders of a project hold."""

    records: list[RunRecord] = field(default_factory=list)
    highest: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest uid seen by (relpath, identifier), started or not: it is not given again."""
    shared: set[str] = field(default_factory=set)
    """Folders that runs in PREFIX mode put files into."""
    projects: dict[str, int] = field(default_factory=dict)
    """How many runs name each project's id."""
    problems: list[str] = field(default_factory=list)


def scan(root: str) -> Found:
    """Read every `run.json` below *root*, those in the trash included."""
    found = Found()
    seen: set[tuple[str, str]] = set()
    for base, trashed in ((root, False), (os.path.join(root, LEDGER_FOLDER, "trash"), True)):
        prefixed: dict[str, int] = {}
        for folder, folders, names in os.walk(base):
            home = "" if folder == base else os.path.relpath(folder, base).replace(os.sep, "/")
            runs = [name for name in folders if home and _NUMBER.fullmatch(name)]
            folders[:] = sorted(
                name for name in folders if name not in runs and not _is_foreign(folder, name)
            )
            for name in sorted(runs):
                _note(found, home, int(name))
                path = os.path.join(folder, name, SIDECAR)
                if os.path.exists(path):
                    _take(found, seen, path, home, name, StorageMode.SUBFOLDER, trashed=trashed)
            for name in sorted(names) if home else ():
                if match := _PREFIXED.fullmatch(name):
                    prefixed[home] = max(prefixed.get(home, 0), int(match[1]))
                    if match[2] == SIDECAR:
                        path = os.path.join(folder, name)
                        _take(
                            found, seen, path, home, match[1], StorageMode.PREFIX, trashed=trashed
                        )
        _sort_out_prefixes(found, prefixed)
    return found


def _is_foreign(folder: str, name: str) -> bool:
    """Whether a folder is the ledger's own or a project of its own."""
    return name == LEDGER_FOLDER or os.path.isdir(os.path.join(folder, name, LEDGER_FOLDER))


def _take(
    found: Found,
    seen: set[tuple[str, str]],
    path: str,
    home: str,
    uid: str,
    mode: StorageMode,
    *,
    trashed: bool,
) -> None:
    try:
        with open(path, "rb") as file:
            record, project = sidecar.parse(file.read())
    except (OSError, ValueError) as error:
        found.problems.append(f"{path} was left out: {error}")
        return
    relpath, _, identifier = home.rpartition("/")
    number = format_uid(int(uid))
    if (home, number) in seen or number != uid:
        found.problems.append(f"{path} was left out: another folder is run {home}/{number}")
        return
    if (record.layout.home, record.uid) != (home, uid):
        found.problems.append(
            f"{path} says that it is run {record.key}; it was taken for the run it lies as"
        )
    seen.add((home, number))
    found.projects[project] = found.projects.get(project, 0) + 1
    _note(found, home, int(uid))
    found.records.append(
        replace(
            record,
            relpath=relpath,
            identifier=identifier,
            uid=uid,
            mode=mode,
            trashed_us=os.stat(path).st_ctime_ns // 1000 if trashed else None,
        )
    )


def _note(found: Found, home: str, number: int) -> None:
    relpath, _, identifier = home.rpartition("/")
    key = (relpath, identifier)
    found.highest[key] = max(found.highest.get(key, 0), number)


def _sort_out_prefixes(found: Found, prefixed: dict[str, int]) -> None:
    """Tell the homes of runs in PREFIX mode from the folders that they share files in."""
    homes = {record.layout.home for record in found.records if record.mode is StorageMode.PREFIX}
    for folder, number in prefixed.items():
        if folder in homes:
            _note(found, folder, number)
        elif any(folder.startswith(f"{home}/") for home in homes):
            found.shared.add(folder)
