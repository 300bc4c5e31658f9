"""A process of its own for each piece of work: what it leaks, exits or crashes harms nobody."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from pycaddy.errors import WorkerDiedError, WorkerTimeoutError
from pycaddy.executors._functions import pack

__all__ = ["LocalExecutor"]

P = ParamSpec("P")
T = TypeVar("T")

_GRACE_S = 5.0
_PRELOAD = ("pycaddy.executors.local", "pycaddy.executors._preload")


class LocalExecutor(Executor):
    """Carries each piece of work out in a process of its own.

    The processes are forked from a clean one that has *preload* loaded, and nothing of the
    caller's; where there is no fork, each is a new interpreter. From the second piece of work on
    one process is ready before there is something to do for it, so that nobody waits until it
    has imported the caller's script.

    Args:
        workers: How many at a time. Default: one per core.
        timeout_s: How many seconds one may take before it is killed. None: any time.
        gpus: How many devices each gets, as CUDA_VISIBLE_DEVICES. 0: that is left alone.
        preload: Modules to load once, before the processes are forked.
        devices: The names of the devices to hand out. Default: those of CUDA_VISIBLE_DEVICES.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        timeout_s: float | None = None,
        gpus: int = 0,
        devices: list[str] | None = None,
        preload: tuple[str, ...] = (),
    ) -> None:
        self.timeout_s = timeout_s
        self._slots = _slots(gpus, devices)
        self.workers = workers or os.cpu_count() or 1
        if self._slots is not None:
            self.workers = min(self.workers, self._slots.qsize())
        self._context = _context(preload)
        self._waiters = ThreadPoolExecutor(self.workers, thread_name_prefix="pycaddy-local")
        self._mutex = threading.Lock()
        self._running: set[BaseProcess] = set()
        self._begun = 0
        self._spare: _Worker | None = None
        self._closed = self._cancelled = False
        _open.add(self)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Carry *fn* out in a new process.

        The future raises what *fn* raises, `WorkerDiedError` if its process ends without an
        answer, and `WorkerTimeoutError` if it takes longer than `timeout_s`.
        """
        return self._waiters.submit(self._carry_out, pack(fn, args, kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let what runs end, or, with *cancel_futures*, end it."""
        # What waits is cancelled before what runs makes room for it.
        self._waiters.shutdown(wait=False, cancel_futures=cancel_futures)
        with self._mutex:
            self._closed = True
            if cancel_futures:
                self._cancelled = True
                for process in self._running:
                    process.terminate()
        self.dismiss_spare()
        self._waiters.shutdown(wait=wait)

    def dismiss_spare(self) -> None:
        """End the process that waits for work, if there is one; the next work begins another."""
        with self._mutex:
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.dismiss()

    def _carry_out(self, call: bytes) -> Any:
        if self._slots is None:
            return self._in_a_process(call, None)
        devices = self._slots.get()
        try:
            return self._in_a_process(call, devices)
        finally:
            self._slots.put(devices)

    def _in_a_process(self, call: bytes, devices: str | None) -> Any:
        worker = self._worker()
        try:
            worker.begin(call, devices)
            self._get_another_ready()
            return self._answer(worker.process, worker.pipe)
        finally:
            with self._mutex:
                self._running.discard(worker.process)
            worker.pipe.close()

    def _worker(self) -> _Worker:
        """Return a process that waits for its work."""
        with self._mutex:
            if self._cancelled:
                raise CancelledError
            self._begun += 1
            worker, self._spare = self._spare, None
            if worker is None or not worker.process.is_alive():
                worker = _Worker(self._context)
            self._running.add(worker.process)
        return worker

    def _get_another_ready(self) -> None:
        # Where there is no room for it nothing is wrong yet: who needs one next will say so.
        with self._mutex, suppress(OSError):
            # Whoever has one thing to do does not pay for two.
            if self._begun > 1 and self._spare is None and not self._closed:
                self._spare = _Worker(self._context)

    def _answer(self, process: BaseProcess, answers: Connection) -> Any:
        begun = False
        deadline = None if self.timeout_s is None else time.monotonic() + self.timeout_s
        while ready := wait([answers, process.sentinel], _left(deadline)):
            try:
                # One that it has forked may keep the pipe open when it has died.
                if answers not in ready and not answers.poll():
                    raise EOFError
                answer = answers.recv()
            except (EOFError, ConnectionError):
                process.join()
                raise _died(process, begun=begun) from None
            if not begun:
                begun = True
                continue
            process.join(_left(deadline))
            if process.is_alive():  # a thread that it has begun, or what it does at its exit
                _end(process)
            succeeded, value = answer
            if succeeded:
                return value
            raise value
        _end(process)
        raise WorkerTimeoutError(
            f"It took longer than {self.timeout_s:g} s and was ended. Raise timeout_s, or "
            "let it save checkpoints and go on from them.",
            timeout_s=self.timeout_s,
        )


