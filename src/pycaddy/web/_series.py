"""Parts of the series of some runs: what is asked for, and the answer."""

from __future__ import annotations

import functools
import hashlib
import re
import sys
from array import array
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import inf
from typing import Any

from pycaddy.errors import MetricsError
from pycaddy.ledger import Ledger, RunRecord, recording
from pycaddy.metrics.series import Series
from pycaddy.metrics.summary import MOST_SERIES as MOST_SUMMARIES
from pycaddy.metrics.thinning import ascending, part
from pycaddy.records import RunKey
from pycaddy.status import Status
from pycaddy.web._asks import BadRequest, checked, one_of, run_key, whole_number

__all__ = [
    "AXES",
    "FEWEST_POINTS",
    "MOST_CHOSEN",
    "MOST_NAMES",
    "MOST_POINTS",
    "MOST_RUNS",
    "MOST_SERIES",
    "ChosenAsk",
    "SeriesAsk",
    "answer",
    "fingerprint",
    "names",
    "on_all_axes",
]

AXES = ("step", "seconds", "time")
"""By the step; by seconds since the run was first started, or since 1970."""

MOST_CHOSEN = 500
MOST_RUNS = 100
MOST_NAMES = 100
MOST_SERIES = 200
FEWEST_POINTS = 50
MOST_POINTS = 2000
_REAL = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChosenAsk:
    """Which runs were chosen."""

    project: str
    runs: tuple[RunKey, ...]

    @classmethod
    def of(cls, query: list[tuple[str, str]]) -> ChosenAsk:
        """Read it from the query of an address.

        Raises:
            BadRequest: It names no run, too many, or what is none.
        """
        single = checked([(name, value) for name, value in query if name != "run"], ("project",))
        return cls(single.get("project", ""), _runs(query, MOST_CHOSEN))


@dataclass(frozen=True, slots=True)
class SeriesAsk:
    """Which part of which series is wanted, and in how many points."""

    project: str
    runs: tuple[RunKey, ...]
    names: tuple[str, ...]
    x: str
    low: float
    high: float
    points: int

    @classmethod
    def of(cls, query: list[tuple[str, str]]) -> SeriesAsk:
        """Read it from the query of an address.

        Raises:
            BadRequest: A value is none of those that it may be.
        """
        single = [(name, value) for name, value in query if name not in ("run", "name")]
        known = checked(single, ("project", "x", "from", "to", "points"))
        ask = cls(
            known.get("project", ""),
            _runs(query, MOST_RUNS),
            _several(query, "name", MOST_NAMES),
            one_of("x", known.get("x", "step"), AXES),
            _real("from", known.get("from"), -inf),
            _real("to", known.get("to"), inf),
            whole_number("points", known.get("points", "1000"), FEWEST_POINTS, MOST_POINTS),
        )
        if len(ask.runs) * len(ask.names) > MOST_SERIES:
            raise BadRequest(
                f"{len(ask.runs)} runs times {len(ask.names)} names are more than {MOST_SERIES} "
                "series. Ask for them in several requests."
            )
        if ask.low > ask.high:
            raise BadRequest("from is greater than to.")
        return ask


def names(ledger: Ledger, record: RunRecord) -> list[str]:
    """Return which series a run has logged so far."""
    if record.status.is_final and record.summary_text is not None:
        known = list(record.summary)
        if len(known) < MOST_SUMMARIES:  # of more, only the first have one
            return known
    try:
        store = recording.existing(ledger, record)
        return [] if store is None else sorted(store.counts())
    except MetricsError:  # asking for the points will tell
        return []


def fingerprint(ledger: Ledger, records: Sequence[RunRecord], query: str) -> str:
    """Return a text that is another one when the answer may be: points are only ever added.

    A browser also keeps what another project, of the same name and on the same port, has answered.
    """
    facts: list[object] = [_version(), ledger.root, query]
    for record in records:
        facts += [str(record.key), record.created_us, record.trashed_us]
        try:
            store = recording.existing(ledger, record)
            facts.append(None if store is None else sorted(store.counts().items()))
        except MetricsError as error:
            facts.append(error.message)
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


