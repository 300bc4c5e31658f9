"""Knowing whether something has changed, and telling the page as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from pycaddy.errors import LedgerError
from pycaddy.ledger import Ledger
from pycaddy.status import Status

__all__ = ["Counts", "Watcher"]

Counts = dict[tuple[str, str, Status], int]

_POLL_S = 0.25
_SILENCE_S = 15.0
"""Seconds after which a word is sent all the same, so that a lost connection is noticed."""


class Watcher:
    """Looks whether projects have changed: for as long as somebody listens, and when asked."""

    def __init__(self, projects: Mapping[str, Ledger]) -> None:
        self._projects = projects
        # One thread: a store's versions are compared within one.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="pycaddy-watch")
        self._stopped = asyncio.Event()
        self._counted: dict[str, tuple[str, Counts]] = {}

    def stop(self) -> None:
        """End all streams, so that the server can end."""
        self._stopped.set()

    def warm(self) -> None:
        """Begin to count: whoever is about to open the page will ask for that first."""
        for name in self._projects:
            self._pool.submit(self._counts, name)

    def counts(self, name: str) -> Counts:
        """Return `Store.counts` of a project, counted anew only after a change."""
        return self._pool.submit(self._counts, name).result()

    def version(self, name: str) -> str:
        """Return `Store.version` of a project; equal ones mean that nothing has changed."""
        return self._pool.submit(_version, self._projects[name]).result()

    async def changes(self) -> AsyncIterator[bytes]:
        """Yield an event whenever a project has changed, and a first one at once."""
        yield b"retry: 1000\nevent: listening\ndata: {}\n\n"
        loop = asyncio.get_running_loop()
        seen = await loop.run_in_executor(self._pool, self._versions)
        silent_since = loop.time()
        while not await self._stopping():
            now = await loop.run_in_executor(self._pool, self._versions)
            for name in self._projects:
                if now[name] != seen[name]:
                    yield f"event: changed\ndata: {json.dumps({'project': name})}\n\n".encode()
                    silent_since = loop.time()
            seen = now
            if loop.time() - silent_since > _SILENCE_S:
                yield b": still here\n\n"
                silent_since = loop.time()

    async def _stopping(self) -> bool:
        try:
            await asyncio.wait_for(self._stopped.wait(), _POLL_S)
        except TimeoutError:
            return False
        return True

    def _counts(self, name: str) -> Counts:
        store = self._projects[name].store
        version = store.version()  # asked first: what changes meanwhile is counted next time
        known = self._counted.get(name)
        if known is None or known[0] != version:
            known = self._counted[name] = version, store.counts()
        return known[1]

    def _versions(self) -> dict[str, str]:
        return {name: _version(ledger) for name, ledger in self._projects.items()}


def _version(ledger: Ledger) -> str:
    try:
        return ledger.store.version()
    except LedgerError as error:  # while it is rebuilt, say: the page will ask and be told
        return error.message
