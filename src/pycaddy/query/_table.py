"""The rows of a table of runs, and the params in which runs differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pycaddy import params
from pycaddy.filters import (
    AnyName,
    FirstOf,
    Name,
    column,
    flat_metrics,
    flat_params,
    flat_result,
    walk,
)
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


def names_that_vary(records: Iterable[RunRecord]) -> dict[str, AnyName]:
    """Return the params that are not the same in all runs, by their columns."""
    return {name: meant for name, (meant, _) in _varying(records).items()}


def _varying(records: Iterable[RunRecord]) -> dict[str, tuple[AnyName, list[Any]]]:
    decoded = params.thaw_many(record.params_text for record in records)
    places: dict[str, dict[tuple[str, ...], None]] = {}
    rows: list[dict[str, Any]] = []
    for values in decoded:
        row: dict[str, Any] = {}
        for keys, value in walk(values):
            name = column("params", keys)
            places.setdefault(name, {})[keys] = None
            row[name] = value
        rows.append(row)
    found: dict[str, tuple[AnyName, list[Any]]] = {}
    for name, ways in places.items():
        distinct: dict[str, Any] = {}
        for row in rows:
            value = row.get(name)
            distinct.setdefault(params.freeze({"": value}).key, value)
        if len(distinct) > 1:
            # Some runs may have {"opt": {"lr": 0.1}}, and others {"opt.lr": 0.1}.
            exact = tuple(Name("params", keys) for keys in ways)
            meant: AnyName = exact[0] if len(exact) == 1 else FirstOf(name, exact)
            found[name] = meant, list(distinct.values())
    return found
