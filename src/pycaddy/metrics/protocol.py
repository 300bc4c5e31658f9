"""What a store of metrics promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pycaddy.metrics.series import Points, Series

__all__ = ["MetricStore"]


class MetricStore(Protocol):
    """The series of one run. One thread at a time uses it; any number of processes do.

    Each method raises MetricsError when the place cannot be used; nothing happened then.
    """

    def append(self, attempt: int, points: Mapping[str, Points]) -> None:
        """Add points to series, in one transaction that is durable when it returns."""

    def read(self, name: str) -> Series | None:
        """Return a series whole, or None if it has no point; see `series.joined`."""

    def attempts(self, name: str) -> dict[int, Points]:
        """Return all points of a series by attempt, as each logged them; {} if it has none.

        The attempt that logged last comes last.
        """

    def rewrite(self, series: Mapping[str, Mapping[int, Points]]) -> None:
        """Put points as `attempts` returns them in the place of all that these series have.

        One transaction, durable when it returns. Nobody may append to them meanwhile.
        """

    def counts(self) -> dict[str, dict[int, int]]:
        """Return how many points each series has, by name and attempt."""

    def last_steps(self) -> dict[str, int]:
        """Return the step that each series was last logged at, by name."""

    def close(self) -> None:
        """Let go of files and connections; the next call opens them again."""
