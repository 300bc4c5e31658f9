"""Means over runs that differ in nothing that matters, such as a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum, isfinite, sqrt
from typing import Any

from pycaddy import params
from pycaddy.filters import Name, Seen, names_of
from pycaddy.query._student import quantile
from pycaddy.query._table import flat_result, varying
from pycaddy.records import RunRecord

__all__ = ["aggregated", "words_of"]

Words = str | Sequence[str] | None


def aggregated(
    records: Sequence[RunRecord], by: Words, over: Words, of: Words
) -> Iterator[dict[str, Any]]:
    """Yield a row per group; see `Runs.group_by`."""
    across = words_of(over)
    if by is None and not across:
        raise ValueError("Say what to group by, as in group_by('lr'), or group_by(over='seed').")
    names = words_of(by) if by is not None else [n for n in varying(records) if n not in across]
    numbers = words_of(of) if of is not None else _numbers(records)
    groups: dict[str, tuple[dict[str, Any], list[RunRecord]]] = {}
    for record in records:
        shared = {name: look_up(Seen(record), name) for name in names}
        groups.setdefault(params.freeze(shared).key, (shared, []))[1].append(record)
    for shared, members in groups.values():
        if by is not None and across:
            _refuse_more(shared, members, {*names, *across})
        row = {**shared, "n": len(members)}
        for name in numbers:
            row.update(_summary(name, [look_up(Seen(record), name) for record in members]))
        yield row


def words_of(words: Words) -> list[str]:
    """Return "lr, width" as its words, and a list as it is."""
    if words is None:
        return []
    return [word.strip() for word in words.split(",")] if isinstance(words, str) else list(words)


def look_up(seen: Seen, word: str) -> Any:
    """Return the value of *word* as tables have it: a uid as text, and a run's name as "run"."""
    if word == "run":
        return str(seen.record.key)
    if word in ("uid", "created_at", "started_at", "ended_at"):
        return getattr(seen.record, word)
    return next((v for name in _names(word) if (v := seen.value(name)) is not None), None)


def _names(word: str) -> Sequence[Name]:
    series = word.removeprefix("metrics.")
    # As a table has them, with whatever is in the name of a metric.
    return names_of(series)[-2:] if series != word and "[" not in word else names_of(word)


def _numbers(records: Sequence[RunRecord]) -> list[str]:
    found: dict[str, None] = {}
    for record in records:
        for name, value in flat_result(record).items():
            if _is_number(value):
                found[name] = None
    for record in records:
        found.update({f"metrics.{series}": None for series in record.summary})
    return list(found)


def _summary(name: str, values: Sequence[Any]) -> Mapping[str, float | None]:
    numbers = [float(value) for value in values if _is_number(value)]
    if not numbers:
        return {name: None, f"{name}.std": None, f"{name}.low": None, f"{name}.high": None}
    mean = _mean(numbers)
    if len(numbers) == 1 or not isfinite(mean):
        return {name: mean, f"{name}.std": None, f"{name}.low": None, f"{name}.high": None}
    std = sqrt(fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))
    half = quantile(len(numbers) - 1) * std / sqrt(len(numbers))
    return {name: mean, f"{name}.std": std, f"{name}.low": mean - half, f"{name}.high": mean + half}


def _mean(numbers: Sequence[float]) -> float:
    # fsum refuses infinities of both signs, whose sum is NaN.
    total = fsum(numbers) if all(map(isfinite, numbers)) else sum(numbers)
    return total / len(numbers)


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _refuse_more(shared: Mapping[str, Any], members: Sequence[RunRecord], known: set[str]) -> None:
    more = [name for name in varying(members) if name not in known]
    if more:
        where = ", ".join(f"{name}={value!r}" for name, value in shared.items())
        raise ValueError(
            f"The runs with {where} differ in {', '.join(more)}, too. Add it to by= or to over=."
        )
