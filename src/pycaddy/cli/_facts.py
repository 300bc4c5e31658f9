"""What is shown of a run: its facts in JSON, and its values in the cells of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pycaddy._clock import to_iso
from pycaddy.cli._format import value_text
from pycaddy.cli._output import Styled
from pycaddy.ledger import Ledger, RunRecord

if TYPE_CHECKING:
    from pycaddy.filters import AnyName

__all__ = [
    "LOOKS",
    "Names",
    "cell",
    "cells_of",
    "facts",
    "facts_of",
    "json_value",
    "status_cell",
]

LOOKS = {"pending": "dim", "running": "cyan", "done": "green", "error": "red", "stale": "yellow"}

Names = Mapping[str, "AnyName"]
"""The names of values by the columns that they have."""

_LONGEST = 60


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


def facts_of(ledger: Ledger, runs: Sequence[RunRecord], names: Names) -> list[dict[str, Any]]:
    """Return the facts of each run, with the values of *names*, if any, as `columns`."""
    listed = [facts(run, stale=ledger.is_stale(run)) for run in runs]
    if names:
        for told, values in zip(listed, cells_of(ledger, runs, names), strict=True):
            told["columns"] = dict(zip(names, map(json_value, values), strict=True))
    return listed


def cells_of(ledger: Ledger, runs: Sequence[RunRecord], names: Names) -> list[list[Any]]:
    """Return the values of *names* in each run; None for what it does not have."""
    from pycaddy.filters import Seen

    seen = (Seen(run, ledger.is_stale) for run in runs)
    return [[each.cell(name) for name in names.values()] for each in seen]


def cell(value: object) -> str:
    """Return a value as a cell of a table; "" for what is missing."""
    return "" if value is None else value_text(value, longest=_LONGEST)


def json_value(value: Any) -> Any:
    """Return a plain value or a time as strict JSON has it."""
    from pycaddy import params

    return json.loads(params.dump(value))
