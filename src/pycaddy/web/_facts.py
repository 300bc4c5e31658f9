"""Runs as JSON values. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pycaddy import codec
from pycaddy._clock import to_iso
from pycaddy.ledger import RunRecord

__all__ = ["cell", "compared", "flat", "last_line", "row", "run"]

_LONGEST_CELL = 120
_MOST_CELLS = 200
_COMPARED = ("last", "min", "max")


def row(record: RunRecord, *, stale: bool) -> dict[str, Any]:
    """Return what a table shows of a run: flat, and never long."""
    return {
        **_common(record, stale=stale),
        "params": _cells(json.loads(record.params_text)),
        "result": _cells(_decoded(record.result_text) or {}),
        # As it is stored: JSON has no NaN.
        "last": _cells(
            {k: known.get("last") for k, known in (_decoded(record.summary_text) or {}).items()}
        ),
        "error": None if record.error_text is None else last_line(record.error_text),
    }


def compared(record: RunRecord, series: Iterable[str], *, stale: bool) -> dict[str, Any]:
    """Return what is compared of a run: its row, and the summary of each metric as cells.

    Args:
        series: The names of those that it has logged: there may be no summary yet.
    """
    summaries = {**{name: {} for name in series}, **(_decoded(record.summary_text) or {})}
    metrics = {
        name: {key: cell(summary.get(key)) for key in _COMPARED}
        for name, summary in sorted(summaries.items())
    }
    return {**row(record, stale=stale), "metrics": metrics}


def run(record: RunRecord, *, stale: bool, folder: str, log: int | None) -> dict[str, Any]:
    """Return all that is known of a run, its values as they are stored: JSON has no NaN.

    Args:
        log: The size of what it has printed, if that was kept.
    """
    return {
        **_common(record, stale=stale),
        "params": json.loads(record.params_text),
        "result": _decoded(record.result_text),
        "error": record.error_text,
        "folder": folder,
        "log": log,
        # JavaScript has no integers of 64 bits.
        "param_hash": str(record.param_hash),
        "mode": record.mode.value,
        "metrics": _decoded(record.summary_text) or {},
        "capture": _decoded(record.capture_text) or {},
        "files": [
            {"key": key, "path": file.path, "size": file.size, "sha256": file.sha256}
            for key, file in record.artifacts.items()
        ],
        "history": [codec.move_facts(move) for move in record.history],
    }


def _common(record: RunRecord, *, stale: bool) -> dict[str, Any]:
    return {
        "run": str(record.key),
        "relpath": record.relpath,
        "identifier": record.identifier,
        "uid": record.uid,
        "revision": record.revision,
        "status": record.status.value,
        "stale": stale,
        "trashed": record.trashed_us is not None,
        "attempt": record.attempt,
        "owner": None if record.owner is None else str(record.owner),
        "created_at": to_iso(record.created_us),
        "started_at": None if record.started_us is None else to_iso(record.started_us),
        "ended_at": None if record.ended_us is None else to_iso(record.ended_us),
        "seconds": record.seconds,
        "tags": list(record.tags),
        "note": record.note,
    }


def _decoded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _cells(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* by dotted names, each a number, a bool, None or a short text."""
    cells: dict[str, Any] = {}
    for name, value in flat(values):
        if len(cells) == _MOST_CELLS:
            break
        cells[name] = cell(value)
    return cells


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield nested values by dotted names, as they are stored."""
    for name, value in values.items():
        if isinstance(value, dict) and value and "__float__" not in value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def cell(value: Any) -> Any:
    """Return a number, a bool or None as it is, and all else as a text that is not long."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int) and -(2**53) <= value <= 2**53:  # what JavaScript holds exactly
        return value
    if isinstance(value, dict) and "__float__" in value:
        return {"nan": "NaN", "inf": "∞", "-inf": "-∞"}.get(value["__float__"], "NaN")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def last_line(text: str) -> str:
    """Return what a traceback ends with: the error itself."""
    return text.strip().rpartition("\n")[2][:_LONGEST_CELL]
