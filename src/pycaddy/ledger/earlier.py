"""The runs of a pycaddy 0.2 project, read from its `metadata.json`.

That file has one JSON object: identifier, relpath, uid, and the run. A run has a status, the times
at which it got each status, the paths of its files, and a hash of its params. The file is only
read. docs/from-0.2.md says what users see of this.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pycaddy import codec, params
from pycaddy._clock import to_iso
from pycaddy._names import fold
from pycaddy.codec import FileRecord
from pycaddy.errors import (
    FileKeyError,
    InvalidNameError,
    LedgerDamagedError,
    NameClashError,
    RunNotFoundError,
)
from pycaddy.layout import check_relpath
from pycaddy.ledger import artifacts, folders
from pycaddy.records import NewRun, RunRecord, format_uid, parse_uid
from pycaddy.status import Status
from pycaddy.stores import new_record
from pycaddy.stores.folders import refuse_clash, with_those_above

__all__ = ["SOURCE", "Earlier", "EarlierRun", "origin_of", "read"]

SOURCE = "pycaddy 0.2"
MAX_BYTES = 256 << 20
"""100,000 runs take about 60 MB. 0.2 itself needs seconds for each change of such a file."""

_LONGEST_HASH = 2_000
"""Bytes. PostgreSQL cannot index much more. A hash that 0.2 made itself has 64."""
_LOCK_WAIT_S = 5.0
_LOCK_POLL_S = 0.02
_WAS_RUNNING = f"It was running when it was taken over from {SOURCE}."
_ADVICE = (
    "If a program of pycaddy 0.2 is writing it, wait until that has ended. If the file is damaged, "
    "repair it or restore a copy. To begin without its runs, rename it."
)


class EarlierRun(NamedTuple):
    """One run of the file, with its names as they are there."""

    identifier: str
    relpath: str
    uid: str
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        """What it was called: "imagenet/train/000"."""
        return "/".join(part for part in (self.relpath, self.identifier, self.uid) if part)


@dataclass(slots=True)
class Earlier:
    """The runs of a `metadata.json`, as records of ours."""

    path: str
    found: list[tuple[EarlierRun, RunRecord]] = field(default_factory=list)
    """Each run, and its record under the uid of the same number."""
    problems: list[str] = field(default_factory=list)
    """What was left out, one sentence each."""

    @property
    def records(self) -> list[RunRecord]:
        """The records alone."""
        return [record for _, record in self.found]


def origin_of(record: RunRecord) -> str | None:
    """Return the name that an imported run had in its `metadata.json`; None for other runs."""
    origin = record.capture.get("origin") or {}
    from_earlier = str(origin.get("project", "")).startswith(SOURCE)
    return origin.get("run") if from_earlier else None


def read(path: str, root: str, ledger: str) -> Earlier | None:
    """Return the runs of the file *path*, with their files as they are now.

    Args:
        path: The `metadata.json`. The folder that it is in was the root of its project.
        root: The root of the project that the runs go into.
        ledger: The ledger of that project, whose own files cannot be files of a run.

    Returns:
        The runs; None if the file is valid JSON, but not a ledger of pycaddy 0.2.

    Raises:
        LedgerDamagedError: It cannot be read as JSON, or a run in it is malformed.
    """
    document = _load(path)
    if document is None or not _is_of_earlier(document):
        return None
    try:
        runs = list(_runs(document))
        records = [(run, _record(run)) for run in runs]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise _refusal(path, f"has a malformed run: {error}") from error
    earlier = Earlier(path)
    former = _former_root(runs)
    names = _Names(root)
    for run, record in records:
        try:
            named = record._replace(uid=format_uid(names.take(run)), relpath=_relpath(run))
        except (InvalidNameError, NameClashError, RunNotFoundError) as error:
            earlier.problems.append(f"{SOURCE} run {run.name!r} was left out: {error}")
            continue
        files = _files(run, named, earlier, former=former, root=root, ledger=ledger)
        earlier.found.append((run, named._replace(files_text=codec.encode_files(files))))
    return earlier


def _load(path: str) -> Any:
    """Return the JSON document; None if it is nested as no file of 0.2 is."""
    try:
        if (size := os.path.getsize(path)) > MAX_BYTES:
            raise _refusal(path, f"has {size:,} bytes, and {MAX_BYTES:,} is the most")
        with _not_while_written(path), open(path, "rb") as file:
            return json.loads(file.read())
    except RecursionError:
        return None
    except OSError as error:
        raise _refusal(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _refusal(path, f"is not JSON: {error}") from error


@contextmanager
def _not_while_written(path: str) -> Iterator[None]:
    """Wait until no process of 0.2 has the lock on the file, but not for long.

    0.2 writes the file in place, and has an exclusive flock on `metadata.lock` meanwhile.
    """
    try:
        import fcntl
    except ImportError:  # Windows: a file that is half written is not JSON, and is refused
        yield
        return
    try:
        fd = os.open(f"{os.path.splitext(path)[0]}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # 0.2 has left none
        yield
        return
    try:
        until = time.monotonic() + _LOCK_WAIT_S
        while time.monotonic() < until:
            with suppress(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                break
            time.sleep(_LOCK_POLL_S)
        yield
    finally:
        os.close(fd)


def _refusal(path: str, problem: str) -> LedgerDamagedError:
    return LedgerDamagedError(
        f"{path}, the ledger of {SOURCE} in this folder, {problem}. Nothing was changed. {_ADVICE}",
        ledger=path,
    )


def _is_of_earlier(document: object) -> bool:
    """Whether one of the runs is what only 0.2 writes; other programs have this file name, too."""
    return any(
        isinstance(run, dict) and "status" in run and "timestamp_status_lst" in run
        for relpaths in _values(document)
        for uids in _values(relpaths)
        for run in _values(uids)
    )


def _values(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else ()


def _runs(document: dict[str, Any]) -> Iterator[EarlierRun]:
    for identifier, relpaths in document.items():
        for relpath, uids in relpaths.items():
            for uid, facts in uids.items():
                if not isinstance(facts, dict):
                    raise TypeError(f"{uid!r} of {identifier!r} is not an object")
                yield EarlierRun(identifier, relpath, uid, facts)


class _Names:
    """The names of runs that were accepted so far."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folders: dict[str, str] = {}
        self._runs: set[tuple[str, str, int]] = set()

    def take(self, run: EarlierRun) -> int:
        """Return the number of *run*.

        Raises:
            InvalidNameError: No folder can have one of its names.
            NameClashError: A name differs only by case from one that was accepted, or two uids
                are the same number.
            RunNotFoundError: Its uid is not a number.
        """
        relpath, number = _relpath(run), parse_uid(run.uid)
        folders.check_home(self._root, NewRun(relpath, run.identifier, "{}", ""))
        home = f"{relpath}/{run.identifier}" if relpath else run.identifier
        wanted = {fold(folder): folder for folder, _ in with_those_above(home, "names")}
        for folded, folder in wanted.items():
            refuse_clash(folder, None, self._folders.get(folded, folder), "names")
        if (relpath, run.identifier, number) in self._runs:
            raise NameClashError(
                f"Another run of {home!r} has the number {number}, too.", name=run.uid, other=home
            )
        self._folders |= wanted
        self._runs.add((relpath, run.identifier, number))
        return number


