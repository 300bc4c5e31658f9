"""Values as short text for people. Pure functions; nothing is printed here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

__all__ = ["count", "duration", "flat", "local_time", "printable", "size", "value_text"]

# What a terminal would obey or hide instead of showing: C0, DEL and C1 controls, what changes
# the direction of text (https://unicode.org/reports/tr9/), line separators, invisible
# characters, halves of surrogate pairs, tags. Joiners stay: Persian and emoji are made with them.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BARE = re.compile(r"[^\s'\"=]+")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def printable(text: str, *, lines: bool = False) -> str:
    r"""Return *text* with what a terminal would obey written out, as in `\x1b`.

    Args:
        lines: Keep the ends of lines and tabs.
    """
    if lines:
        return _UNPRINTABLE.sub(_written_out_unless_line, text.replace("\r\n", "\n"))
    return _UNPRINTABLE.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _written_out_unless_line(match: re.Match[str]) -> str:
    return match[0] if match[0] in "\n\t" else _written_out(match)


def duration(seconds: float) -> str:
    """Return a time span in few figures: "12ms", "3.2s", "42s", "4m10s", "3h05m", "2d04h".

    A clock that was set back makes no span negative.
    """
    seconds = max(seconds, 0)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02d}h"


def local_time(moment: datetime) -> str:
    """Return *moment* on this machine's clock, to the second and with its zone."""
    return moment.astimezone().isoformat(" ", timespec="seconds")


def count(number: int, noun: str) -> str:
    """Return "1 run", "2 runs", "1,000 runs"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(bytes_: int) -> str:
    """Return a size in few figures: "12 B", "3.4 kB", "56 MB", "7.8 GB"."""
    if bytes_ < 1000:
        return f"{bytes_} B"
    number, units = bytes_ / 1000, iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    while number >= 999.5 and (larger := next(units, None)):
        number, unit = number / 1000, larger
    return f"{number:.1f} {unit}" if number < 9.95 else f"{number:,.0f} {unit}"


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by dotted names, as in "optimizer.lr"."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def value_text(value: object, *, longest: int | None = None) -> str:
    """Return a plain value as a person would write it; a time is local.

    Args:
        longest: Round floats to six digits, and cut what is longer than this many characters.
    """
    if isinstance(value, str) and _BARE.fullmatch(value):
        text = value
    elif isinstance(value, datetime):
        text = local_time(value)
    elif isinstance(value, float) and longest is not None:
        text = f"{value:.6g}"
    else:
        text = repr(value)
    if longest is not None and len(text) > longest:
        return f"{text[: longest - 1]}…"
    return text
