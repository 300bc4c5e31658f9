"""Programs that tests run and wait for."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pycaddy import Project, Session, Status


def finished(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run *command* to its end, what it prints and its errors in one text, in `stdout`.

    Args:
        env: Variables to set beside those of this process.
    """
    return subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def killed_in_a_run(
    *command: str | Path, project: Path, done: int, cwd: Path, env: Mapping[str, str] | None = None
) -> tuple[list[str], Session]:
    """Run *command* and kill it, with SIGKILL, in the middle of a run once *done* are DONE.

    It must print a line when a run of "train" in *project* begins. A slow machine may see a few
    more of them done.

    Returns:
        The lines that it printed, and the run it was killed in.
    """
    lines = []
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})}
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip())
            runs = Project(project)
            if len(runs.sessions("train", status=Status.DONE)) < done:
                continue
            # Stopped, it cannot end the run between the look and the kill.
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            for run in runs.sessions("train", status=Status.RUNNING):
                if run.record.owner and run.record.owner.pid == process.pid:
                    process.kill()
                    return lines + process.stdout.read().splitlines(), run
            process.send_signal(signal.SIGCONT)
    raise AssertionError(f"It ended before it could be killed, after {lines}")
