"""The runs of a list by one of their values. Pure functions of records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pycaddy.filters import Name, Seen, names_of
from pycaddy.ledger import RunRecord
from pycaddy.web import _facts
from pycaddy.web._sums import Sum, condition, key_of, order_of, shown_value

__all__ = ["grouped", "name_of", "numbers_of"]

_MOST_GROUPS = 500


def name_of(word: str) -> Name:
    """Return what *word* names: a param, if it may be several things."""
    return names_of(word)[0]


def grouped(
    records: Iterable[RunRecord], by: Name, is_stale: Callable[[RunRecord], bool]
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
    """Return what has a mean, by the columns of the table."""
    found = {"seconds": record.seconds}
    if record.result_text is not None:
        result = json.loads(record.result_text)
        found.update((f"result.{name}", value) for name, value in _facts.flat(result))
    if record.summary_text is not None:
        found.update((f"last.{name}", each.get("last")) for name, each in record.summary.items())
    return found
