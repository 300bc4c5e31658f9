"""The runs of several identifiers side by side."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from pycaddy import params
from pycaddy.filters import Seen, flat_metrics, flat_params, flat_result, read_names
from pycaddy.query.rows import Rows
from pycaddy.records import RunRecord

__all__ = ["join"]


def join(kinds: Mapping[str, Sequence[RunRecord]], on: str | Sequence[str]) -> Rows:
    """Return a row for each way to take one run of each kind that agree *on* something.

    Args:
        kinds: Runs by the word that is put before what they do not share: `eval.result.loss`.
        on: "params": all of them; "uid"; or names of values, such as some params.
    """
    groups = [_grouped(records, on) for records in kinds.values()]
    shared = [key for key in groups[0] if all(key in group for group in groups[1:])]
    return Rows(
        _row(kinds, chosen, on)
        for key in shared
        for chosen in itertools.product(*(group[key] for group in groups))
    )


def _grouped(records: Sequence[RunRecord], on: str | Sequence[str]) -> dict[str, list[RunRecord]]:
    groups: dict[str, list[RunRecord]] = {}
    for record in records:
        key = _key(record, on)
        if key is not None:
            groups.setdefault(key, []).append(record)
    return groups


def _key(record: RunRecord, on: str | Sequence[str]) -> str | None:
    if on == "params":
        return record.params_key
    if on == "uid":
        return record.uid
    seen = Seen(record)
    values = [seen.cell(name) for name in read_names(on).values()]
    return None if None in values else params.freeze({"": values}).key


def _row(
    kinds: Mapping[str, Any], chosen: Sequence[RunRecord], on: str | Sequence[str]
) -> dict[str, Any]:
    first = chosen[0]
    if on == "params":
        row = flat_params(first.params)
    elif on == "uid":
        row = {"uid": first.uid}
    else:
        seen = Seen(first)
        row = {text: seen.cell(name) for text, name in read_names(on).items()}
    for kind, record in zip(kinds, chosen, strict=True):
        own: dict[str, Any] = {"uid": record.uid, "status": record.status.value}
        if on != "params":
            own.update(flat_params(record.params))
        own.update(flat_result(record))
        own.update(flat_metrics(record))
        row.update({f"{kind}.{name}": value for name, value in own.items() if name not in row})
    return row
