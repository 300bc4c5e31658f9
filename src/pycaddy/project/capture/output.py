"""What is printed, sent to a file: by Python, by C code and by child processes.

The standard descriptors are pointed to the file itself, not to a pipe. So nothing that prints ever
waits for us, what a child prints after us arrives too, and a kill takes nothing away. A terminal
gets its share by a thread that reads the file.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project.capture.snapshot import add_problem

__all__ = ["OUTPUT", "begin_output", "captured", "end_output"]

OUTPUT = "stdout.log"
_LOOK_S = 0.1
_CHUNK = 1 << 16

Key = tuple[str, str]
"""The project's root and the run's name."""


class _Capture:
    """The output of this process on its way to a file.

    Args:
        path: The file; what is printed goes to its end.
        tee: Whether it goes where it went before, too.
    """

    def __init__(self, path: str, *, tee: bool) -> None:
        self.log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _O_CLOEXEC, 0o666)
        _flush()
        self.saved = os.dup(1), os.dup(2)
        self.streams = [_Redirected(name, self.log, tee=tee) for name in ("stdout", "stderr")]
        # It may go there already, in a process that a run of ours has started; and what is
        # copied from a notebook's stream must not be shown twice.
        is_there = os.path.samestat(os.fstat(self.log), os.fstat(self.saved[0]))
        follows = tee and not is_there and not any(stream.copy for stream in self.streams)
        self.follower = _Follower(path, self.saved[0]) if follows else None
        os.dup2(self.log, 1)
        os.dup2(self.log, 2)

    def close(self) -> None:
        """Let the output go where it went before."""
        _flush()
        for stream in self.streams:
            stream.restore()
        for target, source in enumerate(self.saved, start=1):
            os.dup2(source, target)
        if self.follower is not None:
            self.follower.close()
        for descriptor in (*self.saved, self.log):
            os.close(descriptor)


class _Follower:
    """Copies what comes to the end of a file, until it is closed."""

    def __init__(self, path: str, target: int) -> None:
        self.target = target
        self.source = os.open(path, os.O_RDONLY | _O_CLOEXEC)
        os.lseek(self.source, 0, os.SEEK_END)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, name="pycaddy-tee", daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.stop.wait(_LOOK_S):
            self.copy()

    def copy(self) -> None:
        while chunk := os.read(self.source, _CHUNK):
            with suppress(OSError):  # nobody reads any more: the file has it
                while chunk:
                    chunk = chunk[os.write(self.target, chunk) :]

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.copy()
        os.close(self.source)


class _Redirected:
    """One of Python's own streams while the output is captured.

    On the descriptor it writes each line at once, so that the file can be followed. Elsewhere,
    as in a notebook, what is written to it is copied into the file.
    """

    def __init__(self, name: str, log: int, *, tee: bool) -> None:
        self.name = name
        self.stream: IO[str] | None = getattr(sys, name)
        self.buffering: bool | None = None
        self.copy: _Copy | None = None
        if _is_on_descriptor(self.stream):
            self.buffering = getattr(self.stream, "line_buffering", None)
            _reconfigure(self.stream, line_buffering=True)
        elif tee and self.stream is not None:
            self.copy = _Copy(self.stream, log)
            setattr(sys, name, self.copy)

    def restore(self) -> None:
        if self.buffering is not None:
            _reconfigure(self.stream, line_buffering=self.buffering)
        if self.copy is None:
            return
        self.copy.log = None
        # Somebody may have put another one in its place, and means to take it away.
        if getattr(sys, self.name) is self.copy:
            setattr(sys, self.name, self.stream)


class _Copy:
    """A stream that also writes into the file; whoever keeps it writes on to the stream alone."""

    def __init__(self, stream: IO[str], log: int) -> None:
        self._stream = stream
        self.log: int | None = log

    def write(self, text: str) -> int:
        if self.log is not None:
            os.write(self.log, text.encode("utf-8", "backslashreplace"))
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Active:
    """The one capture of this process."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self.key: Key | None = None
        self.capture: _Capture | None = None

    def begin(self, path: str, key: Key, *, tee: bool) -> str | None:
        """Begin to capture for a run; return the run that has the output, if that is another."""
        with self.mutex:
            if self.key is not None:
                return None if self.key == key else self.key[1]
            self.capture, self.key = _Capture(path, tee=tee), key
            return None

    def end(self, key: Key | None) -> None:
        """Stop to capture for a run; None: for whichever it is."""
        with self.mutex:
            if self.capture is not None and key in (None, self.key):
                capture, self.capture, self.key = self.capture, None, None
                capture.close()


_active = _Active()


def begin_output(ledger: Ledger, record: RunRecord) -> RunRecord:
    """Send what this process prints to the run's file, and where it went before.

    A process has one output: while one run has it no other gets it, and that is recorded.
    """
    try:
        taken_by = _active.begin(_path(ledger, record), _key(ledger, record), tee=True)
    except OSError as error:
        return add_problem(ledger, record, f"output: {error.strerror}")
    if taken_by is None:
        return record
    return add_problem(ledger, record, f"output: run {taken_by} of this process has it")


def end_output(ledger: Ledger, record: RunRecord) -> None:
    """Let the output go where it went before, if this run has it."""
    _active.end(_key(ledger, record))


def _path(ledger: Ledger, record: RunRecord) -> str:
    return os.path.join(ledger.root, record.layout.file(OUTPUT))


def _key(ledger: Ledger, record: RunRecord) -> Key:
    return ledger.root, str(record.key)


@contextmanager
def captured(ledger: Ledger, record: RunRecord) -> Iterator[None]:
    """Send all that is printed in a block to the run's file, and nowhere else."""
    _active.begin(_path(ledger, record), _key(ledger, record), tee=False)
    try:
        yield
    finally:
        end_output(ledger, record)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or None under pythonw
            stream.flush()


def _is_on_descriptor(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.fileno() in (1, 2)
    except (OSError, ValueError, AttributeError):
        return False


def _reconfigure(stream: Any, *, line_buffering: bool) -> None:
    with suppress(AttributeError, ValueError):
        stream.reconfigure(line_buffering=line_buffering)


def _after_fork_in_child() -> None:
    """Leave the descriptors as they are: what the child prints is the run's, too."""
    global _active  # noqa: PLW0603 - the inherited one may be locked by a thread that is gone
    _active = _Active()


_O_CLOEXEC = getattr(os, "O_CLOEXEC", 0)

# A traceback that ends the program is printed before this, and must reach the terminal.
atexit.register(lambda: _active.end(None))
if hasattr(os, "register_at_fork"):  # Windows has no fork.
    os.register_at_fork(after_in_child=_after_fork_in_child)
