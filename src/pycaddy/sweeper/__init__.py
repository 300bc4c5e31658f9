"""Sweeps: the configurations of a parameter study, made one at a time."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pycaddy.sweeper.grid import DictSweep, StrategyName
from pycaddy.sweeper.sweep import ChainSweep, EmptySweep, Sweep
from pycaddy.sweeper.values import Fixed

if TYPE_CHECKING:
    from pycaddy.sweeper.distributions import (
        Choice,
        Distribution,
        Int,
        LogNormal,
        LogUniform,
        Normal,
        Uniform,
    )
    from pycaddy.sweeper.drawn import LatinHypercubeSweep, RandomSweep, SobolSweep
    from pycaddy.sweeper.files import load_sweep, sweep_from
    from pycaddy.sweeper.optuna import OptunaSweep

__all__ = [
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
]

_HOMES = {
    "distributions": (
        "Choice",
        "Distribution",
        "Int",
        "LogNormal",
        "LogUniform",
        "Normal",
        "Uniform",
    ),
    "drawn": ("LatinHypercubeSweep", "RandomSweep", "SobolSweep"),
    "files": ("load_sweep", "sweep_from"),
    "optuna": ("OptunaSweep",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    # Imported on demand: a script with a grid does not wait for the other ways to search.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pycaddy.sweeper' has no attribute {name!r}")
    return getattr(import_module(f"pycaddy.sweeper.{_HOME_OF[name]}"), name)
