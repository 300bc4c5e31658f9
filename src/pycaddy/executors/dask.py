"""Work on a Dask cluster: one that is made for it, or one that is there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from pycaddy.errors import WorkerDiedError
from pycaddy.executors.options import missing

__all__ = ["DaskExecutor", "dask_client", "has_a_process_per_task"]

P = ParamSpec("P")
T = TypeVar("T")


class DaskExecutor(Executor):
    """Carries work out through a `distributed.Client`.

    Dask counts on its tasks being repeatable: it takes equal ones for one, and gives those of
    a dead worker to others. Ours are told apart, and `adopt` refuses to repeat an attempt.
    """

    def __init__(self, client: Any) -> None:
        self._inner = client.get_executor(pure=False, retries=0)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Carry *fn* out on a worker; `WorkerDiedError` if that takes its workers down."""
        answer: Future[T] = Future()
        theirs: Future[T] = self._inner.submit(fn, *args, **kwargs)
        theirs.add_done_callback(lambda done: _hand_on(done, answer))
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let what runs end, or, with *cancel_futures*, forget it: Dask cannot end a task."""
        self._inner.shutdown(wait=wait and not cancel_futures)


def _hand_on(done: Future[T], answer: Future[T]) -> None:
    from distributed.scheduler import KilledWorker

    if done.cancelled():
        answer.cancel()
        answer.set_running_or_notify_cancel()
        return
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
    elif isinstance(error, KilledWorker):
        died = WorkerDiedError(
            f"Its Dask worker ended without an answer: {error} See the worker's log.",
            exitcode=None,
        )
        died.__cause__ = error
        answer.set_exception(died)
    else:
        answer.set_exception(error)


@contextmanager
def dask_client(address: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to the scheduler at *address*; None: start a cluster on this machine.

    Its workers are processes that do one thing at a time, as many as there are cores unless
    *workers* says otherwise.

    Raises:
        MissingExtraError: distributed is not installed.
    """
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as error:
        raise missing("dask", "distributed") from error
    if address is not None:
        with Client(address) as client:
            yield client
        return
    cluster = LocalCluster(
        n_workers=workers or os.cpu_count() or 1,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        # Without a dashboard there is still an HTTP server, on a port that two would share.
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
    )
    with cluster, Client(cluster) as client:
        yield client


def has_a_process_per_task(client: Any) -> bool:
    """Whether each worker is a process of its own that does one thing at a time."""
    threads: dict[str, int] = client.nthreads()
    return all(
        number == 1 and not address.startswith("inproc://") for address, number in threads.items()
    )
