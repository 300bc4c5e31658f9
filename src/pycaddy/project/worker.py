"""What happens to one run where its work is done: in this process or in a worker."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycaddy.errors import LeaseLostError, ParamsError
from pycaddy.ledger import Owner, RunKey
from pycaddy.project.capture.output import OUTPUT, begin_output, captured, end_output
from pycaddy.project.capture.snapshot import capture_here
from pycaddy.project.session import Session, describe_error, session_on
from pycaddy.status import Status

if TYPE_CHECKING:
    from pycaddy.project.project import Project

__all__ = ["OUTPUT", "Assignment", "Outcome", "output_tail", "work"]

_TAIL_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Assignment:
    """One attempt on one run, to be carried out by a worker."""

    project: Project
    """The project without its connections: each worker opens its own."""
    run: RunKey
    attempt: int
    giver: Owner
    """The process that began the attempt."""
    capture: bool
    """Whether the worker's output is this run's alone and goes to its folder."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended."""

    run: RunKey
    status: Status
    seconds: float
    reason: str | None = None
    """The last line of the error."""


def work(assignment: Assignment, function: Callable[[Session], Any]) -> Outcome:
    """Carry out *function* on a run, and record how it ended.

    Raises:
        LeaseLostError: Somebody else has taken the run over; nothing was changed.
    """
    begun = time.perf_counter()
    session = _session(assignment)
    output = session.path(OUTPUT) if assignment.capture else None
    error: BaseException | None = None
    with _output(assignment, session):
        try:
            _store(session, function(session))
        except LeaseLostError:
            raise
        except BaseException as caught:  # noqa: BLE001 - recorded, and raised again if it must be
            error = caught
    if error is None:
        status, reason = _end(session), None
    else:
        text = describe_error(error)
        session.error(text + (output_tail(output) if output else ""))
        status, reason = Status.ERROR, text.strip().rpartition("\n")[2]
    if isinstance(error, KeyboardInterrupt):
        raise error
    return Outcome(assignment.run, status, time.perf_counter() - begun, reason)


def _session(assignment: Assignment) -> Session:
    ledger = assignment.project.ledger
    run = assignment.run
    record = ledger.read(run.identifier, run.uid, relpath=run.relpath)
    record = ledger.adopt(record, assignment.attempt, assignment.giver)
    record = capture_here(assignment.project.capture, ledger, record)
    return session_on(assignment.project, record)


def _store(session: Session, returned: Any) -> None:
    if returned is None:
        return
    try:
        session.result = returned
    except ParamsError as error:
        raise ParamsError(
            f"What the function returned cannot be stored. {error} Return a dict of numbers and "
            "texts, or None, and write everything else to session.path(...).",
            path="result",
        ) from error


def _end(session: Session) -> Status:
    """Mark the run as DONE, unless the function has ended it itself; return how it ended."""
    status = session.status
    if status.is_final:
        return status
    session.done()
    return Status.DONE


@contextmanager
def _output(assignment: Assignment, session: Session) -> Iterator[None]:
    """Capture what a run prints: as all that its process prints, or as the project asks for."""
    ledger, record = assignment.project.ledger, session.record
    if assignment.capture:
        with captured(ledger, record):
            yield
        return
    if "output" not in assignment.project.capture:
        yield
        return
    begin_output(ledger, record)
    try:
        yield
    finally:
        end_output(ledger, record)


def output_tail(path: Path) -> str:
    """Return the end of a run's output, for its error; "" if it printed nothing."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        end = file.read().decode("utf-8", "replace").strip()
    return f"\nThe end of {path.name}:\n{end}\n" if end else ""
