"""One host at a time, on file systems that machines share.

SQLite's locks hold between machines only where the file system's do, and on many they do not.
So the ledger names the host that may write, and that host counts a beat while it lives. Another
one takes over when the beat has stood still for a whole lease by its own monotonic clock.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from pycaddy._machine import boot_id, host_name
from pycaddy.errors import LedgerHostError, LedgerMissingError
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt

__all__ = ["Holder", "OneHost"]

BEAT_S = 5.0
LEASE_S = 30.0
_POLL_S = 0.5

_READ = "SELECT value FROM meta WHERE name = 'host'"
_WRITE = "INSERT INTO meta VALUES ('host', ?) ON CONFLICT (name) DO UPDATE SET value=excluded.value"


@dataclass(frozen=True, slots=True)
class Holder:
    """The host that may write, and how often it has said that it is there."""

    host: str
    boot: str
    beat: int


class OneHost:
    """This process's view of who may write to the ledger *path*."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._abandoned: Holder | None = None
        self._beaten_at = -BEAT_S
        self._beating_in = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def claim(self, db: sqlite3.Connection) -> Holder | None:
        """Inside a write transaction: hold the ledger. Returns the other host if it does."""
        holder = _read(db)
        ours = holder is None or (holder.host, holder.boot) == (host_name(), boot_id())
        if not ours and holder != self._abandoned:
            return holder
        now = time.monotonic()
        if holder is None or not ours or now - self._beaten_at >= BEAT_S:
            beat = 1 if holder is None else holder.beat + 1
            db.execute(_WRITE, (json.dumps([host_name(), boot_id(), beat]),))
            self._beaten_at = now
        return None

    def keep(self, beat: Callable[[], None]) -> None:
        """Beat from now on, also while nothing is written.

        Args:
            beat: Runs one empty write transaction; called from a thread of its own every BEAT_S.
        """
        if threading.current_thread() is self._thread:
            return  # a beat that is under way when it shall end begins no other one
        if self._beating_in != os.getpid() or self._ended.is_set():  # a fork takes no threads along
            self._beating_in = os.getpid()
            self._ended = threading.Event()
            self._thread = threading.Thread(
                target=_keep,
                args=(weakref.WeakMethod(beat), self._ended),
                name="pycaddy-host-beat",
                daemon=True,
            )
            self._thread.start()

    def end(self) -> None:
        """Beat no more, until the next call of `keep`."""
        self._beating_in = 0
        self._ended.set()

    def watch(self, db: sqlite3.Connection, holder: Holder, deferred: DeferredInterrupt) -> None:
        """Outside a transaction: wait until *holder* has been silent for a lease.

        Ctrl-C ends the wait.

        Raises:
            LedgerHostError: It is alive.
        """
        until = time.monotonic() + LEASE_S
        while time.monotonic() < until:
            if _read(db) != holder:
                raise LedgerHostError(
                    f"The ledger {self._path} is in use by the host {holder.host!r}, and on a "
                    "network file system it serves one host at a time. For several hosts use a "
                    "PostgreSQL ledger; `pycaddy ledger up` starts one.",
                    ledger=self._path,
                    host=holder.host,
                )
            time.sleep(_POLL_S)
            deferred.deliver()
        self._abandoned = holder


def _keep(beat: weakref.WeakMethod[Callable[[], None]], ended: threading.Event) -> None:
    """Beat until the ledger is closed, or dropped."""
    while not ended.wait(BEAT_S):
        call = beat()
        if call is None:
            return
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the next write meets the same and raises it
            from logging import getLogger

            getLogger("pycaddy").warning("A beat of this host was missed: %s", error)
            if isinstance(error, (LedgerHostError, LedgerMissingError)):
                ended.set()  # another host has it now, or nobody
        del call


def _read(db: sqlite3.Connection) -> Holder | None:
    row = db.execute(_READ).fetchone()
    return None if row is None else Holder(*json.loads(row[0]))
