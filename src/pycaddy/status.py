"""A run's status, and the one table of moves that are allowed."""

from __future__ import annotations

import enum

__all__ = ["Status"]


class Status(enum.Enum):
    """Where a run is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"

    @property
    def is_final(self) -> bool:
        """Whether nobody works on the run any more: DONE or ERROR."""
        return self is Status.DONE or self is Status.ERROR

    def may_become(self, other: Status) -> bool:
        """Whether the move to *other* is allowed."""
        return other in _MOVES[self]


_MOVES = {
    Status.PENDING: frozenset((Status.RUNNING, Status.DONE, Status.ERROR)),
    Status.RUNNING: frozenset((Status.DONE, Status.ERROR)),
    Status.DONE: frozenset((Status.ERROR,)),  # a result found bad
    Status.ERROR: frozenset((Status.RUNNING,)),  # another attempt
}
