"""The runs that this process works on, and the heartbeats that tell other machines so.

Also which runs this process may have started without knowing it: Ctrl-C, or an error, came between
the ledger's commit and the moment when the process held the run.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from pycaddy.errors import LedgerMissingError
from pycaddy.ledger import liveness
from pycaddy.ledger.owner import this_process
from pycaddy.records import RunRecord

if TYPE_CHECKING:
    from pycaddy.stores import Store

__all__ = ["begin", "give_up", "hold", "is_cut_off", "release"]


class _Heartbeat:
    """The runs that this process holds, and the thread that sends their heartbeats."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.held: dict[Store, dict[int, int]] = {}
        """The attempt by row, of each run that is held."""
        self.tried: set[tuple[str, int]] = set()
        """The project and start time of attempts that the ledger may have started."""
        self.starting: set[int] = set()
        """The threads that are about to hold what they start."""
        self.last_us = 0
        self.wake = threading.Event()
        self.thread: threading.Thread | None = None

    def run(self) -> None:
        while not self.wake.wait(liveness.BEAT_S):
            with self.mutex:
                held = {store: dict(runs) for store, runs in self.held.items() if runs}
                if not held:
                    self.thread = None
                    return
            for store, runs in held.items():
                self.beat(store, runs)

    def beat(self, store: Store, runs: dict[int, int]) -> None:
        try:
            lost = store.beat(runs)
        except Exception as error:  # noqa: BLE001 - the runs go on, and the next may come through
            from logging import getLogger

            getLogger("pycaddy").warning("A heartbeat for %d runs failed: %s", len(runs), error)
            if isinstance(error, LedgerMissingError):
                with self.mutex:
                    self.held.pop(store, None)  # there is no ledger to send heartbeats to
            return
        with self.mutex:
            for row in lost:
                # Taken over or ended elsewhere; the next call of its own says so.
                if self.held.get(store, {}).get(row) == runs[row]:
                    del self.held[store][row]


_heartbeat = _Heartbeat()


def begin(project: str) -> int:
    """Note that the calling thread is about to start a run; return the start time to give it.

    No two attempts of this process get the same time, in microseconds: it identifies them.
    """
    state = _heartbeat
    state.starting.add(threading.get_ident())
    with state.mutex:
        begun_us = state.last_us = max(time.time_ns() // 1000, state.last_us + 1)
    state.tried.add((project, begun_us))
    return begun_us


def hold(store: Store, record: RunRecord, begun_us: int | None = None) -> None:
    """Send heartbeats for a run that this process works on from now on.

    Args:
        begun_us: What `begin` returned for it.
    """
    state = _heartbeat
    with state.mutex:
        state.held.setdefault(store, {})[record.row] = record.attempt
        if state.thread is None:
            state.thread = threading.Thread(target=state.run, name="pycaddy-heartbeat", daemon=True)
            state.thread.start()
    state.tried.difference_update(((store.project, begun_us), (store.project, record.started_us)))
    state.starting.discard(threading.get_ident())


def give_up(project: str, begun_us: int, *, may_have_started: bool) -> None:
    """End what `begin` began without holding a run.

    Args:
        may_have_started: The ledger may have committed the start. Such a run is stale to this
            process: it has no handle on it.
    """
    if may_have_started:
        _heartbeat.tried.add((project, begun_us))
    else:
        _heartbeat.tried.discard((project, begun_us))
    _heartbeat.starting.discard(threading.get_ident())


def is_cut_off(project: str, record: RunRecord) -> bool:
    """Whether this process has started a run in the ledger and does not know of it."""
    state = _heartbeat
    if not state.tried or state.starting - {threading.get_ident()}:
        return False  # a thread that is starting a run may hold it in a moment
    started = (project, record.started_us)
    return started in state.tried and record.owner == this_process()


def release(store: Store, record: RunRecord) -> None:
    """Stop the heartbeats for an attempt at a run, unless a later attempt is held."""
    state = _heartbeat
    with state.mutex:
        runs = state.held.get(store, {})
        if runs.get(record.row) == record.attempt:
            del runs[record.row]
        if not runs:
            state.held.pop(store, None)  # a project that is dropped may go


def _after_fork_in_child() -> None:
    """Leave the parent's runs to the parent."""
    global _heartbeat  # noqa: PLW0603 - the inherited one may be locked by a thread that is gone
    _heartbeat = _Heartbeat()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
