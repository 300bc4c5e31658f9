"""What a table says of a run, by the names that filters have for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pycaddy import params
from pycaddy.filters import FIELDS, PARTS
from pycaddy.records import RunRecord

__all__ = ["flat", "flat_metrics", "flat_params", "flat_result", "rows_of", "varying"]

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


def flat_result(record: RunRecord) -> dict[str, Any]:
    """Return the result by names such as `result.loss`."""
    return dict(flat(record.result or {}, "result."))


def flat_metrics(record: RunRecord) -> dict[str, Any]:
    """Return the last, least and greatest value of each metric: `metrics.loss.min`."""
    row: dict[str, Any] = {}
    for series, known in record.summary.items():
        row[f"metrics.{series}"] = known.get("last")
        row.update({f"metrics.{series}.{which}": known.get(which) for which in _SHOWN})
    return row


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
    rows = [flat_params(values) for values in params.thaw_many(r.params_text for r in records)]
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for name in row:
            found.setdefault(name, {})
    for name, values in found.items():
        for row in rows:
            value = row.get(name)
            values.setdefault(params.freeze({"": value}).key, value)
    return {name: list(values.values()) for name, values in found.items() if len(values) > 1}
