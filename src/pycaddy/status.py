"""A run's status, and the one table of moves that are allowed."""

from __future__ import annotations

import enum

__all__ = ["Status", "check_status"]


class Status(enum.Enum):
    """How far a run is."""

    is_final: bool
    """Whether the run has ended: DONE or ERROR."""

    def __init__(self, value: str) -> None:
        self.is_final = value in ("done", "error")

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"

    def may_become(self, other: Status) -> bool:
        """Whether the move to *other* is allowed."""
        return other in _MOVES[self]


_MOVES = {
    Status.PENDING: frozenset((Status.RUNNING, Status.DONE, Status.ERROR)),
    Status.RUNNING: frozenset((Status.DONE, Status.ERROR)),
    Status.DONE: frozenset((Status.ERROR,)),  # a result found bad
    Status.ERROR: frozenset((Status.RUNNING,)),  # another attempt
}


def check_status(status: object) -> Status:
    """Return *status* if it is one; a text such as "done" is not."""
    if not isinstance(status, Status):
        raise TypeError(
            f"status must be a Status, not {status!r}. "
            f"Use Status.{', Status.'.join(each.name for each in Status)}."
        )
    return status
