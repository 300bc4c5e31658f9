"""What an examination finds."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

__all__ = ["Finding", "leftover"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    subject: str
    problem: str
    advice: str
    severe: bool = True
    """False: worth knowing, and nothing is broken."""
    fixed: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}. {'Mended.' if self.fixed else self.advice}"


def leftover(path: str, *, fix: bool) -> Finding:
    """Tell of a temporary file that nobody will give its name, and delete it if asked to."""
    if fix:
        with suppress(FileNotFoundError):
            os.unlink(path)
    return Finding(
        path,
        "was left by a process that ended while it wrote",
        "`pycaddy doctor --fix` deletes it",
        severe=False,
        fixed=fix,
    )
