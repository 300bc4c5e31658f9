"""One piece of work after another, in the caller's thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

__all__ = ["SerialExecutor"]

P = ParamSpec("P")
T = TypeVar("T")


class SerialExecutor(Executor):
    """Carries the work out while it is submitted: for debuggers and for short runs."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Carry *fn* out now and return its finished future. Ctrl-C is raised, not kept."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the future hands it on
            future.set_exception(error)
        return future
