"""Runs as rows and as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pycaddy import params
from pycaddy.filters import FIELDS, PARTS
from pycaddy.records import RunRecord

__all__ = ["columns_of", "flat", "flat_params", "rows_of"]

_RESERVED = frozenset((*FIELDS, *PARTS, "run"))
_SHOWN = ("min", "max")


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by dotted names: `opt.lr`."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def flat_params(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return params by the names that filters have for them: `lr`, but `params.status`."""
    return {
        f"params.{name}" if name.partition(".")[0] in _RESERVED else name: value
        for name, value in flat(values)
    }


def rows_of(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Return each run as one flat dict."""
    decoded = params.thaw_many(record.params_text for record in records)
    return [_row(record, values) for record, values in zip(records, decoded, strict=True)]


def columns_of(records: Sequence[RunRecord]) -> dict[str, list[Any]]:
    """Return the same table by columns; None where a run has no value."""
    columns: dict[str, list[Any]] = {}
    for number, row in enumerate(rows_of(records)):
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = [None] * len(records)
            column[number] = value
    return columns


def _row(record: RunRecord, values: Mapping[str, Any]) -> dict[str, Any]:
    row = {
        "run": str(record.key),
        "identifier": record.identifier,
        "uid": record.uid,
        "status": record.status.value,
        "attempt": record.attempt,
        "seconds": record.seconds,
        "created_at": record.created_at,
        "tags": list(record.tags),
        "note": record.note,
        **flat_params(values),
    }
    row.update(flat(record.result or {}, "result."))
    for series, known in record.summary.items():
        row[f"metrics.{series}"] = known.get("last")
        row.update({f"metrics.{series}.{which}": known.get(which) for which in _SHOWN})
    return row
