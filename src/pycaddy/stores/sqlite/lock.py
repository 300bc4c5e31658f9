"""One writer at a time, in the order they came.

SQLite makes writers sleep longer and longer between tries, so that one of eight waited for
seconds. An flock on a file of ours hands the turn on at once. The kernel drops it when the
process dies, however it dies. Threads of one process line up for it among themselves, and only
the first of them stands in the kernel's queue.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress

from pycaddy.errors import LedgerBusyError

try:
    import fcntl
except ImportError:  # Windows: SQLite's own busy handler is all there is.
    fcntl = None  # type: ignore[assignment]

__all__ = ["WriterLock"]


class WriterLock:
    """A lock between threads and processes; an instance serves one thread.

    Args:
        path: The lock file; made when first needed. None: no lock, as on network file systems,
            where flock is unreliable or slow.
        timeout_s: How long to wait for the writer before us.
    """

    # Its own, since the interpreter's exit may take `os` away before the last lock goes.
    _close = staticmethod(os.close)

    # Known when Ctrl-C comes before __init__ has begun.
    _fd = -1
    _queue: _Queue | None = None

    def __init__(self, path: str | None, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._line = _line_of(path)

    def __del__(self) -> None:
        self.close()

    def acquire(self) -> None:
        """Wait for the turn.

        Raises:
            LedgerBusyError: Another writer kept it for the whole timeout.
            OSError: The file system has no such locks.
        """
        if self._path is None or fcntl is None:
            return
        begun = time.monotonic()
        if not self._line.acquire(timeout=self._timeout_s):
            raise self._busy(self._path)
        try:
            self._take(self._path, begun + self._timeout_s)
        except BaseException:
            self._leave_the_line()
            raise

    def release(self) -> None:
        """Hand the turn on. Without a turn it does nothing."""
        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        self._leave_the_line()

    def mark(self, marked: bool) -> None:
        """Leave a mark for whoever takes a turn, or take it away; after a first turn of ours."""
        os.ftruncate(self._fd, marked)

    def is_marked(self) -> bool:
        """Whether somebody on this machine has left a mark."""
        try:
            size = (os.stat(self._path or "") if self._fd < 0 else os.fstat(self._fd)).st_size
        except FileNotFoundError:
            return False
        return size > 0

    def close(self) -> None:
        """Give the file back. In a forked child this leaves the parent's lock alone."""
        if self._queue is not None:
            self._queue.close()
            self._queue = None
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1
        self._leave_the_line()

    def _leave_the_line(self) -> None:
        with suppress(RuntimeError, AttributeError):  # we do not stand in it
            self._line.release()

    def _take(self, path: str, until: float) -> None:
        if self._fd < 0:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._wait(path, until - time.monotonic())

    def _wait(self, path: str, timeout_s: float) -> None:
        queue = self._queue = self._queue or _Queue(self._fd)
        try:
            came = queue.wait(max(timeout_s, 0.0))
        finally:
            if queue.left:
                self._queue, self._fd = None, -1
        if not came:
            raise self._busy(path)

    def _busy(self, path: str) -> LedgerBusyError:
        return LedgerBusyError(
            f"Another process has been writing to the ledger for {self._timeout_s:g} s "
            f"(lock file {path}). See whether one is stopped or hangs: fuser -v {path}",
            ledger=path,
        )


class _Queue:
    """A thread that stands in the kernel's queue for another one, which may lose its patience.

    The queue is fair and hands a turn on at once, but flock has no timeout. To ask again and
    again took a third of the time that eight writers have on two cores.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._mutex = threading.Lock()
        self._asked = threading.Lock()
        self._asked.acquire()
        self._answered = threading.Lock()
        self._came = False
        self._error: OSError | None = None
        self._closed = False
        self.left = False
        """Nobody waits for the turn any more: when it comes, it goes on to the next in line."""
        threading.Thread(target=self._stand, name="pycaddy-writer-turn", daemon=True).start()

    def wait(self, timeout_s: float) -> bool:
        """Whether the turn came in time. Interrupted or not, it is never left lying about."""
        try:
            self._came, self._error = False, None
            self._answered.acquire(blocking=False)
            self._asked.release()
            self._answered.acquire(timeout=timeout_s)
        finally:
            with self._mutex:
                self.left = not self._came
                if self.left:
                    self.close()
        if self._error is not None:
            raise self._error
        return self._came

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        with suppress(RuntimeError):  # it was asked, and has not heard it yet
            self._asked.release()

    def _stand(self) -> None:
        while True:
            self._asked.acquire()
            if self._closed:
                break
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX)
            except OSError as error:
                self._error = error
            with self._mutex:
                if self.left:
                    break
                self._came = True
                self._answered.release()
        if self.left:
            # Closing is not enough: a forked child may have the file open, too.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)


_lines: weakref.WeakValueDictionary[str | None, threading.RLock] = weakref.WeakValueDictionary()


def _line_of(path: str | None) -> threading.RLock:
    """Return what the threads of this process line up at; who is not its owner cannot leave it."""
    line = _lines.get(path)
    if line is None:
        line = _lines.setdefault(path, threading.RLock())
    return line


def _after_fork_in_child() -> None:
    _lines.clear()  # who stands in them stayed behind


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
