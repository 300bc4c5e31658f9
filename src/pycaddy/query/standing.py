"""How far the runs of an identifier are, and how fast they come. Pure decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pycaddy.ledger import RunRecord
from pycaddy.status import Status

__all__ = ["WINDOW_S", "Standing", "pace", "standing"]

WINDOW_S = 3600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How many runs are where."""

    pending: int
    running: int
    """In the hands of a process that is not known to be dead."""
    stale: int
    done: int
    error: int
    runs_per_hour: float | None
    """None: no run has ended lately."""

    @property
    def seconds_left(self) -> float | None:
        """Until the pending and the running ones have ended at this pace, if that is known.

        It is not where nobody is on a run, or none has ended lately.
        """
        if not self.running or not self.runs_per_hour:
            return None
        return (self.pending + self.running) / self.runs_per_hour * 3600


def standing(
    counts: Mapping[Status, int],
    alive: Sequence[RunRecord],
    stale: int,
    ended: Iterable[RunRecord],
    now_us: int,
) -> Standing:
    """Return how the runs stand.

    Args:
        counts: How many have each status but RUNNING.
        alive: The running ones, without the stale ones.
        ended: Those that are DONE or ERROR, at least those of the last hour.
    """
    return Standing(
        pending=counts.get(Status.PENDING, 0),
        running=len(alive),
        stale=stale,
        done=counts.get(Status.DONE, 0),
        error=counts.get(Status.ERROR, 0),
        runs_per_hour=pace(alive, ended, now_us),
    )


def pace(alive: Iterable[RunRecord], ended: Iterable[RunRecord], now_us: int) -> float | None:
    """Return how many runs ended in an hour.

    Counted over the last hour; or, where all that runs or has ended within it was also started
    within it, since the first of these was started.
    """
    hour_ago = now_us - round(WINDOW_S * 1e6)
    lately = [run for run in ended if run.ended_us is not None and run.ended_us > hour_ago]
    if not lately:
        return None
    starts = [run.started_us for run in (*alive, *lately) if run.started_us is not None]
    begun = max(hour_ago, min(starts, default=hour_ago))
    return len(lately) / (max(now_us - begun, 1) / 3600e6)
