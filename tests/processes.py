"""Programs that tests run and wait for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


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
