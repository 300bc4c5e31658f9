"""Whether the owner of a run is alive: the kernel knows on this machine, heartbeats elsewhere.

A ledger with a clock of its own keeps leases, and says itself which have run out.
"""

from __future__ import annotations

import time

from pycaddy.codec import Owner
from pycaddy.ledger.owner import is_alive
from pycaddy.records import RunRecord
from pycaddy.stores.lease import LEASE_S

__all__ = ["BEAT_S", "LEASE_S", "Liveness"]

BEAT_S = 10.0
"""Seconds between two heartbeats of a run's owner; after LEASE_S without one it counts as dead."""

# A claim passes over the runs of other processes, and asks about the same few owners each time.
_TRUST_S = 0.5


class Liveness:
    """One observer's memory of which owners were alive when.

    Args:
        one_kernel: Only processes under this machine's kernel can use the ledger.
    """

    def __init__(self, *, one_kernel: bool) -> None:
        self._one_kernel = one_kernel
        self._alive_at: dict[Owner, float] = {}
        self._seen: dict[tuple[int, int], tuple[int, float]] = {}

    def is_dead(self, record: RunRecord, *, in_a_loop: bool = False) -> bool:
        """Whether the run's owner is known to be dead. False if the run has no owner.

        Args:
            in_a_loop: An owner that was alive half a second ago counts as alive.
        """
        owner = record.owner
        if owner is None:
            return False
        now = time.monotonic()
        if in_a_loop and now - self._alive_at.get(owner, -_TRUST_S) < _TRUST_S:
            return False
        alive = is_alive(owner, one_kernel=self._one_kernel)
        if alive is None:
            return self._is_silent(record, now) if record.lapsed is None else record.lapsed
        if alive:
            self._alive_at[owner] = now
        return not alive

    def _is_silent(self, record: RunRecord, now: float) -> bool:
        """Whether the run's heartbeat has not moved for a whole lease while this process looked.

        No wall clock decides: neither this machine's nor the owner's may be right.
        """
        key = (record.row, record.attempt)
        beat, since = self._seen.get(key, (-1, now))
        if beat != record.beat:
            self._seen[key] = (record.beat, now)
            return False
        return now - since >= LEASE_S
