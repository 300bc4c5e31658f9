"""`pycaddy rerun`: a run's command once more, on the code that it had."""

from __future__ import annotations

import shlex
import sys

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._runs import run_argument, run_named
from pycaddy.project.capture.rerun import Plan, carry_out, plan

__all__ = ["rerun"]


@click.command(
    epilog=examples(
        "pycaddy rerun train/0001 --in-place --dry-run",
        "pycaddy rerun train/0001 --in-place --dry-run --json",
    )
)
@run_argument
@click.option("--in-place", is_flag=True, help="With the code that is there now, where it ran.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and what is missing.")
@project_option
@json_option
def rerun(run: str, in_place: bool, dry_run: bool, project: str | None, as_json: bool) -> None:
    """Run the command of a run again, at the same commit with the same changes.

    The code is put together in a temporary worktree of its git repository. What the command
    writes there is kept, and where is printed. The exit code is 1 if the command failed.
    """
    opened, record = run_named(run, project)
    found = plan(opened.ledger, record, in_place=in_place)
    if not as_json:
        _say_plan(found)
    exit_code: int | None = None
    kept: str | None = None
    if not dry_run:
        exit_code, kept = carry_out(found, output=2 if as_json else None)
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "run": str(record.key),
                "dry_run": dry_run,
                "command": list(found.command),
                "cwd": found.folder,
                "commit": None if found.code is None else found.code.commit,
                "patch": None if found.code is None else found.code.patch,
                "warnings": list(found.warnings),
                "exit_code": exit_code,
                "worktree": kept,
            }
        )
    elif kept is not None:
        say(f"What it wrote is in {kept}.", err=True)
    if exit_code:
        say(f"The command exited with {exit_code}.", err=True)
        sys.exit(ExitCode.PROBLEMS)


def _say_plan(found: Plan) -> None:
    for warning in found.warnings:
        say(Styled("differs", "yellow"), f"  {warning}", err=True)
    if found.code is not None:
        changes = " with its changes" if found.code.patch else ""
        say(Styled("code", "bold"), f"  commit {found.code.commit}{changes}", err=True)
    say(Styled("folder", "bold"), f"  {found.folder}", err=True)
    say(Styled("command", "bold"), f"  {shlex.join(found.command)}", err=True)
    sys.stderr.flush()
