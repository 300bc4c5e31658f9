"""What a store promises that keeps the metrics of its runs itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Block", "Blocks"]


class Block(NamedTuple):
    """Points of one series, packed: steps as int64, values and times as float64, little-endian."""

    series: str
    ticket: int
    """A random number that no other block of the series has."""
    attempt: int
    points: int
    """How many."""
    last: int
    """The step of the last one."""
    steps: bytes
    values: bytes
    times: bytes


class Blocks(Protocol):
    """The blocks of one run. Each method is one transaction.

    No method waits long for a server that is away: training goes on meanwhile.

    Raises:
        LedgerError: It was not done; or, from `replace`, it is not known whether it was.
    """

    @property
    def address(self) -> str:
        """Where they are, without secrets."""

    def replace(self, old: Sequence[tuple[str, int]], new: Sequence[Block]) -> None:
        """Delete the blocks *old*, by series and ticket, and add *new* after all others.

        Called again with the same blocks, as often as it takes, it is done once.

        Raises:
            RunNotFoundError: The run was deleted.
        """

    def read(self, series: str) -> list[Block]:
        """Return the blocks of a series in the order in which they were added."""

    def counts(self) -> list[tuple[str, int, int]]:
        """Return (series, attempt, how many points it has)."""

    def last_steps(self) -> list[tuple[str, int]]:
        """Return (series, the step of the point that was added last)."""
