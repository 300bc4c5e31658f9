"""pycaddy under the name that its older document uses."""

from __future__ import annotations

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
