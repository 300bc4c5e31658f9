"""The columns of a table of runs, by names that `read_name` reads back.

Column names are made in `column` only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pycaddy.filters._evaluate import Seen
from pycaddy.filters._tree import FIELDS, PARTS, STATISTICS, AnyName, Name
from pycaddy.records import RunRecord

__all__ = [
    "column",
    "flat",
    "flat_metrics",
    "flat_params",
    "flat_result",
    "numbers_of",
    "unknown",
    "walk",
]

_RESERVED = frozenset((*FIELDS, *PARTS))
_SHOWN = ("min", "max")
_BRACKETED = frozenset("[,")  # a comma separates names

Keys = tuple[str, ...]


@lru_cache(maxsize=4096)  # tables of many runs ask for the same columns again and again
def column(root: str, keys: Keys) -> str:
    """Return the column of a value: `lr`, `params.status`, `result.loss`, `metrics.loss.max`.

    It has brackets where dots alone would mean another value, or none: `result['a.b'].c`, and
    `metrics['loss.max']` for the series of that name.
    """
    if not _can_be_dotted(root, keys):
        return str(Name(root, keys))
    if root == "params" and keys[0].partition(".")[0] not in _RESERVED:
        return ".".join(keys)
    if root == "metrics" and keys[1:] == ("last",):
        keys = keys[:1]
    return ".".join((root, *keys))


def _can_be_dotted(root: str, keys: Keys) -> bool:
    """Whether `read_name` finds the value by its keys with dots between them."""
    if not all(map(_is_plain, keys)):
        return False
    if root == "metrics":
        head, _, tail = keys[0].rpartition(".")
        return not head or tail not in STATISTICS
    return len(keys) == 1 or not any("." in key for key in keys)


def _is_plain(key: str) -> bool:
    return bool(key) and not _BRACKETED & set(key) and key.isprintable() and key == key.strip()


def walk(values: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield the values in nested mappings with the keys that lead to them."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from walk(value, (*above, name))
        else:
            yield (*above, name), value


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in nested mappings by dotted names: `opt.lr`."""
    return {".".join(keys): value for keys, value in walk(values)}


def flat_params(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return params by their columns."""
    return {column("params", keys): value for keys, value in walk(values)}


def flat_result(record: RunRecord) -> dict[str, Any]:
    """Return the result by its columns."""
    return {column("result", keys): value for keys, value in walk(record.result or {})}


def flat_metrics(record: RunRecord) -> dict[str, Any]:
    """Return the last, least and greatest value of each metric by their columns."""
    return {
        column("metrics", (series, which)): known.get(which)
        for series, known in record.summary.items()
        for which in ("last", *_SHOWN)
    }


def numbers_of(records: Sequence[RunRecord]) -> dict[str, AnyName]:
    """Return the columns that have numbers: parts of the result, then each metric's last value."""
    found: dict[str, AnyName] = {}
    for record in records:
        for keys, value in walk(record.result or {}):
            if type(value) in (int, float):
                found[column("result", keys)] = Name("result", keys)
    for record in records:
        for series in record.summary:
            found[column("metrics", (series, "last"))] = Name("metrics", (series, "last"))
    return found


def unknown(text: str, name: AnyName, records: Sequence[RunRecord]) -> str | None:
    """Return the sentence that none of *records* has a value of *name*, if that is so.

    It suggests a similar name. Each run has the fields, even if nothing is in them.
    """
    if not records or (isinstance(name, Name) and not name.keys):
        return None
    if any(Seen(record).value(name) is not None for record in records):
        return None
    from difflib import get_close_matches  # it is slow to import

    known = dict.fromkeys(FIELDS)
    for record in records:
        for full in (*flat_params(record.params), *flat_result(record), *flat_metrics(record)):
            known |= {full: None, full.removeprefix("result.").removeprefix("metrics."): None}
    close = get_close_matches(text, known, 1)
    hint = f"Did you mean {close[0]!r}?" if close else "`pycaddy ls --csv` shows the names."
    number = f"None of the {len(records):,} runs" if len(records) > 1 else "No run"
    return f"{number} has a value named {text!r}. {hint}"
