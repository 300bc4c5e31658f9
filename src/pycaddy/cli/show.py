"""`pycaddy show`: all that is known of one run."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from pycaddy import codec
from pycaddy.cli._facts import facts, status_cell
from pycaddy.cli._format import count, duration, flat, local_time, value_text
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._runs import run_argument, run_named
from pycaddy.cli._table import say_rows
from pycaddy.ledger import FileRecord, Ledger, Move, RunRecord
from pycaddy.ledger.artifacts import absolute
from pycaddy.ledger.verify import differences
from pycaddy.params import UNKNOWN

__all__ = ["show"]


@dataclass(frozen=True, slots=True)
class _File:
    """An attached file: as it was recorded, and as it is."""

    recorded: FileRecord
    path: str
    exists: bool
    problem: str | None


@click.command(
    epilog=examples(
        "pycaddy show train/0007",
        "pycaddy show 0007",
        "pycaddy show results/train/0007/model.pt",
        "pycaddy show train/0007 --json",
    )
)
@run_argument
@project_option
@json_option
def show(run: str, project: str | None, as_json: bool) -> None:
    """Show all that is known of one run.

    RUN is its name as `pycaddy ls` prints it, or the end of that name if no other run's ends
    so; or the path of its folder, of its run.json or of any other file in it.
    """
    opened, record = run_named(run, project)
    ledger = opened.ledger
    stale = ledger.is_stale(record)
    files = dict(_files(ledger, record))
    if as_json:
        say_json(facts(record, stale=stale) | _more_facts(ledger, record, files))
        return
    say(Styled(str(record.key), "bold"), "  ", status_cell(record, stale=stale))
    say_rows(list(_overview(ledger, record)))
    _section("params", _params(record))
    _section("result", _values(record.result or {}))
    _section("metrics", [_series_row(name, facts) for name, facts in record.summary.items()])
    _section("files", [_file_row(key, file) for key, file in files.items()])
    _section(
        "history",
        [
            (local_time(move.at), move.status.value, f"attempt {move.attempt}", _detail(move))
            for move in record.history
        ],
    )
    if record.note:
        say(Styled("note", "bold"))
        say(record.note, lines=True)
    if record.error_text:
        say(Styled("error", "bold"))
        say(record.error_text.rstrip(), lines=True)


def _files(ledger: Ledger, record: RunRecord) -> Iterator[tuple[str, _File]]:
    problems = {found.key: found.problem for found in differences(ledger, [record])}
    for key, file in record.artifacts.items():
        path = absolute(ledger.root, file.path)
        yield key, _File(file, path, os.path.exists(path), problems.get(key))


def _more_facts(ledger: Ledger, record: RunRecord, files: Mapping[str, _File]) -> dict[str, Any]:
    return {
        "project": ledger.root,
        "folder": os.path.join(ledger.root, record.layout.folder),
        "storage_mode": record.mode.value,
        "param_hash": record.param_hash,
        "param_version": record.param_version,
        "owner": None if record.owner is None else record.owner._asdict(),
        "metrics": {} if record.summary_text is None else json.loads(record.summary_text),
        "files": {
            key: {
                "path": file.path,
                "size": file.recorded.size,
                "sha256": file.recorded.sha256,
                "exists": file.exists,
                "problem": file.problem,
            }
            for key, file in files.items()
        },
        "history": [codec.move_facts(move) for move in record.history],
        "error": record.error_text,
        "tags": list(record.tags),
        "note": record.note,
        "capture": None if record.capture_text is None else json.loads(record.capture_text),
    }


def _overview(ledger: Ledger, record: RunRecord) -> Iterator[tuple[str, str]]:
    yield "folder", os.path.join(ledger.root, record.layout.folder)
    yield "attempt", str(record.attempt)
    yield "created", local_time(record.created_at)
    if record.started_at is not None:
        yield "started", local_time(record.started_at)
    if record.ended_at is not None:
        yield "ended", local_time(record.ended_at)
    if record.seconds is not None:
        yield "took", duration(record.seconds)
    if record.owner is not None:
        yield "owner", str(record.owner)
    if record.tags:
        yield "tags", " ".join(record.tags)
    yield from _code(record.capture)
    yield "storage mode", record.mode.name
    yield "params key", str(record.param_hash)


def _detail(move: Move) -> str:
    """Return who started an attempt and which ignored params it changed, or why it ended."""
    changes = [
        f"{name}: {_side(sides, 'before')} -> {_side(sides, 'now')}"
        for name, sides in (move.changed_params or {}).items()
    ]
    return ", ".join(filter(None, (move.detail, *changes)))


def _side(sides: Mapping[str, Any], side: str) -> str:
    return value_text(sides[side]) if side in sides else "none"


def _code(capture: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what tells people which code it was."""
    if found := capture.get("git"):
        branch = f" on {found['branch']}" if found.get("branch") else ""
        dirty = " with changes" if found.get("dirty") or found.get("patch") else ""
        yield "commit", f"{found.get('commit') or 'none yet'}{branch}{dirty}"
    if command := capture.get("command"):
        yield "command", shlex.join(command)
    if "cwd" in capture:
        yield "given in", capture["cwd"]
    for problem in capture.get("problems", ()):
        yield "not captured", problem


def _params(record: RunRecord) -> list[tuple[str, ...]]:
    if record.param_version == UNKNOWN:
        return [("unknown", "pycaddy 0.2 kept only a hash of them")]
    return _values(record.params)


def _values(values: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(name, value_text(value)) for name, value in flat(values)]


def _series_row(name: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
    lost = facts.get("lost")
    return (
        name,
        f"last {_figure(facts, 'last')}",
        f"min {_figure(facts, 'min')}",
        f"max {_figure(facts, 'max')}",
        count(facts.get("count", 0), "point"),
        f"{count(lost, 'point')} lost" if lost else "",
    )


def _figure(facts: Mapping[str, Any], name: str) -> str:
    value, step = facts.get(name), facts.get(f"{name}_step")
    if value is None:
        return "-"
    return value_text(value, longest=12) + ("" if step is None else f" at {step}")


def _file_row(key: str, file: _File) -> tuple[str, ...]:
    size = "" if file.recorded.size is None else count(file.recorded.size, "byte")
    absent = "" if file.exists else "is missing"
    return key, file.path, size, file.problem or absent


def _section(title: str, rows: list[tuple[str, ...]]) -> None:
    if rows:
        say(Styled(title, "bold"))
        say_rows(rows)
