"""Finds a run by its identifier and uid, without its relpath."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pycaddy.errors import RunNotFoundError
from pycaddy.records import RunKey, RunRecord
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.ledger.register import Register

__all__ = ["Allocated", "find"]

_MOST = 4096  # about 1 MB
_SHOWN = 5


class Allocated:
    """The namespaces of the runs that one ledger handle allocated outside the root.

    Only the latest allocations are kept. A run that was dropped is found by a query, like the
    runs of other handles.
    """

    def __init__(self) -> None:
        self._relpaths: OrderedDict[tuple[str, int], str] = OrderedDict()
        self.complete = True
        """False once an allocation was dropped."""

    def add(self, relpath: str, identifier: str, uid: int) -> None:
        """Remember an allocation. Of several with one identifier and uid, the latest counts."""
        # Single calls into C: threads may share a ledger.
        self._relpaths.pop((identifier, uid), None)
        if not relpath:
            return
        self._relpaths[identifier, uid] = relpath
        if len(self._relpaths) > _MOST:
            self.complete = False
            self._relpaths.popitem(last=False)

    def relpath(self, identifier: str, uid: int) -> str | None:
        """Return the namespace of this run, or None."""
        return self._relpaths.get((identifier, uid))


def find(ledger: Register, allocated: Allocated, identifier: str, uid: int) -> RunRecord | None:
    """Return the run that *identifier* and *uid* mean, in the trash or not, or None.

    The run that this handle allocated comes first, then the one in the root, then the only match
    in any namespace.

    Raises:
        RunNotFoundError: Several runs match.
    """
    relpath = allocated.relpath(identifier, uid)
    if relpath is not None and (own := ledger.store.get(relpath, identifier, uid)) is not None:
        return own
    in_root = ledger.store.get("", identifier, uid)
    is_live = in_root is not None and in_root.trashed_us is None
    # A handle that has dropped allocations may mean one of those, and not the root's run.
    if is_live and allocated.complete:
        return in_root
    found = ledger.records(Selection(identifier=identifier, uid=uid))
    if len(found) > 1:
        raise _ambiguous(found)
    if found:
        return found[0]
    return in_root or _first_in_trash(ledger, identifier, uid)


def _first_in_trash(ledger: Register, identifier: str, uid: int) -> RunRecord | None:
    trashed = Selection(identifier=identifier, uid=uid, trashed=True, limit=1)
    return next(iter(ledger.records(trashed)), None)


def _ambiguous(found: list[RunRecord]) -> RunNotFoundError:
    key = found[0].key
    names = ", ".join(str(record.key) for record in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    last = found[-1].key
    return RunNotFoundError(
        f"'{key.identifier}' has {len(found)} runs with the uid '{key.uid}': {names}{more}. Pass "
        f"relpath={last.relpath!r}, or the relpath of the run that you mean.",
        run=str(RunKey("", key.identifier, key.uid)),
    )
