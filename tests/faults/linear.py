"""Whether what many callers were told could have been told one after another.

A history is linearizable if its calls can be put in one order in which each gets the answer that
it got, and none stands before another that had ended when it began. The search is Wing & Gong's
(https://doi.org/10.1006/jpdc.1993.1015) with Lowe's memory of what led nowhere
(https://doi.org/10.1002/cpe.3928): the calls that are done, and the state they lead to.

An object that consists of parts that have nothing to do with one another is linearizable exactly
if each of its parts is: histories are checked part by part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Call:
    """Something that was asked, and what came of it."""

    process: Hashable
    begun: int
    """When it was asked, on the clock that all processes share, in nanoseconds."""
    ended: int
    """When the answer was there."""
    what: str
    given: Any
    answer: Any

    def __str__(self) -> str:
        return f"{self.process}: {self.what}({self.given}) -> {self.answer}"


Step = Callable[[S, Call], S | None]
"""The state after a call; None if in this state the call has another answer."""


@dataclass(frozen=True)
class Verdict:
    """What the search came to."""

    order: tuple[Call, ...]
    """An order that explains the history; if there is none, the longest beginning of one."""
    stuck: tuple[Call, ...] = ()
    """The calls of which one had to come next, and none could."""

    def __bool__(self) -> bool:
        return not self.stuck

    def __str__(self) -> str:
        lines = [*map(str, self.order[-10:]), "-- and none of these can come next --"]
        return "\n".join((*lines, *map(str, self.stuck)))


def check(history: Sequence[Call], state: S, step: Step[S]) -> Verdict:
    """Look for an order of *history* that *step* explains, from *state* on."""
    calls = sorted(history, key=lambda call: (call.begun, call.ended))
    low, ahead = _after(calls, -1, frozenset())
    path: list[int] = []
    seen: set[tuple[int, frozenset[int], S]] = set()
    # For each call on the path, and one more: what was done before, and what is left to try.
    trail = [(low, ahead, state, _next(calls, low, ahead))]
    best = Verdict((), tuple(calls[place] for place in _next(calls, low, ahead)))
    while trail:
        low, ahead, state, places = trail[-1]
        if low == len(calls):
            return Verdict(tuple(calls[place] for place in path))
        for place in places:
            after = step(state, calls[place])
            if after is None:
                continue
            done = _after(calls, low - 1, ahead | {place})
            if (*done, after) in seen:
                continue
            seen.add((*done, after))
            path.append(place)
            trail.append((*done, after, _next(calls, *done)))
            if len(path) > len(best.order):
                stuck = tuple(calls[place] for place in _next(calls, *done))
                best = Verdict(tuple(calls[place] for place in path), stuck)
            break
        else:
            trail.pop()
            if path:
                path.pop()
    return best


def _after(calls: Sequence[Call], low: int, ahead: frozenset[int]) -> tuple[int, frozenset[int]]:
    """Return the first call that is not done, and those behind it that are."""
    low += 1
    while low in ahead:
        low += 1
    return low, frozenset(place for place in ahead if place > low)


def _next(calls: Sequence[Call], low: int, ahead: frozenset[int]) -> Iterator[int]:
    """Yield the calls that may come next: none that is not done had ended when they began."""
    first_end: float = math.inf
    for place in range(low, len(calls)):
        if calls[place].begun > first_end:
            return
        if place not in ahead:
            first_end = min(first_end, calls[place].ended)
            yield place
