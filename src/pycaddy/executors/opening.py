"""From what people write ("local", an Executor) to an executor that is ready."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["EXECUTORS", "Opened", "open_executor"]

EXECUTORS = ("local", "threads", "serial")


@dataclass(frozen=True, slots=True)
class Opened:
    """An executor that is ready for work."""

    executor: Executor
    slots: int
    """How many pieces of work to have under way."""
    isolated: bool
    """Whether each piece of work has a process for itself, whose output is its own."""


@contextmanager
def open_executor(
    executor: str | Executor,
    workers: int | None = None,
    *,
    timeout_s: float | None = None,
    gpus: int = 0,
    preload: tuple[str, ...] = (),
) -> Iterator[Opened]:
    """Open the executor of this name; one that was made elsewhere is used and left open.

    Args:
        preload: Modules that new processes should have loaded already.

    Raises:
        ValueError: The name is not known, or an option does not fit the executor.
    """
    if executor != "local" and (timeout_s is not None or gpus):
        raise ValueError(
            f"timeout_s and gpus need a process per run: use executor='local', not {executor!r}."
        )
    if isinstance(executor, Executor):
        slots = workers or getattr(executor, "_max_workers", None) or os.cpu_count() or 1
        yield Opened(executor, slots, isolated=False)
        return
    if executor not in EXECUTORS:
        raise ValueError(
            f"executor={executor!r} is not known. Use one of {', '.join(EXECUTORS)}, or any "
            "concurrent.futures.Executor."
        )
    made, slots, isolated = _make(
        executor, workers, timeout_s=timeout_s, gpus=gpus, preload=preload
    )
    try:
        yield Opened(made, slots, isolated=isolated)
    except BaseException:
        made.shutdown(wait=True, cancel_futures=True)
        raise
    made.shutdown(wait=True)


def _make(name: str, workers: int | None, **options: Any) -> tuple[Executor, int, bool]:
    if name == "serial":
        from pycaddy.executors.serial import SerialExecutor

        return SerialExecutor(), 1, False
    if name == "threads":
        threads = workers or os.cpu_count() or 1
        return ThreadPoolExecutor(threads, thread_name_prefix="pycaddy-run"), threads, False
    from pycaddy.executors.local import LocalExecutor

    local = LocalExecutor(workers, **options)
    return local, local.workers, True
