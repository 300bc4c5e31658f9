"""The rows of a table of runs, and the params in which runs differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pycaddy import params
from pycaddy.filters import Name, column, flat_metrics, flat_params, flat_result, walk
from pycaddy.records import RunRecord

__all__ = ["names_that_vary", "rows_of", "varying"]


def rows_of(records: Sequence[RunRecord]) -> Iterator[dict[str, Any]]:
    """Yield each run as one flat dict."""
    decoded = params.thaw_many(record.params_text for record in records)
    for record, values in zip(records, decoded, strict=True):
        yield {
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
            **flat_result(record),
            **flat_metrics(record),
        }


def varying(records: Iterable[RunRecord]) -> dict[str, list[Any]]:
    """Return the params that are not the same in all runs, with the values that they have.

    A run that lacks one counts as another value; None stands for it.
    """
    return {name: values for name, (_, values) in _varying(records).items()}


def names_that_vary(records: Iterable[RunRecord]) -> dict[str, Name]:
    """Return the params that are not the same in all runs, by their columns."""
    return {name: exact for name, (exact, _) in _varying(records).items()}


def _varying(records: Iterable[RunRecord]) -> dict[str, tuple[Name, list[Any]]]:
    rows = [dict(walk(values)) for values in params.thaw_many(r.params_text for r in records)]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        for keys in row:
            found.setdefault(keys, {})
    for keys, values in found.items():
        for row in rows:
            value = row.get(keys)
            values.setdefault(params.freeze({"": value}).key, value)
    return {
        column("params", keys): (Name("params", keys), list(values.values()))
        for keys, values in found.items()
        if len(values) > 1
    }
