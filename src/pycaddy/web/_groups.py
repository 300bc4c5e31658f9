"""The runs of a list by one of their values. Pure functions of records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pycaddy.filters import AnyName, Seen, flat
from pycaddy.ledger import RunRecord
from pycaddy.web._sums import Sum, condition, key_of, order_of, shown_value

__all__ = ["grouped", "numbers_of"]

_MOST_GROUPS = 500


def grouped(
    records: Iterable[RunRecord], by: AnyName, is_stale: Callable[[RunRecord], bool]
) -> dict[str, Any]:
    """Return the groups of runs that have the same *by*, and the means of their numbers."""
    groups: dict[object, tuple[Any, Sum]] = {}
    for record in records:
        value = Seen(record, is_stale).value(by)
        _, group = groups.setdefault(key_of(value), (value, Sum()))
        group.count(record.status.value, stale=is_stale(record))
        for name, number in numbers_of(record).items():
            group.add(name, number)
    listed = sorted(groups.values(), key=lambda each: order_of(each[0]))
    return {
        "by": str(by),
        "groups": [
            {
                "value": shown_value(value),
                "where": condition(by, value),
                "total": group.total,
                "counts": dict(group.counts),
                "stale": group.stale,
                "means": group.means(),
            }
            for value, group in listed[:_MOST_GROUPS]
        ],
        "left_out": max(len(listed) - _MOST_GROUPS, 0),
    }


def numbers_of(record: RunRecord) -> dict[str, Any]:
    """Return what has a mean, by the dotted names that the page's rows have."""
    result = {f"result.{name}": value for name, value in flat(record.result or {}).items()}
    metrics = {f"metrics.{name}": known.get("last") for name, known in record.summary.items()}
    return {"seconds": record.seconds, **result, **metrics}