def _relpath(run: EarlierRun) -> str:
    return check_relpath(run.relpath)


def _record(run: EarlierRun) -> RunRecord:
    """Return the run, all but its checked names and its files.

    Raises:
        KeyError, TypeError, ValueError, OverflowError, OSError: It is malformed.
    """
    try:
        status, moves = Status(run.facts["status"]), _moves(run)
        hashed = run.facts.get("param_hash")
        key, version = _key_of(hashed)
        if not isinstance(run.facts.get("files") or {}, dict):
            raise TypeError("its files are not an object")
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{run.name!r}: {error!r}") from error
    reason = None
    if status is Status.RUNNING:
        status, reason = Status.ERROR, _WAS_RUNNING
        moves.append((moves[-1][0], status))
    started = [at for at, became in moves if became is Status.RUNNING]
    ended = moves[-1][0] if status.is_final else None
    origin: dict[str, str] = {"project": SOURCE, "run": run.name}
    if hashed is not None:
        origin["param_hash"] = hashed
    blank = new_record(NewRun(run.relpath, run.identifier, "{}", key))
    return blank._replace(
        uid=run.uid,
        param_version=version,
        status=status,
        attempt=len(started),
        created_us=moves[0][0],
        started_us=started[-1] if started else None,
        ended_us=ended if ended is None or not started else max(ended, started[-1]),
        error_text=reason,
        capture_text=codec.encode({"origin": origin}),
        history_text=_history(moves, reason),
    )


