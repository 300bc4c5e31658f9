"""The runs that the folders of a project describe."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pycaddy import codec
from pycaddy._names import check_parts, fold
from pycaddy.codec import FileRecord
from pycaddy.errors import InvalidNameError
from pycaddy.layout import (
    LEDGER_FOLDER,
    SIDECAR,
    TRASH_FOLDER,
    RunLayout,
    StorageMode,
    check_namespace,
)
from pycaddy.ledger import sidecar
from pycaddy.records import RunRecord, format_uid
from pycaddy.stores import Store

__all__ = ["Found", "known_folders", "scan", "split_home"]

# A folder of more digits is no run without a description: it is somebody's time stamp.
_NUMBER = re.compile(r"[0-9]{4,9}")
_LONG_NUMBER = re.compile(r"[0-9]{4,18}")
_PREFIXED = re.compile(r"([0-9]{4,9})_(.+)")


@dataclass(slots=True)
class Found:
    """What the folders of a project hold."""

    records: list[RunRecord] = field(default_factory=list)
    highest: dict[str, int] = field(default_factory=dict)
    """The highest uid seen by home, started or not: it is not given again."""
    shared: set[str] = field(default_factory=set)
    """Folders that runs in PREFIX mode put files into."""
    projects: dict[str, int] = field(default_factory=dict)
    """How many runs name each project's id."""
    problems: list[str] = field(default_factory=list)

    def note(self, home: str, number: int) -> None:
        """Remember that a run of *home* has, or had, this number."""
        self.highest[home] = max(self.highest.get(home, 0), number)


def scan(root: str, known: Iterable[str] = (), shared: Iterable[str] = ()) -> Found:
    """Read every `run.json` below *root*, those in the trash included.

    Args:
        known: Homes that the ledger has: of two that differ only by case they are the right ones.
        shared: Folders that it has for files of runs in PREFIX mode.
    """
    found = Found(shared=set(shared))
    seen: set[tuple[str, str]] = set()
    for base, trashed in ((root, False), (os.path.join(root, TRASH_FOLDER), True)):
        prefixed: dict[str, int] = {}
        for home, folders, names in _walk(base):
            for path, uid, mode in _described(os.path.join(base, home), folders, names):
                _take(found, seen, path, RunLayout(*split_home(home), uid, mode), trashed=trashed)
            for name in filter(_NUMBER.fullmatch, folders):
                found.note(home, int(name))
            numbers = [int(match[1]) for match in map(_PREFIXED.fullmatch, names) if match]
            if numbers:
                prefixed[home] = max(numbers)
        _sort_out_prefixes(found, prefixed)
    _leave_out_the_unfit(found, known)
    found.problems = [_printable(problem) for problem in found.problems]
    return found


def _printable(text: str) -> str:
    """Return *text* with what is not Unicode in a path as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def known_folders(store: Store) -> tuple[list[str], set[str]]:
    """Return what `scan` should know of a ledger: the homes it has, and the shared folders."""
    homes = [
        RunLayout(counter.relpath, counter.name, "", StorageMode.SUBFOLDER).home
        for counter in store.identifiers()
    ]
    return homes, store.folders("files")


def _walk(base: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (folder below *base*, its folders, its files), but nothing within a run's folder.

    A symbolic link is followed when it leads out of *base*: to a larger disk, say.
    """
    real_base = os.path.realpath(base)
    visited = set()
    for folder, folders, names in os.walk(base, followlinks=True):
        home = "" if folder == base else os.path.relpath(folder, base).replace(os.sep, "/")
        folders.sort()
        if home:  # the first level holds no runs
            yield home, list(folders), sorted(names)
        kept = []
        for name in folders:
            path = os.path.join(folder, name)
            if (home and _LONG_NUMBER.fullmatch(name)) or _is_foreign(path):
                continue
            if os.path.islink(path):
                next_ = os.path.normpath(os.path.join(folder, os.readlink(path)))
                target = os.path.realpath(path)
                if _lies_in(next_, base) or _lies_in(target, real_base) or target in visited:
                    continue
                visited.add(target)
            kept.append(name)
        folders[:] = kept


def _lies_in(path: str, folder: str) -> bool:
    return os.path.join(path, "").startswith(os.path.join(folder, ""))


def _is_foreign(path: str) -> bool:
    """Whether a folder is the ledger's own or a project of its own."""
    return os.path.basename(path) == LEDGER_FOLDER or os.path.isdir(
        os.path.join(path, LEDGER_FOLDER)
    )


