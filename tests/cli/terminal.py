"""What a person sees who runs the program in a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import termios
from pathlib import Path

from tests.cli.sample import PROGRAM

LOOK = re.compile(r"\x1b\[[0-9;]*m")


def seen(*words: str, cwd: Path, width: int = 100, **env: str) -> str:
    """The output on a terminal of *width* columns, its lines ended by line feeds."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, width))
    hidden = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        [*PROGRAM, *words],
        cwd=cwd,
        env={**kept, "TERM": "xterm-256color", "PYTHONUTF8": "1", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    output = b""
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # Linux says EIO when the last program has closed the terminal
        pass
    os.close(ours)
    assert process.wait() == 0, output
    return output.decode().replace("\r\n", "\n")
