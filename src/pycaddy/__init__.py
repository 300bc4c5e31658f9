"""A Project is a folder, a Session is a run: nothing to host, nothing lost, nothing run twice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycaddy.ledger import Ledger, RunRecord, Status
    from pycaddy.project import ExistingRun, Project, Session, StorageMode
    from pycaddy.sweeper import ChainSweep, DictSweep, EmptySweep, Fixed, StrategyName

__all__ = [
    "ChainSweep",
    "DictSweep",
    "EmptySweep",
    "ExistingRun",
    "Fixed",
    "Ledger",
    "Project",
    "RunRecord",
    "Session",
    "Status",
    "StorageMode",
    "StrategyName",
]

_HOMES = {
    "pycaddy.project": ("ExistingRun", "Project", "Session", "StorageMode"),
    "pycaddy.ledger": ("Ledger", "RunRecord", "Status"),
    "pycaddy.sweeper": ("ChainSweep", "DictSweep", "EmptySweep", "Fixed", "StrategyName"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    # On demand, so that who imports one room does not wait for the others.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pycaddy' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
