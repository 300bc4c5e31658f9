"""One writer at a time, in the order in which they came.

SQLite makes writers sleep longer and longer between tries, so that one of eight waited for
seconds. An flock on a file of ours is handed on at once. The kernel drops it when the process
dies, however it dies. The threads of one process line up among themselves, and only the first of
them waits in the kernel's queue.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import Self

from pycaddy.errors import LedgerBusyError
from pycaddy.stores.sqlite.interrupts import DeferredInterrupt

try:
    import fcntl
except ImportError:  # Windows: SQLite's own busy handler is all there is.
    fcntl = None  # type: ignore[assignment]

__all__ = ["WriterLock"]

_LOOK_S = 0.1
"""How often a waiting thread looks whether Ctrl-C came."""


class WriterLock:
    """A lock between threads and processes; an instance serves one thread.

    As a context manager it is held for the block and closed after it.

    Args:
        path: The lock file; created when first needed. None: no lock, as on network file systems,
            where flock is unreliable or slow.
        timeout_s: How long to wait for the writer before this one.
    """

    # Its own, since the interpreter's exit may take `os` away before the last lock goes.
    _close = staticmethod(os.close)

    def __init__(self, path: str | None, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._line = _line_of(path)
        self.fd = -1
        """The open lock file; at least 0 while the lock is held. Its size is the mark."""
        self._queue: _Queue | None = None

    def __enter__(self) -> Self:
        deferred = DeferredInterrupt()
        deferred.defer()
        try:
            self.acquire(deferred)
            deferred.end()
        except BaseException:
            self.close()
            deferred.end()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.release()
        self.close()

    def acquire(self, deferred: DeferredInterrupt | None = None) -> None:
        """Wait for the lock.

        Args:
            deferred: What takes a note of Ctrl-C, which ends the wait.

        Raises:
            LedgerBusyError: Another writer kept it for the whole timeout.
            OSError: The file system has no such locks.
        """
        if self._path is None or fcntl is None:
            return
        until = time.monotonic() + self._timeout_s
        if not self._line.acquire(blocking=False) and not _wait(self._line, until, deferred):
            raise self._busy(self._path)
        try:
            if self.fd < 0:
                self.fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._wait_in_queue(self._path, until, deferred)
        except BaseException:
            self._line.release()
            raise

    def release(self) -> None:
        """Hand the lock on. Without the lock it does nothing."""
        if self.fd >= 0:
            fcntl.flock(self.fd, fcntl.LOCK_UN)
        with suppress(RuntimeError):  # this thread does not stand in the line
            self._line.release()

    def mark(self, marked: bool) -> None:
        """Leave a mark for every process that takes the lock, or remove it."""
        os.ftruncate(self.fd, marked)

    def is_marked(self) -> bool:
        """Whether a process on this machine has left a mark."""
        try:
            size = (os.stat(self._path or "") if self.fd < 0 else os.fstat(self.fd)).st_size
        except FileNotFoundError:
            return False
        return size > 0

    def close(self) -> None:
        """Close the file. In a forked child this leaves the parent's lock alone."""
        if self._queue is not None:
            self._queue.close()
            self._queue = None
        if self.fd >= 0:
            self._close(self.fd)
            self.fd = -1
        with suppress(RuntimeError):  # this thread does not stand in the line
            self._line.release()

    def _wait_in_queue(self, path: str, until: float, deferred: DeferredInterrupt | None) -> None:
        queue = self._queue = self._queue or _Queue(self.fd)
        try:
            came = queue.wait(until, deferred)
        finally:
            if queue.is_left:
                self._queue, self.fd = None, -1
        if not came:
            raise self._busy(path)

    def _busy(self, path: str) -> LedgerBusyError:
        return LedgerBusyError(
            f"Another process has been writing to the ledger for {self._timeout_s:g} s "
            f"(lock file {path}). See whether one is stopped or hangs: fuser -v {path}",
            ledger=path,
        )


class _Queue:
    """A thread that waits in the kernel's queue on behalf of another one, which may give up.

    The queue is fair and hands the lock on at once, but flock has no timeout. To ask again and
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
        self.is_left = False
        """Nothing waits for the lock any more: when it comes, it goes on to the next writer."""
        threading.Thread(target=self._stand, name="pycaddy-writer-turn", daemon=True).start()

    def wait(self, until: float, deferred: DeferredInterrupt | None) -> bool:
        """Whether the lock came in time. If Ctrl-C ends the wait, the lock goes on as well."""
        try:
            self._came, self._error = False, None
            self._answered.acquire(blocking=False)
            self._asked.release()
            _wait(self._answered, until, deferred)
        finally:
            with self._mutex:
                self.is_left = not self._came
                if self.is_left:
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
                if self.is_left:
                    break
                self._came = True
                self._answered.release()
        if self.is_left:
            # Closing is not enough: a forked child may have the file open, too.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            os.close(self._fd)


def _wait(
    lock: threading.Lock | threading.RLock, until: float, deferred: DeferredInterrupt | None
) -> bool:
    """Acquire *lock*; False if it did not come before *until*, by the monotonic clock."""
    while not lock.acquire(timeout=max(0.0, min(_LOOK_S, until - time.monotonic()))):
        if deferred is not None:
            deferred.deliver()
        if time.monotonic() >= until:
            return False
    return True


_lines: weakref.WeakValueDictionary[str | None, threading.RLock] = weakref.WeakValueDictionary()


def _line_of(path: str | None) -> threading.RLock:
    """Return the lock at which the threads of this process line up for the lock file *path*."""
    line = _lines.get(path)
    if line is None:
        line = _lines.setdefault(path, threading.RLock())
    return line


def _after_fork_in_child() -> None:
    _lines.clear()  # the threads that held them stayed in the parent


if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
