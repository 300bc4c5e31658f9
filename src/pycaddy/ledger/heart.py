"""The beat that tells other machines that the runs of this process are alive.

And what this process has tried to begin, and was cut off from by Ctrl-C or an error.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypeAlias

from pycaddy.errors import LedgerMissingError
from pycaddy.ledger import watch
from pycaddy.records import RunRecord

if TYPE_CHECKING:
    from pycaddy.stores import Store

__all__ = ["Taking", "hold", "is_cut_off", "release"]


_Attempt: TypeAlias = tuple[str, str, str, str, int, int | None]


class _Heart:
    """The runs that this process works on, and the thread that beats for them."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.held: dict[Store, dict[int, int]] = {}
        self.tried: set[_Attempt] = set()
        """What was to be begun in the ledger, and may have been."""
        self.taking: set[int] = set()
        """The threads that are about to know."""
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


class Taking:
    """A block in which the calling thread begins a run in the ledger, and then holds it.

    What an exception cuts off is stale to this process: nobody works on it.
    """

    def __init__(self, store: Store) -> None:
        self._project = store.project
        self._tried: list[_Attempt] = []

    def __enter__(self) -> Taking:
        _heart.taking.add(threading.get_ident())
        return self

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        if kind is None:
            self.forget()
        else:
            _heart.tried.update(self._tried)
        _heart.taking.discard(threading.get_ident())

    def begins(self, record: RunRecord) -> RunRecord:
        """Note an attempt before the ledger has it."""
        attempt = _attempt(self._project, record)
        self._tried.append(attempt)
        _heart.tried.add(attempt)
        return record

    def forget(self) -> None:
        """It was begun, and somebody works on it; or it was not."""
        _heart.tried.difference_update(self._tried)
        self._tried.clear()


def is_cut_off(store: Store, record: RunRecord) -> bool:
    """Whether this process has begun a run in the ledger, and nobody in it knows of that."""
    if not _heart.tried or _heart.taking - {threading.get_ident()}:
        return False  # nobody was cut off, or somebody may hold it in a moment
    return _attempt(store.project, record) in _heart.tried


def _attempt(project: str, record: RunRecord) -> _Attempt:
    """Return what no two attempts have in common, whatever their ledgers are called here."""
    home = (record.relpath, record.identifier, record.params_key)
    return project, *home, record.attempt, record.started_us


def hold(store: Store, record: RunRecord) -> None:
    """Beat for a run that this process has started, and works on from now on."""
    _heart.tried.discard(_attempt(store.project, record))
    with _heart.mutex:
        _heart.held.setdefault(store, {})[record.row] = record.attempt
        if _heart.thread is None:
            _heart.thread = threading.Thread(target=_heart.run, name="pycaddy-heart", daemon=True)
            _heart.thread.start()


def release(store: Store, record: RunRecord) -> None:
    """Stop beating for an attempt at a run; a later one is another's."""
    with _heart.mutex:
        runs = _heart.held.get(store, {})
        if runs.get(record.row) == record.attempt:
            del runs[record.row]
        if not runs:
            _heart.held.pop(store, None)  # a project that is dropped may go


def _after_fork_in_child() -> None:
    """Leave the parent's runs to the parent."""
    global _heart  # noqa: PLW0603 - the inherited one may be locked by a thread that is gone
    _heart = _Heart()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
