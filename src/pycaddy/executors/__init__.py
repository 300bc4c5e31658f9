"""What carries out work: anything with the interface of `concurrent.futures.Executor`."""

from __future__ import annotations

from pycaddy.executors.opening import EXECUTORS, DaskClient, Opened, open_executor
from pycaddy.executors.slurm import SlurmExecutor

__all__ = ["EXECUTORS", "DaskClient", "Opened", "SlurmExecutor", "open_executor"]
