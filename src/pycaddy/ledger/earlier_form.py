"""Runs whose params were recorded in version 1 of the canonical form, which kept no classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from logging import getLogger
from typing import TYPE_CHECKING

from pycaddy import params
from pycaddy.params._changed import with_ignored
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.ledger.ledger import Ledger

__all__ = ["update_form"]

_SHOWN = 3


def update_form(
    ledger: Ledger,
    relpath: str,
    identifier: str,
    wanted: Iterable[params.Params],
    ignore: Collection[str],
) -> set[str]:
    """Give runs of version 1 of the form the params of *wanted* that differ from theirs in names.

    They are found like any other run from then on. Version 1 had one key for params that differed
    only in the class of a value, so the first such params that are asked for get the run, and a
    warning is logged. What the runs had for ignored params stays.

    Returns:
        The new param hashes of those that are DONE.
    """
    names = frozenset(ignore)
    changes: dict[object, tuple[RunRecord, RunRecord]] = {}
    for frozen in wanted:
        if frozen.earlier_key is None:
            continue
        for record in ledger.records(Selection(relpath, identifier, params_key=frozen.earlier_key)):
            if record.param_version == 1 and record.key not in changes:
                changes[record.key] = record, _updated(record, frozen, names)
    if not changes:
        return set()
    if not ledger.rewrite_params(list(changes.values())):  # a run has changed meanwhile
        return update_form(ledger, relpath, identifier, wanted, ignore)
    _warn([old for old, _ in changes.values()])
    return {new.params_key for _, new in changes.values() if new.status is Status.DONE}


def _updated(record: RunRecord, frozen: params.Params, names: frozenset[str]) -> RunRecord:
    kept = with_ignored(frozen.plain, record.params, names)
    return record.changed(
        params_text=params.dump(kept), params_key=frozen.key, param_version=params.VERSION
    )


def _warn(records: list[RunRecord]) -> None:
    shown = ", ".join(str(record.key) for record in records[:_SHOWN])
    more = f" and {len(records) - _SHOWN} more" if len(records) > _SHOWN else ""
    getLogger("pycaddy").warning(
        "An earlier pycaddy recorded the params of %s%s without the names of classes, fields and "
        "enum members. They now have the names of the params that were asked for. If those were "
        "others, make new runs with ExistingRun.NEW.",
        shown,
        more,
    )
