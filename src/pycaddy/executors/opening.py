"""From what people write ("local", an Executor, a Dask client) to an executor that is ready."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pycaddy.executors.options import EXECUTORS, refuse_unfit

__all__ = ["DaskClient", "Opened", "open_executor"]


@runtime_checkable
class DaskClient(Protocol):
    """What we need to know of a `distributed.Client`."""

    def get_executor(self, **options: Any) -> Executor:
        """Return an executor that submits through the client."""


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
    executor: str | Executor | DaskClient,
    workers: int | None = None,
    *,
    timeout_s: float | None = None,
    gpus: int = 0,
    preload: tuple[str, ...] = (),
) -> Iterator[Opened]:
    """Open the executor of this name; one that was made elsewhere is used and left open.

    Args:
        executor: One of `EXECUTORS` except "slurm", the address of a Dask scheduler
            ("tcp://..."), a Dask client, or any `concurrent.futures.Executor`.
        preload: Modules that new processes should have loaded already.

    Raises:
        ValueError: The name is not known, or an option does not fit the executor.
        MissingExtraError: The library behind the name is not installed.
    """
    _refuse_unknown(executor)
    refuse_unfit(executor, timeout_s=timeout_s is not None, gpus=bool(gpus))
    if isinstance(executor, Executor):
        slots = workers or getattr(executor, "_max_workers", None) or os.cpu_count() or 1
        yield Opened(executor, slots, isolated=False)
    elif isinstance(executor, DaskClient):
        yield _on_dask(executor, workers)
    elif executor == "dask" or "://" in executor:
        from pycaddy.executors.dask import dask_client

        address = None if executor == "dask" else executor
        with dask_client(address, workers) as client, _shut(_on_dask(client, workers)) as opened:
            yield opened
    elif executor == "ray":
        from pycaddy.executors.ray import RayExecutor, started_ray

        with (
            started_ray(workers) as slots,
            _shut(Opened(RayExecutor(gpus), slots, isolated=True)) as opened,
        ):
            yield opened
    else:
        options = {"timeout_s": timeout_s, "gpus": gpus, "preload": preload}
        with _shut(_on_this_machine(executor, workers, **options)) as opened:
            yield opened


def _refuse_unknown(executor: object) -> None:
    if not isinstance(executor, str) or "://" in executor:
        return
    # Slurm carries out whole tasks, not single calls: see `project.detached`.
    if executor not in EXECUTORS or executor == "slurm":
        raise ValueError(
            f"executor={executor!r} is not known. Use one of {', '.join(EXECUTORS)}, the "
            "address of a Dask scheduler, or any concurrent.futures.Executor."
        )


@contextmanager
def _shut(opened: Opened) -> Iterator[Opened]:
    """Let the work end with the block, or end it if the block raises."""
    try:
        yield opened
    except BaseException:
        opened.executor.shutdown(wait=True, cancel_futures=True)
        raise
    opened.executor.shutdown(wait=True)


def _on_dask(client: Any, workers: int | None) -> Opened:
    from pycaddy.executors.dask import DaskExecutor, has_a_process_per_task

    slots = workers or sum(client.nthreads().values()) or 1
    return Opened(DaskExecutor(client), slots, isolated=has_a_process_per_task(client))


def _on_this_machine(name: str, workers: int | None, **options: Any) -> Opened:
    if name == "serial":
        from pycaddy.executors.serial import SerialExecutor

        return Opened(SerialExecutor(), 1, isolated=False)
    if name == "threads":
        threads = workers or os.cpu_count() or 1
        pool = ThreadPoolExecutor(threads, thread_name_prefix="pycaddy-run")
        return Opened(pool, threads, isolated=False)
    from pycaddy.executors.local import LocalExecutor

    local = LocalExecutor(workers, **options)
    return Opened(local, local.workers, isolated=True)
