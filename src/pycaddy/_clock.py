"""Wall-clock times: microseconds since 1970 in storage, aware UTC datetimes in the API.

Nothing is ever decided by them (who is alive, who wins); they only tell people when.
"""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime, timedelta

__all__ = ["from_iso", "to_datetime", "to_iso", "utc_now_us"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