def _described(
    folder: str, folders: list[str], names: list[str]
) -> Iterator[tuple[str, str, StorageMode]]:
    """Yield (path, uid, mode) of each `run.json` that lies where one belongs."""
    for name in filter(_LONG_NUMBER.fullmatch, folders):
        path = os.path.join(folder, name, SIDECAR)
        if os.path.exists(path):
            yield path, name, StorageMode.SUBFOLDER
    for name in names:
        uid, _, rest = name.partition("_")
        if rest == SIDECAR and _LONG_NUMBER.fullmatch(uid):
            yield os.path.join(folder, name), uid, StorageMode.PREFIX


def _take(
    found: Found, seen: set[tuple[str, str]], path: str, layout: RunLayout, *, trashed: bool
) -> None:
    home, uid = layout.home, layout.uid
    number = format_uid(int(uid))
    found.note(home, int(uid))
    try:
        with open(path, "rb") as file:
            record, project = sidecar.parse(file.read())
    except (OSError, ValueError) as error:
        found.problems.append(f"{path} was left out: {error}")
        return
    if number != uid:
        found.problems.append(f"{path} was left out: run {int(uid)} would lie in {number}")
        return
    if (home, uid) in seen:
        found.problems.append(f"{path} was left out: another folder is run {home}/{uid}")
        return
    if (record.layout.home, record.uid) != (home, uid):
        found.problems.append(
            f"{path} says that it is run {record.key}; it was taken for the run it lies as"
        )
    seen.add((home, uid))
    found.projects[project] = found.projects.get(project, 0) + 1
    found.records.append(
        record._replace(
            relpath=layout.relpath,
            identifier=layout.identifier,
            uid=uid,
            mode=layout.mode,
            files_text=_files_in(record, layout),
            trashed_us=os.stat(path).st_ctime_ns // 1000 if trashed else None,
        )
    )


def _files_in(record: RunRecord, layout: RunLayout) -> str:
    """Return the files of a run that lies in *layout* now: its own have come along."""
    if record.layout == layout:
        return record.files_text
    return codec.encode_files(
        {
            key: file._replace(path=_moved(file, record.layout, layout))
            for key, file in record.artifacts.items()
        }
    )


def _moved(file: FileRecord, old: RunLayout, new: RunLayout) -> str:
    folder, _, name = file.path.rpartition("/")
    if not f"{folder}/".startswith(f"{old.folder}/"):
        return file.path
    folder = new.folder + folder.removeprefix(old.folder)
    if new.mode is StorageMode.PREFIX and name.startswith(f"{old.uid}_"):
        name = f"{new.uid}_{name.removeprefix(f'{old.uid}_')}"
    return f"{folder}/{name}"


def split_home(home: str) -> tuple[str, str]:
    """Return the relpath and the identifier of a home."""
    relpath, _, identifier = home.rpartition("/")
    return relpath, identifier


def _sort_out_prefixes(found: Found, prefixed: dict[str, int]) -> None:
    """Tell the homes of runs in PREFIX mode from the folders that they share files in."""
    homes = {record.layout.home for record in found.records if record.mode is StorageMode.PREFIX}
    for folder, number in prefixed.items():
        if folder in homes:
            found.note(folder, number)
        elif _is_below(folder, homes):
            found.shared.add(folder)
        elif not _is_below(folder, prefixed):  # runs that were never started, or chance
            found.note(folder, number)


def _is_below(folder: str, homes: Iterable[str]) -> bool:
    return any(folder.startswith(f"{home}/") for home in homes)


def _leave_out_the_unfit(found: Found, known: Iterable[str]) -> None:
    """Leave out what no ledger could take in: bad names, and names that differ only by case."""
    taken: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for home in (*known, *sorted(found.highest)):
        if home in reasons:
            continue
        if reason := _unfitness(home, taken, found.shared):
            reasons[home] = reason
            continue
        for folder in _with_parents(home):
            taken[fold(folder)] = folder
    found.problems += [
        f"{record.layout.folder} was left out: {reason}"
        for record in found.records
        if (reason := reasons.get(record.layout.home))
    ]
    found.records = [record for record in found.records if record.layout.home not in reasons]
    found.highest = {home: n for home, n in found.highest.items() if home not in reasons}
    found.shared = {folder for folder in found.shared if taken.get(fold(folder), folder) == folder}


def _unfitness(home: str, taken: dict[str, str], shared: set[str]) -> str | None:
    try:
        check_namespace(check_parts(home, "folder"))
    except InvalidNameError as error:
        return str(error)
    for folder in _with_parents(home):
        other = taken.get(fold(folder), folder)
        if other != folder:
            return f"its name differs only by case from {other}"
    if home in shared:
        return "runs in PREFIX mode share it"
    return None


def _with_parents(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]
