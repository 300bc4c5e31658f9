"""The same work in many threads or processes, begun at the same moment."""

from __future__ import annotations

import multiprocessing
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

__all__ = ["MANY", "forked", "in_fork", "in_processes", "in_threads", "started"]

T = TypeVar("T")

MANY = 8
_PATIENCE_S = 60.0

# A server that forks is quicker than new interpreters, and unlike a fork of ours it inherits
# nothing of what is tested.
_METHODS = multiprocessing.get_all_start_methods()
_NEW_PROCESS = "forkserver" if "forkserver" in _METHODS else "spawn"


def in_processes(
    count: int, work: Callable[..., T], *args: object, method: str = _NEW_PROCESS
) -> list[T]:
    """Call *work* in *count* processes and return what each returned."""
    with started(count, work, *args, method=method) as futures:
        return [future.result() for future in futures]


@contextmanager
def started(
    count: int, work: Callable[..., T], *args: object, method: str = _NEW_PROCESS
) -> Iterator[list[Future[T]]]:
    """Run the block while *count* processes call *work*; wait for them at its end."""
    context = multiprocessing.get_context(method)
    barrier = context.Barrier(count, timeout=_PATIENCE_S)
    with ProcessPoolExecutor(count, context, _enter, (barrier,)) as pool:
        yield [pool.submit(_together, work, *args) for _ in range(count)]


def in_threads(count: int, work: Callable[..., T], *args: object) -> list[T]:
    """Call *work* in *count* threads and return what each returned."""
    barrier = threading.Barrier(count, timeout=_PATIENCE_S)

    def together() -> T:
        barrier.wait()
        return work(*args)

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(together) for _ in range(count)]
        return [future.result() for future in futures]


def in_fork(work: Callable[..., Any], *args: object) -> Any:
    """Call *work* in a fork of this process and return what it returned."""
    with forked(_answer, work, args) as pipe:
        answer, error = pipe.recv()
    if error is not None:
        raise error
    return answer


@contextmanager
def forked(work: Callable[..., None], *args: object) -> Iterator[Connection]:
    """Let a fork of this process, which has all that is in its memory, do *work*.

    Yields one end of a pipe; the other one is the first argument of *work*.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_alone, args=(ours, theirs, work, args))
    with warnings.catch_warnings():
        # Python warns of what is tested here: to fork while there are other threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    try:
        yield ours
    except BaseException:
        process.kill()  # it may be waiting for what we did not come to say
        raise
    finally:
        ours.close()
        process.join()


def _alone(
    parents: Connection, ours: Connection, work: Callable[..., None], args: tuple[object, ...]
) -> None:
    parents.close()  # so that we notice when the parent closes it
    work(ours, *args)


def _answer(pipe: Connection, work: Callable[..., Any], args: tuple[object, ...]) -> None:
    try:
        pipe.send((work(*args), None))
    except BaseException as error:  # noqa: BLE001  raised again by the parent
        pipe.send((None, error))


_meeting: list[Barrier] = []


def _enter(barrier: Barrier) -> None:
    _meeting.append(barrier)


def _together(work: Callable[..., T], *args: object) -> T:
    _meeting[0].wait()
    return work(*args)
