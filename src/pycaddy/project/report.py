"""What came of a sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from pycaddy.ledger import RunKey

__all__ = ["Failure", "RunReport"]

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that ended in ERROR."""

    run: RunKey
    reason: str
    """The last line of its error; the record and its folder have the rest."""
    folder: str
    """Where to look."""

    def __str__(self) -> str:
        return f"{self.run}: {self.reason}\n    {self.folder}"


@dataclass(slots=True)
class RunReport:
    """What `Project.run` did with a sweep. It prints as a summary."""

    done: int = 0
    """Runs that this call brought to DONE."""
    skipped: int = 0
    """Configurations that were DONE before."""
    held: int = 0
    """Runs that were in other hands when this call ended."""
    waiting: int = 0
    """Runs that nobody had begun when this call ended."""
    duplicates: int = 0
    """Configurations with the same params as an earlier one."""
    other_functions: dict[str, int] = field(default_factory=dict)
    """How many of the skipped ones another function made, by that function's name."""
    failures: list[Failure] = field(default_factory=list)
    """Runs that ended in ERROR, with the reason of their last attempt."""
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many runs ended in ERROR."""
        return len(self.failures)

    @property
    def runs_per_s(self) -> float:
        """Runs ended per second of this call."""
        return (self.done + self.failed) / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        counts = f"{self.done} done, {self.skipped} skipped, {self.failed} failed"
        lines = [f"{counts} in {self.seconds:.1f} s ({self.runs_per_s:.3g} runs/s)"]
        if self.held:
            lines.append(f"{self.held} are in other hands")
        if self.waiting:
            lines.append(f"{self.waiting} wait for their turn")
        if self.duplicates:
            lines.append(f"{self.duplicates} configurations repeat earlier ones and were run once")
        lines += [
            f"{number} of the skipped were made by {name}"
            for name, number in self.other_functions.items()
        ]
        lines += [str(failure) for failure in self.failures[:_SHOWN]]
        if self.failed > _SHOWN:
            lines.append(f"and {self.failed - _SHOWN} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"
