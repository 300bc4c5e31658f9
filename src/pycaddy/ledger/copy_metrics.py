"""The points that runs have logged, taken along with a copy of their ledger.

They lie in a file of the run or in the ledger itself. Each run's are written in one transaction;
what is there already is compared, so that a copy that was cut off goes on where it was.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256

from pycaddy._files import make_folders
from pycaddy.errors import MetricsError
from pycaddy.ledger import recording
from pycaddy.ledger.ledger import Ledger
from pycaddy.metrics.blocks import packed
from pycaddy.metrics.protocol import MetricStore
from pycaddy.metrics.series import Points
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.records import RunRecord
from pycaddy.stores import Store

__all__ = ["bring_points"]

_Attempts = Mapping[int, Points]


def bring_points(old: Ledger, new: Ledger, store: Store, records: Iterable[RunRecord]) -> int:
    """Copy the series of runs, and compare them.

    Args:
        old: The ledger to copy from.
        new: The one to copy to.
        store: What *new* is going to be kept in; it has the runs.
        records: The runs.

    Returns:
        How many points the series have that were written.

    Raises:
        MetricsError: Points cannot be read or written, or those that are there are not an
            earlier state of those to copy. They were not changed.
    """
    return sum(_bring(old, new, store, record) for record in records)


def _bring(old: Ledger, new: Ledger, store: Store, record: RunRecord) -> int:
    recording.flush(old, record)
    source = recording.existing(old, record)
    path = recording.file_of(new, record)
    target = recording.in_ledger(store, record) or SqliteMetrics(path, new.durability)
    if source is None or (_file(source) and _file(source) == _file(target)):
        return 0
    where = _file(target) or new.address
    try:
        changed = _changed(record, source, target, where)
        if not changed:
            return 0
        if _file(target):
            make_folders(os.path.dirname(path))
        target.rewrite(changed)
        for name, attempts in changed.items():
            if _digest(target.attempts(name)) != _digest(attempts):
                raise MetricsError(
                    f"The series {name!r} of run {record.key} in {where} is not what was copied: "
                    "somebody writes there. End what does, and call again.",
                    path=where,
                )
        return sum(len(points) for attempts in changed.values() for points in attempts.values())
    finally:
        source.close()
        target.close()


def _file(store: MetricStore) -> str:
    """Return the file that the points lie in; "" if they lie in a ledger."""
    return os.path.realpath(store.path) if isinstance(store, SqliteMetrics) else ""


def _changed(
    record: RunRecord, source: MetricStore, target: MetricStore, where: str
) -> dict[str, _Attempts]:
    """Return the series that *target* does not have as *source* does."""
    names = source.counts().keys()
    there = target.counts().keys()
    changed: dict[str, _Attempts] = {}
    foreign = sorted(there - names)
    for name in sorted(names):
        attempts = source.attempts(name)
        if name in there:
            present = target.attempts(name)
            if _digest(present) == _digest(attempts):
                continue
            if not _is_earlier(present, attempts):
                foreign.append(name)
        changed[name] = attempts
    if foreign:
        raise MetricsError(
            f"The points of {foreign[0]!r} that run {record.key} has in {where} are not an earlier "
            "state of those to copy. They were not changed. Copy to another ledger, or move away "
            "what is there, and call again.",
            path=where,
        )
    return changed


def _digest(attempts: _Attempts) -> bytes:
    digest = sha256()
    for attempt, points in attempts.items():
        digest.update(f"{attempt} {len(points)} ".encode())
        for column in packed(points):
            digest.update(column)
    return digest.digest()


def _is_earlier(then: _Attempts, now: _Attempts) -> bool:
    """Whether *now* has all points of *then*."""
    return all(_has(now.get(attempt, Points()), points) for attempt, points in then.items())


def _has(points: Points, earlier: Points) -> bool:
    if packed(points[: len(earlier)]) == packed(earlier):
        return True
    # Of several processes that logged together, one may have joined its blocks since.
    return Counter(_bits(earlier)) <= Counter(_bits(points))


def _bits(points: Points) -> Iterable[tuple[int, int, int]]:
    """Return each point as numbers that are equal if every bit is: a NaN is not."""
    values, times = (array("q", column.tobytes()) for column in (points.values, points.times))
    return zip(points.steps, values, times, strict=True)
