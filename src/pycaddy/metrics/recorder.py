"""The points that a process has logged of one run, on their way to the disk."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from logging import getLogger
from threading import RLock
from typing import Any

from pycaddy.errors import LeaseLostError, PycaddyError, RunNotFoundError
from pycaddy.metrics.protocol import MetricStore
from pycaddy.metrics.series import Points
from pycaddy.metrics.summary import Summary, encoded
from pycaddy.metrics.values import LAST_STEP, Point

__all__ = ["PUBLISH_S", "Recorder"]

PUBLISH_S = 10.0
"""Seconds between two summaries in the ledger while a run is under way."""

_SHARE = 20
"""A summary may take one part in so many of the time between two."""

_MOST_WAITING = 1_000_000
"""Points that are kept while they cannot be written."""

_IDLE_ROUNDS = 60


class Recorder:
    """Takes points at once and writes them later.

    `add` only puts them into a list, which is one step of the interpreter: it needs no lock and
    waits for nobody. Everything else is done under a lock, by the flusher or by who asks.
    Nothing raises because of the disk: it is logged once, and the points that never got there
    are counted.

    Args:
        attempt: The attempt that the points belong to.
        open_store: Opens the place for them; called when it is first needed.
        publish: Puts a summary into the ledger.
    """

    def __init__(
        self,
        attempt: int,
        open_store: Callable[[], MetricStore],
        publish: Callable[[str], object],
    ) -> None:
        self.attempt = attempt
        self.ended = False
        self.lock = RLock()
        self._open_store = open_store
        self._publish = publish
        self._pending: list[Point] = []
        self._store: MetricStore | None = None
        self._next_steps: dict[str, int] | None = None
        self._logged: dict[str, Summary] = {}
        self._waiting: dict[str, Points] = {}
        self._idle = 0
        self._failing = False
        self._unpublished = False
        self._publish_at = time.monotonic() + PUBLISH_S

    def add(self, points: list[Point]) -> bool:
        """Take points; False if the recorder has ended, and they are not recorded."""
        self._pending.extend(points)
        # Looked at last: what was taken before the end is written by the end.
        return not self.ended

    @property
    def is_failing(self) -> bool:
        """Whether something went wrong last time, which has been told."""
        return self._failing

    def flush(self) -> None:
        """Write what was taken until now."""
        with self.lock:
            self._sort_in()
            self._write()

    def beat(self) -> None:
        """Write what was taken, and let go of the files when nothing has come for a while."""
        with self.lock:
            if self.ended:
                return
            self._idle = 0 if self._pending or self._waiting else self._idle + 1
            self.flush()
            if self._idle == _IDLE_ROUNDS:
                self.disconnect()

    def publish_if_due(self) -> None:
        """Put the summary into the ledger, if it has changed and some time has gone by."""
        if self._unpublished and time.monotonic() >= self._publish_at and not self.ended:
            begun = time.monotonic()
            self.publish()
            now = time.monotonic()
            self._publish_at = now + max(PUBLISH_S, (now - begun) * _SHARE)

    def publish(self) -> None:
        """Put the summary, as it is now, into the ledger."""
        with self.lock:
            text = encoded(self.summaries())
            self._unpublished = False
        if text is None:
            return
        try:
            self._publish(text)
        except (LeaseLostError, RunNotFoundError) as error:
            if not self.ended:
                self.ended = True  # the next `log` says so
                _warn("No more metrics are recorded: %s", error)
        except (PycaddyError, OSError) as error:
            self._unpublished = True
            self._fail("The summary of the metrics was not stored", error)

    def leave(self) -> None:
        """Write everything at the end of the process; the run has not ended."""
        if not self.ended:
            self.flush()
            if self._unpublished:
                self.publish()
        with self.lock:
            self.disconnect()

    def close(self) -> str | None:
        """Write what is left and take no more; return the summary as text.

        May be called again, if what the summary was for has failed.
        """
        self.ended = True
        with self.lock:
            self.flush()
            # What comes from now on was refused: it is neither written nor summed up.
            text = encoded(self._summaries())
            self.disconnect()
        return text

    def abandon(self) -> None:
        """In a forked child: leave everything to the parent."""
        self.ended = True
        self._pending = []

    def disconnect(self) -> None:
        """Let go of the files."""
        if self._store is not None:
            self._store.close()

    def summaries(self) -> dict[str, dict[str, Any]]:
        """Return the summary of each series: of all that is on disk and all that was logged."""
        with self.lock:
            self.flush()  # what other attempts logged is known from the disk alone
            return self._summaries()

    def _summaries(self) -> dict[str, dict[str, Any]]:
        found = {name: summary.facts() for name, summary in self._logged.items()}
        try:
            on_disk = self._counts()
            for name, counts in on_disk.items():
                logged = self._logged.get(name)
                if logged is None or sum(counts.values()) > logged.count:
                    # Other attempts or processes have a part in it.
                    found[name] = self._summary_on_disk(name)
        except (PycaddyError, OSError) as error:
            self._fail("The metrics could not be read", error)
            on_disk = {}
        for name, logged in self._logged.items():
            lost = logged.count - on_disk.get(name, {}).get(self.attempt, 0)
            if not self.ended:
                lost -= len(self._waiting.get(name, ()))
            if lost > 0:
                found[name]["lost"] = lost
        return found

    def _counts(self) -> dict[str, dict[int, int]]:
        return {} if self._store is None else self._store.counts()

    def _summary_on_disk(self, name: str) -> dict[str, Any]:
        series = None if self._store is None else self._store.read(name)
        return {} if series is None else dict(series.summary)

    def _sort_in(self) -> None:
        """Move what was taken into columns."""
        taken = len(self._pending)
        if not taken:
            return
        # Others may append meanwhile: only what was counted is taken away.
        points = self._pending[:taken]
        del self._pending[:taken]
        next_steps = self._known_next_steps()
        added: dict[str, tuple[list[int], list[float], list[float]]] = {}
        for name, step, value, at in points:
            if step is None:
                step = min(next_steps.get(name, 0), LAST_STEP)
            next_steps[name] = step + 1
            try:
                steps, values, times = added[name]
            except KeyError:
                steps, values, times = added[name] = [], [], []
            steps.append(step)
            values.append(value)
            times.append(at)
        for name, (steps, values, times) in added.items():
            self._logged.setdefault(name, Summary()).extend(steps, values)
            columns = Points(array("q", steps), array("d", values), array("d", times))
            self._waiting.setdefault(name, Points()).extend(columns)
        self._unpublished = True

    def _known_next_steps(self) -> dict[str, int]:
        """Return the next step of each series: an earlier attempt may have logged some."""
        if self._next_steps is None:
            self._next_steps = {}
            try:
                last_steps = self._opened().last_steps()
                self._next_steps = {name: step + 1 for name, step in last_steps.items()}
            except (PycaddyError, OSError) as error:
                self._fail("The metrics of earlier attempts cannot be read", error)
        return self._next_steps

    def _write(self) -> None:
        if not self._waiting:
            return
        try:
            self._opened().append(self.attempt, self._waiting)
        except (PycaddyError, OSError) as error:
            self._fail("Metrics could not be written", error)
            if sum(map(len, self._waiting.values())) > _MOST_WAITING:
                self._waiting = {}
        else:
            self._waiting = {}
            self._failing = False

    def _opened(self) -> MetricStore:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _fail(self, what: str, error: Exception) -> None:
        """Say once what is wrong, until it goes well again."""
        if not self._failing:
            self._failing = True
            _warn(f"{what}, and the run goes on: %s", error)


def _warn(message: str, error: Exception) -> None:
    getLogger("pycaddy").warning(message, error)
