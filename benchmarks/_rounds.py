"""Taking turns: everybody is measured in every round, so that a busy moment hits all alike.

What is reported is a ratio of two that were measured side by side. The times beside it are
those of one machine in one hour.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from statistics import median, quantiles
from time import perf_counter
from typing import Any, TypeVar

__all__ = ["Row", "compare", "in_blocks", "interleaved", "repeated", "row", "seconds"]

Row = dict[str, Any]
"""One line of the table: `name`, `ours_s`, `floor_s`, `ratio`, its quartiles `low` and `high`,
and `limit`, the most that we accept (None: only reported)."""

Name = TypeVar("Name", bound=Hashable)
T = TypeVar("T")


def compare(
    name: str,
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    limit: float | None,
    rounds: int,
    calls: int = 1,
) -> Row:
    """Measure *ours* against *floor* and return the row.

    Args:
        limit: The most that the ratio may be.
        calls: How many operations one call of either does; the row's times are of one.
    """
    times = interleaved({"ours": ours, "floor": floor}, rounds)
    return row(name, times["ours"], times["floor"], limit=limit, calls=calls)


def interleaved(
    contestants: Mapping[Name, Callable[[], T]],
    rounds: int,
    clock: Callable[[Callable[[], T]], float] | None = None,
) -> dict[Name, list[float]]:
    """Return the seconds that each contestant took, by round.

    A first round warms caches up and is not counted. Every second round goes backwards, since
    whoever comes next pays for what the disk has not finished.

    Args:
        clock: Calls a contestant and returns its seconds. Default: `seconds`.
    """
    order = list(contestants.items())
    times: dict[Name, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in order:
            taken = (clock or seconds)(contestant)
            if number:
                times[name].append(taken)
        order.reverse()
    return times


def row(
    name: str,
    ours: Sequence[float],
    floor: Sequence[float],
    *,
    limit: float | None,
    calls: int = 1,
) -> Row:
    """Return the row of two that took part in the same rounds."""
    ratios = [mine / bare for mine, bare in zip(ours, floor, strict=True)]
    low, middle, high = quantiles(ratios, n=4, method="inclusive") if ratios[1:] else ratios * 3
    return {
        "name": name,
        "ours_s": median(ours) / calls,
        "floor_s": median(floor) / calls,
        "ratio": middle,
        "low": low,
        "high": high,
        "limit": limit,
    }


def seconds(call: Callable[[], object]) -> float:
    """Return how long *call* takes.

    The garbage collector is on, as in a user's program: many small objects have a price. What
    was there before is out of its sight, and what *call* returns is freed after the time.
    """
    gc.collect()
    gc.freeze()
    try:
        start = perf_counter()
        kept = call()
        taken = perf_counter() - start
        del kept
    finally:
        gc.unfreeze()
    return taken


def in_blocks(call: Callable[[T], object], items: Iterable[T], size: int) -> Callable[[], None]:
    """Return a contestant that gives the next *size* of *items* to *call*, one by one."""
    left = iter(items)

    def block() -> None:
        for item in islice(left, size):
            call(item)

    return block


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    """Return a contestant that calls *call* a number of times."""

    def block() -> None:
        for _ in range(times):
            call()

    return block
