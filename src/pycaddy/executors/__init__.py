"""What carries out work: anything with the interface of `concurrent.futures.Executor`."""

from __future__ import annotations

from pycaddy.executors.opening import DaskClient, Opened, open_executor
from pycaddy.executors.options import EXECUTORS
from pycaddy.executors.slurm import SlurmExecutor

__all__ = ["EXECUTORS", "DaskClient", "Opened", "SlurmExecutor", "open_executor"]