def _key_of(hashed: object) -> tuple[str, int]:
    """Return the param hash of a run and its version; without params 0.2 kept no hash."""
    if hashed is None:
        return params.freeze({}).key, params.VERSION
    # Programs that called the ledger of 0.2 themselves passed texts of any kind.
    if not isinstance(hashed, str) or "\0" in hashed or len(hashed.encode()) > _LONGEST_HASH:
        raise ValueError(
            f"the param_hash {hashed!r:.100} is not a str of at most {_LONGEST_HASH:,} bytes "
            "without NUL"
        )
    return str(codec.encode_param_hash(hashed)), params.UNKNOWN


def _moves(run: EarlierRun) -> list[tuple[int, Status]]:
    """Return each status of the run and when it got it, in microseconds."""
    moves = [(_micros(at), Status(status)) for at, status in run.facts["timestamp_status_lst"]]
    if not moves:
        raise ValueError("its timestamp_status_lst is empty")
    if moves[-1][1] is not (status := Status(run.facts["status"])):
        moves.append((moves[-1][0], status))  # changed by hand
    return moves


def _micros(text: str) -> int:
    # 0.2 wrote the time of the machine without its zone. It is taken for the time of this machine.
    return round(datetime.fromisoformat(text).astimezone().timestamp() * 1_000_000)


def _history(moves: Iterable[tuple[int, Status]], reason: str | None) -> str:
    attempt = 0
    told: list[list[Any]] = []
    for at, status in moves:
        attempt += status is Status.RUNNING
        told.append([status.value, to_iso(at), attempt])
    if reason is not None:
        told[-1].append(reason)
    return codec.encode(told)


def _files(
    run: EarlierRun,
    record: RunRecord,
    earlier: Earlier,
    *,
    former: str | None,
    root: str,
    ledger: str,
) -> dict[str, FileRecord]:
    """Return the attached files as they are now."""
    files: dict[str, FileRecord] = {}
    project = os.path.dirname(earlier.path)
    for key, path in (run.facts.get("files") or {}).items():
        try:
            files = artifacts.attach(
                files,
                {key: _place(path, project, former)},
                root,
                run=str(record.key),
                ledger=ledger,
                hash=False,
                replace=True,
            )
            files[key] = files[key]._replace(given=path)
        except (FileKeyError, TypeError, ValueError) as error:
            earlier.problems.append(f"The file {key!r} of run {record.key} was left out: {error}")
    return files


def _former_root(runs: Iterable[EarlierRun]) -> str | None:
    """Return the root that the project had when its files were attached, if they tell it.

    A run's own files were in ROOT/RELPATH/UID/, or had names ROOT/RELPATH/UID_IDENTIFIER...
    """
    seen: Counter[str] = Counter()
    for run in runs:
        own = f"/{run.relpath}/{run.uid}" if run.relpath else f"/{run.uid}"
        for path in _values(run.facts.get("files")):
            for tail in (f"{own}/{run.identifier}", f"{own}_{run.identifier}"):
                if isinstance(path, str) and tail in path:
                    seen[path.rpartition(tail)[0]] += 1
    return seen.most_common(1)[0][0] if seen else None


def _place(path: str, project: str, former: str | None) -> str:
    """Return where an attached file is now; the first place where there is one.

    Absolute paths go along with a project that was moved or copied. Relative paths counted from
    the folder in which the script of 0.2 was started, most often the one above the project's.
    """
    if os.path.isabs(path):
        inside = former is not None and path.startswith(f"{former}/")
        moved = os.path.join(project, path[len(former or "") + 1 :])
        return moved if inside and os.path.lexists(moved) else path
    places = [os.path.join(os.path.dirname(project), path), os.path.join(project, path)]
    with suppress(FileNotFoundError):  # the current folder was removed
        places.insert(0, os.path.abspath(path))
    return next((place for place in places if os.path.lexists(place)), places[-1])
