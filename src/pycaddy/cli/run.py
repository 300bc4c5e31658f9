"""`pycaddy run`: a function called for each configuration of a sweep."""

from __future__ import annotations

import sys

import click

from pycaddy.cli._exit import ExitCode, usage_error
from pycaddy.cli._options import examples
from pycaddy.cli._output import say, say_json
from pycaddy.cli._study import Work, output_aside, report_facts, say_interrupted, study_options
from pycaddy.errors import PycaddyError
from pycaddy.executors.options import EXECUTORS, accepting, listed

__all__ = ["run"]


def _only(option: str) -> str:
    return f"{listed(accepting(option), 'and')} only."


@click.command(
    epilog=examples(
        "pycaddy run simulate:simulate --sweep sweep.json",
        "pycaddy run simulate.py:simulate --sweep sweep.json --workers 4 --retries 1",
        "pycaddy run simulate:simulate --sweep sweep.json -p results --json",
    )
)
@study_options
@click.option(
    "--executor",
    type=click.Choice(list(EXECUTORS)),
    default="local",
    show_default=True,
    help="Where the runs are carried out. "
    + " ".join(f"{name}: {kind.summary}." for name, kind in EXECUTORS.items()),
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="How many runs at a time. Default: one per core."
)
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How often to start a run again that failed.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help=f"End a run as failed after so long. {_only('timeout_s')}",
)
@click.option(
    "--gpus",
    type=click.IntRange(min=0),
    default=0,
    help=f"Devices for each run, as CUDA_VISIBLE_DEVICES. {_only('gpus')}",
)
@click.option("--fail-fast", is_flag=True, help="Begin no more runs once one has failed.")
@click.option("--no-progress", is_flag=True, help="Show no progress bar.")
def run(
    function: str,
    sweep: str,
    identifier: str | None,
    project: str | None,
    capture: str,
    executor: str,
    workers: int | None,
    retries: int,
    timeout: float | None,
    gpus: int,
    fail_fast: bool,
    no_progress: bool,
    as_json: bool,
) -> None:
    """Call a function for each configuration of a sweep that is not done yet.

    MODULE:FUNCTION is imported, the current folder first; path/to/file.py:FUNCTION works, too.
    The function takes the run's Session. Call it again after an interruption or a failure: what
    is done is skipped. The exit code is 1 if runs failed.
    """
    for word, option, value in (("timeout", "timeout_s", timeout), ("gpus", "gpus", gpus)):
        if value and executor not in (names := accepting(option)):
            raise usage_error(f"--{word} needs --executor {listed(names, 'or')}.")
    work = Work.of(function, sweep, identifier, project, capture)
    try:
        with output_aside(as_json):
            report = work.project.run(
                work.function,
                work.sweep,
                identifier=work.identifier if work.chosen else None,
                executor=executor,
                workers=workers,
                retries=retries,
                timeout_s=timeout,
                gpus=gpus,
                fail_fast=fail_fast,
                progress=not no_progress,
            )
    except KeyboardInterrupt:
        say_interrupted()
        raise
    except ValueError as error:
        if isinstance(error, PycaddyError):
            raise
        raise usage_error(str(error)) from error  # fewer devices than --gpus asks for
    if as_json:
        say_json(report_facts(work, report))
    else:
        say(str(report), lines=True)
    if report.failures:
        sys.exit(ExitCode.PROBLEMS)
