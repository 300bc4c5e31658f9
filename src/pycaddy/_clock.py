"""Wall-clock times: microseconds since 1970 in storage, aware UTC datetimes in the API.

Nothing is ever decided by them (who is alive, who wins); they only tell people when.
"""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime, timedelta

__all__ = ["from_iso", "span_us", "to_datetime", "to_iso", "utc_now_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def utc_now_us() -> int:
    """Return the time now, in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def to_datetime(us: int) -> datetime:
    """Return *us* microseconds since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=us)


@functools.lru_cache(maxsize=256)  # a run's times are written each time that it changes
def to_iso(us: int) -> str:
    """Return *us* as ISO 8601 text with its zone, always with microseconds."""
    return to_datetime(us).isoformat(timespec="microseconds")


def from_iso(text: str) -> int:
    """Return what `to_iso` was given. Text without a zone is refused with ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"The time {text!r} has no zone. Write it with +00:00.")
    return (moment - _EPOCH) // _MICROSECOND


def span_us(span: str | timedelta) -> int:
    """Return a span of time in microseconds: a timedelta, or "90s", "30m", "12h", "30d", "2w".

    Raises:
        ValueError: The text is none of these.
    """
    if isinstance(span, timedelta):
        return span // _MICROSECOND
    number, unit = span[:-1], span[-1:]
    try:
        seconds = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < 1e11:
        raise ValueError(f"{span!r} is no span of time. Write it as in '30d', '12h' or '90s'.")
    return round(seconds * 1e6)