class _Worker:
    """A process that is given one piece of work."""

    def __init__(self, context: Any) -> None:
        self._pid = os.getpid()
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_child, args=(theirs,), daemon=False)
        self.process.start()
        theirs.close()

    def begin(self, call: bytes, devices: str | None) -> None:
        """Give it what to do."""
        with suppress(OSError):  # it has died, as its answer will tell
            self.pipe.send((call, devices))

    def dismiss(self) -> None:
        """Send it home without work; it may still be importing what it would have needed."""
        self.pipe.close()
        if os.getpid() == self._pid:  # a fork leaves it to its parent
            self.process.terminate()
            self.process.join()


_open: weakref.WeakSet[LocalExecutor] = weakref.WeakSet()


if hasattr(os, "register_at_fork"):  # a fork's are its parent's, and may be locked by a thread
    os.register_at_fork(after_in_child=_open.clear)


@atexit.register  # before the interpreter waits for its child processes, whatever they wait for
def _dismiss_spares() -> None:
    for executor in list(_open):
        executor.dismiss_spare()


def _child(answers: Connection) -> None:
    try:
        call, devices = answers.recv()
    except (EOFError, ConnectionError, KeyboardInterrupt):  # there is nothing to do any more
        return
    if devices is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices
    answers.send(None)  # this far it came: the caller's script was imported
    try:
        fn, args, kwargs = pickle.loads(call)
        answer = (True, fn(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - it is raised where the future is asked
        answer = (False, _sendable(error))
    with suppress(ConnectionError):  # nobody waits for it any more
        _send(answers, answer)


def _send(answers: Connection, answer: tuple[bool, Any]) -> None:
    try:
        answers.send(answer)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        reason = f"What it returned cannot be sent back: {error}. Return plain values."
        answers.send((False, TypeError(reason)))


def _sendable(error: Exception) -> Exception:
    """Return *error*, or what stands for it if it does not survive pickling."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - an exception's own code may raise anything
        return RuntimeError(f"{type(error).__qualname__}: {error}")
    return error


def _context(preload: tuple[str, ...]) -> Any:
    if sys.platform == "win32" or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload, *_PRELOAD])
    return context


def _slots(gpus: int, devices: list[str] | None) -> SimpleQueue[str] | None:
    """Return a queue of groups of *gpus* devices each; None if no devices are handed out."""
    if not gpus:
        return None
    names = devices or [d for d in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if d]
    if len(names) < gpus:
        raise ValueError(
            f"gpus={gpus}, and {len(names)} devices are known. Name them in CUDA_VISIBLE_DEVICES."
        )
    queue: SimpleQueue[str] = SimpleQueue()
    for first in range(0, len(names) - gpus + 1, gpus):
        queue.put(",".join(names[first : first + gpus]))
    return queue


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(_GRACE_S)
    if process.is_alive():
        process.kill()
        process.join()


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _died(process: BaseProcess, *, begun: bool) -> WorkerDiedError:
    hint = "See the end of its stdout.log."
    if not begun:
        hint = (
            "It was still importing your script, and printed why it failed. A script is imported "
            "by each of its processes: put what it does under `if __name__ == '__main__':`."
        )
    return WorkerDiedError(
        f"Its process {_ending(process.exitcode)} without an answer. {hint}",
        exitcode=process.exitcode,
    )


def _ending(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was ended by {signal.Signals(-exitcode).name}"
    return f"exited with {exitcode}"
