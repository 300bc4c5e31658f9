"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding"]


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
