"""Runs of pycaddy 0.2, which kept a hash of the params: they get their params when asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pycaddy import params
from pycaddy.params._earlier import earlier_hashes
from pycaddy.status import Status
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.ledger.register import Register

__all__ = ["fill_in"]


def fill_in(
    ledger: Register, relpath: str, identifier: str, wanted: Iterable[tuple[str, str]]
) -> set[str]:
    """Give the params of *wanted* to the runs of *identifier* that have their hashes.

    All such runs get their params, key and version in one transaction. From then on they are found
    like any other run.

    Args:
        wanted: The text and the key of params, as `params.freeze` makes them.

    Returns:
        The param hashes that DONE runs got.
    """
    unknown = ledger.hash_only.get((relpath, identifier), set())
    found: dict[str, tuple[str, str]] = {}
    for text, key in wanted:
        for hashed in earlier_hashes(params.thaw(text)):
            if hashed in unknown:
                found.setdefault(hashed, (text, key))
    while True:
        changes = [
            (
                record,
                record.changed(params_text=text, params_key=key, param_version=params.VERSION),
            )
            for hashed, (text, key) in found.items()
            for record in ledger.records(Selection(relpath, identifier, params_key=hashed))
            if record.param_version == params.UNKNOWN
        ]
        if not changes or ledger.rewrite_params(changes):
            break
    unknown -= found.keys()
    if not unknown:
        ledger.hash_only.pop((relpath, identifier), None)
    return {new.params_key for _, new in changes if new.status is Status.DONE}
