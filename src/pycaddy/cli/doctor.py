"""`pycaddy doctor`: what is wrong with a project, and what to do."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._project import open_project
from pycaddy.ledger.doctor import Finding

__all__ = ["doctor"]

_NOTE, _PROBLEM, _MENDED = (
    Styled("note", "cyan"),
    Styled("problem", "red"),
    Styled("mended", "green"),
)


@click.command(
    epilog=examples("pycaddy doctor", "pycaddy doctor results --fix", "pycaddy doctor --json")
)
@project_argument
@click.option("--fix", is_flag=True, help="Write each run.json anew that is missing or outdated.")
@json_option
def doctor(project: str | None, fix: bool, as_json: bool) -> None:
    """Say what is wrong with a project, and what to do.

    The ledger, the folders and the machine are looked at. The exit code is 1 if a problem
    remains. A note is worth knowing, and nothing is broken.
    """
    opened = open_project(project)
    findings = opened.doctor(fix=fix)
    remaining = [finding for finding in findings if finding.severe and not finding.fixed]
    if as_json:
        found = [asdict(finding) for finding in findings]
        say_json({"project": str(opened.root), "fix": fix, "findings": found})
    else:
        for finding in findings:
            say(_kind(finding), f"  {finding}")
        say(f"{opened.root}: {count(len(remaining), 'problem') if remaining else 'no problem'}.")
    if remaining:
        sys.exit(ExitCode.PROBLEMS)


def _kind(finding: Finding) -> Styled:
    if finding.fixed:
        return _MENDED
    return _PROBLEM if finding.severe else _NOTE
