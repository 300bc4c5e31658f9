"""Sweeps: the configurations of a parameter study, made one at a time."""

from __future__ import annotations

from pycaddy.sweeper.base import Sweep
from pycaddy.sweeper.chain_sweep import ChainSweep
from pycaddy.sweeper.dict_sweep import DictSweep
from pycaddy.sweeper.empty_sweep import EmptySweep
from pycaddy.sweeper.strategies import StrategyName
from pycaddy.sweeper.values import Fixed

__all__ = ["ChainSweep", "DictSweep", "EmptySweep", "Fixed", "StrategyName", "Sweep"]
