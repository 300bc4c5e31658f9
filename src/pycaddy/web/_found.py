"""Lists of runs in parts: what is asked of the ledger for one, and what is remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from pycaddy.ledger import Ledger, RunRecord
from pycaddy.records import RunKey
from pycaddy.web._asks import RunsAsk
from pycaddy.web._watch import Watcher

__all__ = ["Found"]

_MOST_LISTS = 8


class Found:
    """The runs of which only a part is looked at.

    A filter is carried out only as far as the part goes. Once all that it describes were counted,
    or sorted for a part further down, their names are kept, so that any part is there at once until
    something changes.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._mutex = threading.Lock()
        self._lists: OrderedDict[tuple[str, RunsAsk], tuple[str, list[RunKey]]] = OrderedDict()

    def part(
        self, project: str, ledger: Ledger, ask: RunsAsk
    ) -> tuple[int | None, list[RunRecord]]:
        """Return how many runs the whole list has, if that is known, and the part asked for."""
        if _is_counted(ask) and not (ask.sort and ask.offset):
            return ask.total(self._watcher.counts(project)), ledger.records(ask.selection())
        keys = self._known(project, ask)
        # To sort all runs for each part of them takes as long as to sort them once.
        if keys is None and _is_counted(ask):
            keys = self._read(project, ledger, ask)
        if keys is None:
            return None, ledger.records(ask.selection())
        part = keys[ask.offset : ask.offset + ask.limit]
        found = (ledger.store.get(key.relpath, key.identifier, int(key.uid)) for key in part)
        # What has changed in between may be gone, or in the other list.
        runs = [run for run in found if run and (run.trashed_us is not None) == ask.trashed]
        return len(keys), runs

    def count(self, project: str, ledger: Ledger, ask: RunsAsk) -> int:
        """Return how many runs the whole list has."""
        if _is_counted(ask):
            return ask.total(self._watcher.counts(project))
        keys = self._known(project, ask)
        return len(self._read(project, ledger, ask) if keys is None else keys)

    def _read(self, project: str, ledger: Ledger, ask: RunsAsk) -> list[RunKey]:
        version = self._watcher.version(project)
        keys = ledger.keys(ask.whole())
        with self._mutex:
            self._lists[project, _key(ask)] = version, keys
            while len(self._lists) > _MOST_LISTS:
                self._lists.popitem(last=False)
        return keys

    def _known(self, project: str, ask: RunsAsk) -> list[RunKey] | None:
        version = self._watcher.version(project)
        with self._mutex:
            known = self._lists.get((project, _key(ask)))
            if known is None or known[0] != version:
                return None
            self._lists.move_to_end((project, _key(ask)))
            return known[1]


def _is_counted(ask: RunsAsk) -> bool:
    """Whether the numbers by identifier and status tell how many there are."""
    return ask.where is None and not ask.trashed


def _key(ask: RunsAsk) -> RunsAsk:
    return replace(ask, offset=0, limit=0)
