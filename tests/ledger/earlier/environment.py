"""The real pycaddy 0.2.0, in an environment of its own."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers._environments import ENVIRONMENTS, python_of
from pycaddy.stores.sqlite.lock import WriterLock

PROGRAM = Path(__file__).with_name("program.py")
_WAIT_S = 600.0


@functools.cache
def earlier_python() -> Path:
    """The Python that has pycaddy 0.2.0. It is installed when first needed, by one process."""
    ENVIRONMENTS.mkdir(exist_ok=True)
    lock = WriterLock(str(ENVIRONMENTS / "lock"), _WAIT_S)
    lock.acquire()
    try:
        return python_of("pycaddy_0_2_0")
    finally:
        lock.release()
        lock.close()


def write_project(root: Path, mode: str = "SUBFOLDER", number: int = 20) -> None:
    """Let pycaddy 0.2.0 write a project; `contents.py` says what is in it."""
    subprocess.run([earlier_python(), PROGRAM, "write", root, mode, str(number)], check=True)


@contextmanager
def talking_to(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command of `program.py` that reads and writes lines; it ends with the block."""
    command = [earlier_python(), PROGRAM, *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, encoding="utf-8", env=_utf8(), **pipes) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()


def _utf8() -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8"}
