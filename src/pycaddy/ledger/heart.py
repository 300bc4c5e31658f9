"""The runs that are in this process's hands, and the beat that tells other machines of them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from pycaddy.errors import LedgerMissingError
from pycaddy.ledger import watch
from pycaddy.records import RunKey, RunRecord

if TYPE_CHECKING:
    from pycaddy.stores import Store

__all__ = ["hold", "holds", "release", "taking"]


class _Heart:
    """The runs that this process works on, and the thread that beats for them."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.held: dict[Store, dict[int, int]] = {}
        self.hands: dict[tuple[str, RunKey], int] = {}
        """The attempt at each run, by its project's id; also where no beat comes through."""
        self.taking: set[int] = set()
        """The threads that are about to have one."""
        self.wake = threading.Event()
        self.thread: threading.Thread | None = None

    def run(self) -> None:
        while not self.wake.wait(watch.BEAT_S):
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

            getLogger("pycaddy").warning("A beat for %d runs was missed: %s", len(runs), error)
            if isinstance(error, LedgerMissingError):
                with self.mutex:
                    self.held.pop(store, None)  # there is nothing left to beat for
            return
        with self.mutex:
            for row in lost:
                # Taken over or ended elsewhere; its own next call will say so.
                if self.held.get(store, {}).get(row) == runs[row]:
                    del self.held[store][row]


_heart = _Heart()


class _Taking:
    def __enter__(self) -> None:
        _heart.taking.add(threading.get_ident())

    def __exit__(self, *_: object) -> None:
        _heart.taking.discard(threading.get_ident())


taking = _Taking()
"""A block in which a run is begun in the ledger, and then held here."""


def holds(store: Store, record: RunRecord) -> bool:
    """Whether somebody in this process is at work on a run that the ledger says it is on.

    Nobody is if Ctrl-C, or an error, came after the ledger had been changed.
    """
    if _heart.taking - {threading.get_ident()}:
        return True  # it may be this one
    return _heart.hands.get((store.project, record.key)) == record.attempt


def hold(store: Store, record: RunRecord) -> None:
    """Beat for a run that this process has started."""
    key = (store.project, record.key)
    with _heart.mutex:
        _heart.hands[key] = record.attempt
        _heart.held.setdefault(store, {})[record.row] = record.attempt
        if _heart.thread is None:
            _heart.thread = threading.Thread(target=_heart.run, name="pycaddy-heart", daemon=True)
            _heart.thread.start()


def release(store: Store, record: RunRecord) -> None:
    """Stop beating for a run."""
    key = (store.project, record.key)
    with _heart.mutex:
        _heart.hands.pop(key, None)
        runs = _heart.held.get(store, {})
        runs.pop(record.row, None)
        if not runs:
            _heart.held.pop(store, None)  # a project that is dropped may go


def _after_fork_in_child() -> None:
    """Leave the parent's runs to the parent."""
    global _heart  # noqa: PLW0603 - the inherited one may be locked by a thread that is gone
    _heart = _Heart()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
