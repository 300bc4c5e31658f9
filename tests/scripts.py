"""Python programs that tests run in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent


def run(program: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run *program* in *cwd* to its end; what it prints is in `stdout`, its errors in `stderr`."""
    command = [sys.executable, "-W", "error", "-c", dedent(program), *arguments]
    return subprocess.run(command, check=False, cwd=cwd, capture_output=True, text=True)


def answer(program: str, cwd: Path, *arguments: str) -> str:
    """Return what *program* prints; it must succeed."""
    done = run(program, cwd, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def killed(program: str, cwd: Path, *arguments: str) -> None:
    """Run *program* in *cwd*, which SIGKILL ends right after its last statement."""
    ending = "\n\nimport os as _os\n\n_os.kill(_os.getpid(), 9)\n"
    done = run(dedent(program) + ending, cwd, *arguments)
    assert done.returncode == -signal.SIGKILL, done.stderr


class Talk:
    """A program that runs beside the test: it prints a line when it got there, and waits."""

    def __init__(self, program: str, cwd: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", dedent(program), *arguments],
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> str:
        """Return the next line that the program prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the program ended: " + self.end()[1]
        return line.strip()

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._process.send_signal(number)

    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def end(self) -> tuple[int, str]:
        """Wait for the program's end; return its exit code and what it wrote to stderr."""
        _, errors = self._process.communicate()
        return self._process.returncode, errors
