"""The command that a process was started with, and where."""

from __future__ import annotations

import os
import sys
from typing import Any

from pycaddy._machine import host_name
from pycaddy.project.capture.secrets import redacted_command

__all__ = ["command_facts", "script", "speak_for"]

_LONGEST = 16_384

_driver: dict[str, Any] | None = None


def command_facts() -> dict[str, Any]:
    """Return the command line, where it was given, and what it ran on.

    Raises:
        OSError: The working directory is gone.
    """
    own = {"command": _command(), "script": script(), "cwd": os.getcwd()}
    return (own if _driver is None else _driver) | {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "platform": sys.platform,
        "host": host_name(),
    }


def speak_for(command: dict[str, Any] | None) -> None:
    """Work in the name of another process, whose command is what people want to know."""
    global _driver  # noqa: PLW0603 - a process has one command
    _driver = command


def script() -> str | None:
    """Return the script that Python was started with; None for a module, `-c` or a notebook."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return None if path is None else os.path.abspath(path)


def _command() -> list[str] | None:
    words = list(sys.orig_argv or sys.argv)
    return redacted_command(words) if sum(map(len, words)) <= _LONGEST else None
