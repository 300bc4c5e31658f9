"""`pycaddy worker`: one more pair of hands on a sweep."""

from __future__ import annotations

import sys
import time
from itertools import islice

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._format import duration
from pycaddy.cli._options import examples
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._study import Work, output_aside, report_facts, say_interrupted, study_options
from pycaddy.errors import LeaseLostError
from pycaddy.ledger.owner import this_process
from pycaddy.project import Session
from pycaddy.project.claiming import ClaimOptions, Claims
from pycaddy.project.function import check_function
from pycaddy.project.origin import Origin
from pycaddy.project.report import Failure, RunReport
from pycaddy.project.session import session_on
from pycaddy.project.worker import Assignment, Outcome
from pycaddy.project.worker import work as carry_out
from pycaddy.status import Status

__all__ = ["worker"]


@click.command(
    epilog=examples(
        "pycaddy worker simulate:simulate --sweep sweep.json",
        "pycaddy worker simulate.py:simulate --sweep sweep.json --wait --max-runs 10",
        "pycaddy worker simulate:simulate --sweep sweep.json -p results --json",
    )
)
@study_options
@click.option(
    "--wait", is_flag=True, help="When the rest is in other hands, wait in case they fail or die."
)
@click.option("--max-runs", type=click.IntRange(min=1), help="Carry out at most so many runs.")
@click.option(
    "--max-attempts",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often a run may be started in all, by anybody.",
)
def worker(
    function: str,
    sweep: str,
    identifier: str | None,
    project: str | None,
    capture: str,
    wait: bool,
    max_runs: int | None,
    max_attempts: int,
    as_json: bool,
) -> None:
    """Join in on a sweep: take its runs one after another, in this process.

    Start it in any number of terminals, or beside `pycaddy run`: each run is done once. The
    words are those of `pycaddy run`. The exit code is 1 if runs failed here.
    """
    work = Work.of(function, sweep, identifier, project, capture)
    options = ClaimOptions.of(
        work.project,
        work.identifier,
        max_attempts=max_attempts,
        wait=wait,
        origin=Origin.of(work.function),
    )
    claims = Claims(work.project.ledger, work.sweep, options)
    others = check_function(work.project.ledger, claims, work.function, chosen=work.chosen)
    try:
        with output_aside(as_json):
            report = _all(work, claims, max_runs)
            report.other_functions = others
    except KeyboardInterrupt:
        say_interrupted()
        raise
    if as_json:
        say_json(report_facts(work, report))
    else:
        say(str(report), lines=True)
    if report.failures:
        sys.exit(ExitCode.PROBLEMS)


def _all(work: Work, claims: Claims, max_runs: int | None) -> RunReport:
    """Carry out what can be claimed, and print a line for each."""
    begun = time.perf_counter()
    report = RunReport()
    failures: dict[str, tuple[Session, Failure]] = {}
    for number, record in enumerate(islice(claims, max_runs)):
        if number == 0:
            report.skipped = claims.done_before
        run = session_on(work.project, record)
        outcome = _one(work, run)
        if outcome is None:
            continue
        failures.pop(str(run.key), None)
        if outcome.status is Status.DONE:
            report.done += 1
        else:
            reason = outcome.reason or "it was marked as ERROR"
            failures[str(run.key)] = run, Failure(run.key, reason, str(run.folder))
    if not report.done and not failures:
        report.skipped = claims.done_before
    report.held, report.duplicates = claims.held, claims.duplicates
    # Another worker may have taken a failed run up again, and brought it to its end.
    report.failures = [failure for run, failure in failures.values() if run.status is Status.ERROR]
    report.seconds = time.perf_counter() - begun
    return report


def _one(work: Work, run: Session) -> Outcome | None:
    """Carry out one run; None if somebody else has taken it over in the meantime."""
    assignment = Assignment(work.project, run.key, run.attempt, giver=this_process(), capture=False)
    try:
        outcome = carry_out(assignment, work.function)
    except LeaseLostError as error:
        say(Styled("lost", "yellow"), f"  {run.key}  {error}")
        return None
    took = f"{run.key}  attempt {run.attempt}  {duration(outcome.seconds)}"
    if outcome.status is Status.DONE:
        say(Styled("done", "green"), f"  {took}")
    else:
        say(Styled("error", "red"), f"  {took}  {outcome.reason or ''}")
    sys.stdout.flush()
    return outcome
