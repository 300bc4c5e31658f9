"""Work on Ray: a Ray that is started for it, or one that is there already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from pycaddy.errors import WorkerDiedError
from pycaddy.executors.options import missing

__all__ = ["RayExecutor", "started_ray"]

P = ParamSpec("P")
T = TypeVar("T")

# What goes through the object store are small records; Ray's default is a third of the memory.
_OBJECT_STORE_BYTES = 80 * 2**20


class RayExecutor(Executor):
    """Carries work out as Ray tasks, each once: a dead worker's task is not repeated.

    Args:
        gpus: Devices for each task; Ray sets CUDA_VISIBLE_DEVICES.
    """

    def __init__(self, gpus: int = 0) -> None:
        import ray

        self._ray = ray
        self._options = {"num_cpus": 1, "num_gpus": gpus, "max_retries": 0}
        self._under_way: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Carry *fn* out on a worker.

        The future raises what *fn* raises, and `WorkerDiedError` if its worker dies.
        """
        task = self._ray.remote(_call).options(**self._options).remote(fn, args, kwargs)
        answer: Future[T] = Future()
        self._under_way[answer] = task
        answer.add_done_callback(lambda done: self._under_way.pop(done, None))
        task.future().add_done_callback(lambda done: self._hand_on(done, answer))
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let what runs end, or, with *cancel_futures*, end it."""
        tasks = list(self._under_way.values())
        if cancel_futures:
            for task in tasks:
                self._ray.cancel(task, force=True)
        if wait and tasks:
            self._ray.wait(tasks, num_returns=len(tasks))

    def _hand_on(self, done: Future[T], answer: Future[T]) -> None:
        error = done.exception()
        if error is None:
            answer.set_result(done.result())
        else:
            answer.set_exception(self._translated(error))

    def _translated(self, error: BaseException) -> BaseException:
        errors = self._ray.exceptions
        if isinstance(error, errors.RayTaskError):
            cause: BaseException = error.cause
            return cause
        if isinstance(error, errors.TaskCancelledError):
            died = WorkerDiedError("Its Ray task was cancelled. Start it again.", exitcode=None)
        elif isinstance(error, errors.RayError):
            reason = str(error).strip().partition("\n")[0]
            died = WorkerDiedError(
                f"Its Ray worker ended without an answer: {reason} See the end of its stdout.log.",
                exitcode=None,
            )
        else:
            return error
        died.__cause__ = error
        return died


def _call(fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    return fn(*args, **kwargs)


@contextmanager
def started_ray(workers: int | None) -> Iterator[int]:
    """Start Ray, or use the one that is there, and yield how many tasks it can have under way.

    RAY_ADDRESS leads to a cluster, as Ray has it. What was initialised before stays so.

    Raises:
        MissingExtraError: ray is not installed.
    """
    # Ray reads these when it is imported and when it starts.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Without gpus, CUDA_VISIBLE_DEVICES is left alone, as our other executors leave it.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise missing("ray", "ray") from error
    ours = not ray.is_initialized()
    if ours:
        ray.init(**_settings(workers))
    try:
        yield workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        if ours:
            ray.shutdown()


def _settings(workers: int | None) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "logging_level": "warning"}
    if os.environ.get("RAY_ADDRESS"):
        return quiet  # a cluster has its sizes already
    return {
        **quiet,
        "num_cpus": workers or os.cpu_count() or 1,
        "include_dashboard": False,
        "object_store_memory": _OBJECT_STORE_BYTES,
    }