@functools.cache
def _version() -> str:
    return version("pycaddy")


def answer(ledger: Ledger, records: Sequence[RunRecord], ask: SeriesAsk) -> dict[str, Any]:
    """Return the series that there are, as a JSON value, and what could not be read."""
    found: list[dict[str, Any]] = []
    problems: list[dict[str, str]] = []
    for record in records:
        try:
            found += _of_run(ledger, record, ask)
        except MetricsError as error:
            problems.append({"run": str(record.key), "error": error.message})
    return {"series": found, "problems": problems}


def on_all_axes(
    ledger: Ledger, record: RunRecord, name: str, points: int
) -> Iterator[dict[str, Any]]:
    """Yield a whole series as it is drawn over each of AXES, which it names.

    Raises:
        MetricsError: It cannot be read.
    """
    for _, series in _read(ledger, record, (name,)):
        for axis in AXES:
            ask = SeriesAsk("", (record.key,), (name,), axis, -inf, inf, points)
            yield {"axis": axis, **_told(record, name, series, ask)}


def _of_run(ledger: Ledger, record: RunRecord, ask: SeriesAsk) -> Iterator[dict[str, Any]]:
    for name, series in _read(ledger, record, ask.names):
        yield _told(record, name, series, ask)


def _read(ledger: Ledger, record: RunRecord, names: Sequence[str]) -> Iterator[tuple[str, Series]]:
    """Yield the series that the run has logged a point of."""
    store = recording.existing(ledger, record)
    if store is None:
        return
    for name in names:
        series = store.read(name)
        if series is not None and len(series):
            yield name, series


def _told(record: RunRecord, name: str, series: Series, ask: SeriesAsk) -> dict[str, Any]:
    return {"run": str(record.key), "name": name, **_drawn(series, _origin(record), ask)}


def _drawn(series: Series, origin: float, ask: SeriesAsk) -> dict[str, Any]:
    since = origin if ask.x == "seconds" else 0
    xs: list[int] | list[float] = (series.steps if ask.x == "step" else series.times).tolist()
    xs, ys = ascending(xs, series.values.tolist())
    drawn = part(xs, ys, ask.points, ask.low + since, ask.high + since)
    return {
        "count": len(xs),
        "first": xs[0] - since,
        "last": xs[-1] - since,
        "nan": drawn.nan,
        "infinite": drawn.infinite,
        "x": _packed([xs[at] - since for at in drawn.kept]),
        "y": _packed([ys[at] for at in drawn.kept]),
        "mean_x": _packed([x - since for x, _ in drawn.means]),
        "mean_y": _packed([y for _, y in drawn.means]),
    }


def _origin(record: RunRecord) -> float:
    """Return when the run was first started, or else made: seconds since 1970."""
    started = (move.at.timestamp() for move in record.history if move.status is Status.RUNNING)
    return next(started, record.created_us / 1e6)


def _packed(values: list[float]) -> str:
    """Return numbers as float64, little-endian, in base64: JSON has no NaN."""
    column = array("d", values)
    if sys.byteorder == "big":
        column.byteswap()
    return b64encode(column.tobytes()).decode()


def _runs(query: list[tuple[str, str]], most: int) -> tuple[RunKey, ...]:
    return tuple(run_key({"run": run}) for run in _several(query, "run", most))


def _several(query: list[tuple[str, str]], name: str, most: int) -> tuple[str, ...]:
    """Return the values that are given under a name, once each."""
    values = tuple(dict.fromkeys(value for each, value in query if each == name))
    if not 1 <= len(values) <= most:
        raise BadRequest(f"Give {name}=... from 1 to {most} times, not {len(values)} times.")
    return values


def _real(name: str, text: str | None, missing: float) -> float:
    if text is None:
        return missing
    if not _REAL.fullmatch(text):
        raise BadRequest(f"{name}={text!r} is no number.")
    return float(text)
