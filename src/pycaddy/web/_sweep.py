"""How far the runs of one identifier are, as a grid, and what went wrong. Pure functions."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pycaddy._clock import to_iso
from pycaddy.filters import AnyName, Seen, flat_params, numbers_of, read_name
from pycaddy.ledger import RunRecord
from pycaddy.query.standing import standing
from pycaddy.status import Status
from pycaddy.web import _facts
from pycaddy.web._sums import Sum, condition, key_of, order_of, shown_value

__all__ = ["told"]

MOST_VALUES = 60
"""Along each side of the grid."""

_MOST_LISTED = 100
_MOST_NAMED = 5
_DIGITS = re.compile(r"[0-9]+")

IsStale = Callable[[RunRecord], bool]
Values = dict[str, Any]
"""The params of a run by their columns."""


def told(
    records: Sequence[RunRecord],
    is_stale: IsStale,
    now_us: int,
    *,
    x: str | None,
    y: str | None,
    of: str | None,
) -> dict[str, Any]:
    """Return what the page tells of a sweep.

    Args:
        records: All runs of the identifier, the oldest first.
        x: The name of the value along the grid. None: a param that differs.
        y: The one down. None: another that differs; "": none.
        of: The name of the value that the cells have the mean of. None: nothing.

    Raises:
        FilterError: *x*, *y* or *of* is not a name.
    """
    running = [run for run in records if run.status is Status.RUNNING]
    gone = {run.row for run in running if is_stale(run)}
    alive = [run for run in running if run.row not in gone]
    counts = Counter(run.status for run in records)
    ended = (run for run in records if run.ended_us is not None)
    stands = standing(counts, alive, len(gone), ended, now_us)
    seen = [Seen(run, is_stale) for run in records]
    differing = _differing([flat_params(run.params) for run in seen])
    across, down = _axes(differing, x, y)
    return {
        "standing": {**asdict(stands), "seconds_left": stands.seconds_left},
        "params": [{"name": name, "values": number} for name, number in differing.items()],
        "measures": _measures(records),
        "of": of,
        "grid": None if across is None else _grid(seen, gone, across, down, of),
        "failures": _failures(records),
        "work": [
            {
                "run": str(run.key),
                "owner": None if run.owner is None else str(run.owner),
                "since": None if run.started_us is None else to_iso(run.started_us),
                "attempt": run.attempt,
                "stale": run.row in gone,
            }
            for run in running[-_MOST_LISTED:]
        ],
    }


def _differing(runs: Sequence[Values]) -> dict[str, int]:
    """Return how many values each param has that is not the same in all runs."""
    found: defaultdict[str, set[object]] = defaultdict(set)
    having: Counter[str] = Counter()
    for values in runs:
        for name, value in values.items():
            found[name].add(key_of(value))
            having[name] += 1
    numbers = {name: len(keys) + (having[name] < len(runs)) for name, keys in found.items()}
    return {name: number for name, number in numbers.items() if number > 1}


def _axes(differing: dict[str, int], x: str | None, y: str | None) -> tuple[str | None, str | None]:
    """Return the params of the grid: those asked for, or those with the most values that fit."""
    # What differs only to repeat a run tells the least.
    fitting = sorted(
        (name for name, number in differing.items() if number <= MOST_VALUES),
        key=lambda name: ("seed" in name.lower(), -differing[name]),
    )
    left = [name for name in fitting if name not in (x, y)]
    across = x or (left.pop(0) if left else None)
    if y is None:
        return across, left[0] if left else None
    return across, y or None


def _measures(records: Sequence[RunRecord]) -> list[str]:
    """Return the names of what cells can have the mean of, as far as the newest runs tell."""
    newest = records[-_MOST_LISTED:]
    timed = any(run.seconds is not None for run in newest)
    return [*(["seconds"] if timed else []), *numbers_of(newest)]


def _grid(
    runs: Sequence[Seen],
    gone: set[int],
    across: str,
    down: str | None,
    of: str | None,
) -> dict[str, Any]:
    names = (across,) if down is None else (across, down)
    sought = [read_name(name) for name in names]
    measure = None if of is None else read_name(of)
    cells: dict[tuple[object, ...], tuple[list[Any], Sum, RunRecord]] = {}
    for seen in runs:
        run = seen.record
        at = [seen.value(name) for name in sought]
        key = tuple(map(key_of, at))
        first, counted, _ = cells.get(key) or (at, Sum(), run)
        counted.count(run.status.value, stale=run.row in gone)
        if of is not None and measure is not None:
            counted.add(of, seen.value(measure))
        cells[key] = first, counted, run  # the newest
    sides = [_Side.of(name, [at[n] for at, _, _ in cells.values()]) for n, name in enumerate(names)]
    return {
        "x": sides[0].told(),
        "y": sides[1].told() if down is not None else None,
        "cells": [
            {
                "x": sides[0].place[key[0]],
                "y": sides[1].place[key[1]] if down is not None else 0,
                "total": counted.total,
                "counts": dict(counted.counts),
                "stale": counted.stale,
                "mean": None if of is None else counted.means().get(of),
                "where": _where(sought, at),
                "run": str(run.key) if counted.total == 1 else None,
            }
            for key, (at, counted, run) in cells.items()
            if all(part in side.place for part, side in zip(key, sides, strict=True))
        ],
    }


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the grid."""

    name: str
    values: list[Any]
    left_out: int
    place: dict[object, int]

    @classmethod
    def of(cls, name: str, found: Iterable[Any]) -> _Side:
        values = sorted({key_of(value): value for value in found}.values(), key=order_of)
        shown = values[:MOST_VALUES]
        place = {key_of(value): at for at, value in enumerate(shown)}
        return cls(name, shown, len(values) - len(shown), place)

    def told(self) -> dict[str, Any]:
        values = [*map(shown_value, self.values)]
        return {"name": self.name, "values": values, "left_out": self.left_out}


def _where(names: Iterable[AnyName], values: Iterable[Any]) -> str | None:
    """Return the filter that describes the runs of a cell, if there is one."""
    parts = [condition(name, value) for name, value in zip(names, values, strict=True)]
    return None if None in parts else " and ".join(filter(None, parts))


def _failures(records: Iterable[RunRecord]) -> list[dict[str, Any]]:
    """Return why runs have failed, the most frequent first; numbers tell no two apart."""
    reasons: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for run in records:
        if run.status is Status.ERROR:
            reason = _facts.last_line(run.error_text or "")
            reasons[_DIGITS.sub("0", reason)].append((reason, str(run.key)))
    listed = sorted(reasons.values(), key=len, reverse=True)[:_MOST_LISTED]
    return [
        {
            "reason": each[-1][0],
            "total": len(each),
            "runs": [name for _, name in each[: -_MOST_NAMED - 1 : -1]],
        }
        for each in listed
    ]
