"""One writer at a time, in the order they came.

SQLite makes writers sleep longer and longer between tries, so that one of eight waited for
seconds. An flock on a file of ours hands the turn on at once. The kernel drops it when the
process dies, however it dies.
"""

from __future__ import annotations

import os
import threading
import time

from pycaddy.errors import LedgerBusyError

try:
    import fcntl
except ImportError:  # Windows: SQLite's own busy handler is all there is.
    fcntl = None  # type: ignore[assignment]

__all__ = ["WriterLock"]

# A tenth of a second: to stand in the queue takes a thread.
_POLLS = 64


class WriterLock:
    """A lock between threads and processes; an instance serves one thread.

    Args:
        path: The lock file; made when first needed. None: no lock, as on network file systems,
            where flock is unreliable or slow.
        timeout_s: How long to wait for the writer before us.
    """

    # Its own, since the interpreter's exit may take `os` away before the last lock goes.
    _close = staticmethod(os.close)

    def __init__(self, path: str | None, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._fd = -1

    def __del__(self) -> None:
        self.close()

    def acquire(self) -> None:
        """Wait for the turn.

        Raises:
            LedgerBusyError: Another writer kept it for the whole timeout.
        """
        if self._path is None or fcntl is None:
            return
        if self._fd < 0:
            self._fd = _open(self._path)
        for attempt in range(_POLLS):
            if self._try():
                return
            time.sleep(_jitter() * min(0.0002 * (attempt + 1), 0.002))
        self._queue(self._path)

    def release(self) -> None:
        """Hand the turn on. Without a turn it does nothing."""
        if self._fd >= 0:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the file back. In a forked child this leaves the parent's lock alone."""
        if self._fd >= 0:
            self._close(self._fd)
            self._fd = -1

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _queue(self, path: str) -> None:
        """Stand in the kernel's queue, which is fair but has no timeout, on a helper thread."""
        fd = self._fd
        mutex = threading.Lock()
        granted = threading.Event()
        given_up = False

        def wait() -> None:
            fcntl.flock(fd, fcntl.LOCK_EX)
            with mutex:
                if given_up:
                    # Closing is not enough: a forked child may have the file open, too.
                    fcntl.flock(fd, fcntl.LOCK_UN)
                    os.close(fd)
                else:
                    granted.set()

        threading.Thread(target=wait, name="pycaddy-writer-turn", daemon=True).start()
        try:
            granted.wait(self._timeout_s)
        finally:
            # Too late or interrupted: the turn, when it comes, must go to the next in line.
            with mutex:
                given_up = not granted.is_set()
                if given_up:
                    self._fd = _open(path)
        if given_up:
            raise LedgerBusyError(
                f"Another process has been writing to the ledger for {self._timeout_s:g} s "
                f"(lock file {path}). See whether one is stopped or hangs: fuser -v {path}",
                ledger=path,
            )


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _jitter() -> float:
    """Return a number between 0 and 1, another one in each process; `random` is slow to import."""
    return os.urandom(1)[0] / 255
