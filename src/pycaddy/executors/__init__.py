"""What carries out work: anything with the interface of `concurrent.futures.Executor`."""

from __future__ import annotations

from pycaddy.executors.opening import EXECUTORS, Opened, open_executor

__all__ = ["EXECUTORS", "Opened", "open_executor"]
