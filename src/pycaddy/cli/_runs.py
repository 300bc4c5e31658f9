"""Runs by the names that people give them, and as they are shown."""

from __future__ import annotations

import json
import re
from typing import Any

from pycaddy._clock import to_iso
from pycaddy.cli._find import look_up
from pycaddy.cli._output import Styled
from pycaddy.errors import RunNotFoundError
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project import Project, Session
from pycaddy.records import parse_uid

__all__ = ["LOOKS", "facts", "run_by_name", "run_by_path", "session_of_words", "status_cell"]

_RUN = re.compile(r"([0-9]{4,18})(?:_|$)", re.ASCII)
LOOKS = {"pending": "dim", "running": "cyan", "done": "green", "error": "red", "stale": "yellow"}


def run_by_name(project: Project, name: str) -> RunRecord:
    """Return the run that *name* ends the name of: "imagenet/train/0007", "train/0007", "0007".

    Raises:
        RunNotFoundError: There is none, or several.
    """
    home, _, uid = name.strip("/").rpartition("/")
    if not (uid.isascii() and uid.isdigit()):
        raise RunNotFoundError(
            f"{name!r} names no run: a run's name ends in its uid, as 'train/0007' does. "
            "`pycaddy ls` lists the runs there are.",
            run=name,
        )
    number = parse_uid(uid)
    store = project.ledger.store
    found = []
    for counter in store.identifiers():
        full = f"{counter.relpath}/{counter.name}" if counter.relpath else counter.name
        if full == home:
            return project.ledger.read(counter.name, uid, relpath=counter.relpath)
        if not home or full.endswith(f"/{home}"):
            record = store.get(counter.relpath, counter.name, number)
            found += [] if record is None else [record]
    return _only(found, name, project.ledger)


def run_by_path(project: Project, path: str) -> RunRecord:
    """Return the run whose folder or file *path* is, relative to the project's root.

    Raises:
        RunNotFoundError: It belongs to no run.
    """
    parts = path.split("/")
    for depth, part in enumerate(parts[1:], 1):
        # A project's first level never holds runs.
        if match := _RUN.match(part):
            relpath, identifier = "/".join(parts[: depth - 1]), parts[depth - 1]
            return project.ledger.read(identifier, match[1], relpath=relpath)
    raise RunNotFoundError(
        f"{project.root / path} is not the folder or a file of a run. "
        "`pycaddy ls` lists the runs there are.",
        run=path,
    )


def session_of_words(words: str, project: str | None) -> Session:
    """Return a session on the run that *words* name or are the path of."""
    opened, record = look_up(words, project, run_by_name, run_by_path)
    return opened.session_of(record.key)


def status_cell(record: RunRecord, *, stale: bool) -> Styled:
    """Return the status as it is shown: "stale" for a run whose process is gone."""
    name = "stale" if stale else record.status.value
    return Styled(name, LOOKS[name])


def facts(record: RunRecord, *, stale: bool) -> dict[str, Any]:
    """Return what `--json` says of a run wherever it names one. Keys are only ever added."""
    return {
        "run": str(record.key),
        "relpath": record.relpath,
        "identifier": record.identifier,
        "uid": record.uid,
        "status": record.status.value,
        "stale": stale,
        "attempt": record.attempt,
        # As stored: strict JSON has no NaN.
        "params": json.loads(record.params_text),
        "result": None if record.result_text is None else json.loads(record.result_text),
        "created_at": to_iso(record.created_us),
        "started_at": None if record.started_us is None else to_iso(record.started_us),
        "ended_at": None if record.ended_us is None else to_iso(record.ended_us),
        "seconds": record.seconds,
    }


def _only(found: list[RunRecord], name: str, ledger: Ledger) -> RunRecord:
    live = [record for record in found if record.trashed_us is None]
    if len(live) == 1:
        return live[0]
    if not live and found:
        return ledger.reread(found[0])  # refuses, and says how to get it out of the trash
    names = [str(record.key) for record in live]
    hint = (
        f"These end so: {', '.join(names)}. Write more of the name."
        if names
        else "`pycaddy ls` lists the runs there are."
    )
    raise RunNotFoundError(f"No single run {name!r} in {ledger.root}. {hint}", run=name)
