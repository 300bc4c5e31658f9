"""The params of one attempt: those that are ignored may differ from the attempt before."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pycaddy import codec, params
from pycaddy.ledger.transitions import fence
from pycaddy.params._changed import Changes, differences
from pycaddy.records import RunRecord

if TYPE_CHECKING:
    from pycaddy.ledger.ledger import Ledger

__all__ = ["keep_params"]


def keep_params(ledger: Ledger, record: RunRecord, params_text: str) -> RunRecord:
    """Store the params that the attempt of *record*, just started, was asked for with.

    They have the run's key, so they differ in ignored params only. The history keeps what they
    were before: two transactions, and none if nothing differs.

    Raises:
        LeaseLostError: A later attempt has been started.
    """
    if params_text == record.params_text:
        return record
    changes = differences(record.params, params.thaw(params_text))
    if not changes:
        return record
    attempt = record.attempt
    record = ledger.change(record, partial(_noted, attempt=attempt, changes=changes))
    while not ledger.rewrite_params([(record, record.changed(params_text=params_text))]):
        record = ledger.reread(record)
        fence(record, attempt)
    return ledger.reread(record)


def _noted(record: RunRecord, *, attempt: int, changes: Changes) -> RunRecord:
    fence(record, attempt)
    return record.changed(history_text=codec.note_changes(record.history_text, changes))
