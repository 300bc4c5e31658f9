"""What to do when a run with the same params exists."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from pycaddy.ledger import Ledger
from pycaddy.ledger.owner import this_process
from pycaddy.ledger.transitions import refuse_busy
from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status

__all__ = ["ExistingRun", "find_or_create"]


class ExistingRun(enum.Enum):
    """What `Project.session` does when a run with equal params exists."""

    NEW = "new"
    """A fresh run, always. The same as None."""
    RESUME = "resume"
    """The newest DONE run, else a fresh one."""
    CONTINUE = "continue"
    """The newest DONE run; else the newest unfinished one that nobody is on, in its own folder,
    so that a checkpoint is found there; else a fresh one. `RunBusyError` if somebody is on it."""


def find_or_create(ledger: Ledger, run: NewRun, strategy: ExistingRun | None) -> RunRecord:
    """Return the run that *strategy* chooses, created if need be, in one transaction."""
    match strategy:
        case None | ExistingRun.NEW:
            return ledger.create(run)
        case ExistingRun.RESUME:
            return ledger.find_or_create(run, _first, status=Status.DONE)[0]
        case ExistingRun.CONTINUE:
            return ledger.find_or_create(run, lambda runs: _done_or_free(ledger, runs))[0]
    raise TypeError(
        f"existing_run_strategy must be an ExistingRun or None, not {strategy!r}. "
        "Use ExistingRun.RESUME, ExistingRun.CONTINUE or ExistingRun.NEW."
    )


def _first(runs: Sequence[RunRecord]) -> RunRecord | None:
    return runs[0] if runs else None


def _done_or_free(ledger: Ledger, runs: Sequence[RunRecord]) -> RunRecord | None:
    """Pick from *runs*, newest first, as `CONTINUE` says."""
    done = next((run for run in runs if run.status is Status.DONE), None)
    free = next((run for run in runs if _is_free(ledger, run)), None)
    if done is None and free is None and runs:
        refuse_busy(runs[0], this_process(), ledger.is_gone)
    return done or free


def _is_free(ledger: Ledger, run: RunRecord) -> bool:
    """Whether an unfinished run is in nobody's hands, or waits for this very process."""
    if run.status is Status.ERROR or run.owner is None:
        return True
    if run.status is Status.PENDING and run.owner == this_process():
        return True
    return ledger.is_gone(run)
