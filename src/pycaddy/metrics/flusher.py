"""The threads that write what the runs of this process have logged.

Before a fork the files are closed, as the ledger's are: a child would take SQLite's memory of its
locks over, but not the locks. The child leaves to the parent what the parent has logged.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable

from pycaddy.metrics.live import recorders
from pycaddy.metrics.recorder import Recorder

__all__ = ["FLUSH_S", "recorder_at", "remove"]

FLUSH_S = 0.8
"""Seconds between two flushes: with the time to write, a point is on disk within one."""

# A summary waits for the ledger, for which no point may have to wait.
_WORK: dict[str, Callable[[Recorder], None]] = {
    "pycaddy-flusher": Recorder.beat,
    "pycaddy-summaries": Recorder.publish_if_due,
}

_mutex = threading.RLock()
_threads: dict[str, threading.Thread] = {}
_finalized_in = 0


def recorder_at(place: str, attempt: int, make: Callable[[], Recorder]) -> Recorder:
    """Return the recorder for this attempt at *place*, the same for all handles on the run.

    While a thread is about to end the run, that is the one that takes no more.
    """
    with _mutex:
        found = recorders.get(place)
        if found is not None and found.attempt == attempt:
            return found
        if found is not None:
            found.close()
        found = recorders[place] = make()
        _end_with_the_process()
        for name in _WORK.keys() - _threads.keys():
            _threads[name] = threading.Thread(target=_run, args=(name,), name=name, daemon=True)
            _threads[name].start()
        return found


def remove(place: str) -> None:
    """Forget the recorder at *place*, which has been closed."""
    with _mutex:
        recorders.pop(place, None)


def _run(name: str) -> None:
    pause = threading.Event()
    try:
        while True:
            pause.wait(FLUSH_S)
            with _mutex:
                found = list(recorders.values())
                if not found:
                    del _threads[name]
                    return
            for recorder in found:
                _WORK[name](recorder)
    except BaseException:
        _threads.pop(name, None)  # the next run that logs begins another one
        raise


def _end_with_the_process() -> None:
    """Let a process that `multiprocessing` made write at its end: it skips `atexit`."""
    global _finalized_in  # noqa: PLW0603
    util = sys.modules.get("multiprocessing.util")
    if util is not None and _finalized_in != os.getpid():
        _finalized_in = os.getpid()
        util.Finalize(None, _write_all, exitpriority=10)


@atexit.register
def _write_all() -> None:
    with _mutex:
        found = list(recorders.values())
    for recorder in found:
        recorder.leave()


def _before_fork() -> None:
    _mutex.acquire()
    for recorder in recorders.values():
        recorder.lock.acquire()
        recorder.disconnect()


def _after_fork_in_parent() -> None:
    for recorder in recorders.values():
        recorder.lock.release()
    _mutex.release()


def _after_fork_in_child() -> None:
    for recorder in recorders.values():
        recorder.lock.release()
        recorder.abandon()
    recorders.clear()
    _threads.clear()
    _mutex.release()


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
