"""The program `pycaddy`: sweeps run, and a project looked at, checked and mended.

One module per command, imported when it is called. What they share begins with an underscore;
docs/cli.md says what each command promises.
"""

from __future__ import annotations

import io
import sys

from pycaddy.cli._program import program

__all__ = ["main"]


def main() -> None:
    """Run the program with the words of the command line, and exit."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that the terminal's encoding lacks is shown as \u1234: no reason to stop.
        sys.stdout.reconfigure(errors="backslashreplace")
    program(prog_name="pycaddy")
