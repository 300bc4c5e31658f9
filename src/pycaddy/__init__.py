"""A Project is a folder, a Session is a run: nothing to host, nothing lost, nothing run twice."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycaddy.ledger import Ledger, RunRecord, Status
    from pycaddy.project import ExistingRun, Project, Session, StorageMode
    from pycaddy.sweeper import (
        ChainSweep,
        Choice,
        DictSweep,
        Distribution,
        EmptySweep,
        Fixed,
        Int,
        LatinHypercubeSweep,
        LogNormal,
        LogUniform,
        Normal,
        OptunaSweep,
        RandomSweep,
        SobolSweep,
        StrategyName,
        Sweep,
        Uniform,
        load_sweep,
        sweep_from,
    )

__all__ = [
    "ChainSweep",
    "Choice",
    "DictSweep",
    "Distribution",
    "EmptySweep",
    "ExistingRun",
    "Fixed",
    "Int",
    "LatinHypercubeSweep",
    "Ledger",
    "LogNormal",
    "LogUniform",
    "Normal",
    "OptunaSweep",
    "Project",
    "RandomSweep",
    "RunRecord",
    "Session",
    "SobolSweep",
    "Status",
    "StorageMode",
    "StrategyName",
    "Sweep",
    "Uniform",
    "load_sweep",
    "sweep_from",
]

_HOMES = {
    "pycaddy.project": ("ExistingRun", "Project", "Session", "StorageMode"),
    "pycaddy.ledger": ("Ledger", "RunRecord", "Status"),
    "pycaddy.sweeper": (
        "ChainSweep",
        "Choice",
        "DictSweep",
        "Distribution",
        "EmptySweep",
        "Fixed",
        "Int",
        "LatinHypercubeSweep",
        "LogNormal",
        "LogUniform",
        "Normal",
        "OptunaSweep",
        "RandomSweep",
        "SobolSweep",
        "StrategyName",
        "Sweep",
        "Uniform",
        "load_sweep",
        "sweep_from",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    # On demand, so that who imports one room does not wait for the others.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pycaddy' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
