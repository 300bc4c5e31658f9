"""Means over runs that differ in nothing that matters, such as a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import fsum, isfinite, sqrt
from typing import Any

from pycaddy import params
from pycaddy.errors import FilterError
from pycaddy.filters import AnyName, IsStale, Seen, numbers_of, read_names, unknown
from pycaddy.query._student import quantile
from pycaddy.query._table import names_that_vary
from pycaddy.records import RunRecord

__all__ = ["aggregated", "known_names"]

Words = str | Sequence[str] | None
Names = Mapping[str, AnyName]


def aggregated(
    records: Sequence[RunRecord], by: Words, over: Words, of: Words, is_stale: IsStale | None
) -> Iterator[dict[str, Any]]:
    """Yield a row per group; see `Runs.group_by`."""
    if by is None and not over:
        raise ValueError("Say what to group by, as in group_by('lr'), or group_by(over='seed').")
    seen = [Seen(record, is_stale) for record in records]
    across = known_names(over or (), records)
    varying: Names = names_that_vary(records) if by is None else {}
    names = _without(varying, across) if by is None else known_names(by, records)
    numbers = numbers_of(records) if of is None else known_names(of, records)
    groups: dict[str, tuple[dict[str, Any], list[Seen]]] = {}
    for run in seen:
        shared = {text: run.cell(name) for text, name in names.items()}
        groups.setdefault(params.freeze(shared).key, (shared, []))[1].append(run)
    for shared, members in groups.values():
        if by is not None and across:
            _refuse_more(shared, members, {**names, **across})
        row = {**shared, "n": len(members)}
        for text, name in numbers.items():
            row.update(_summary(text, [run.cell(name) for run in members]))
        yield row


def known_names(words: str | Sequence[str], records: Sequence[RunRecord]) -> dict[str, AnyName]:
    """Return what names mean, by their texts.

    Raises:
        FilterError: One is not a name, or none of *records* has such a value.
    """
    names = read_names(words)
    for text, name in names.items():
        if problem := unknown(text, name, records):
            raise FilterError(problem, text=text, column=1)
    return names


def _without(names: Names, others: Names) -> dict[str, AnyName]:
    left_out = {place for name in others.values() for place in name.places}
    return {text: name for text, name in names.items() if name not in left_out}


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


def _refuse_more(shared: Mapping[str, Any], members: Sequence[Seen], known: Names) -> None:
    more = _without(names_that_vary(run.record for run in members), known)
    if more:
        where = ", ".join(f"{name}={value!r}" for name, value in shared.items())
        raise ValueError(
            f"The runs with {where} differ in {', '.join(more)}, too. Add it to by= or to over=."
        )
