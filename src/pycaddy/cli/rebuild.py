"""`pycaddy rebuild`: a ledger made again from the runs' folders."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict

import click

from pycaddy.cli._exit import ExitCode, usage_error
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._project import find_root, no_project
from pycaddy.project import Project

__all__ = ["rebuild"]


@click.command(
    epilog=examples("pycaddy rebuild", "pycaddy rebuild results", "pycaddy rebuild results --json")
)
@project_argument
@json_option
def rebuild(project: str | None, as_json: bool) -> None:
    """Make the ledger again from the runs' folders.

    A healthy ledger keeps what it has and gets what it lacks. A missing or damaged one is made
    anew; the damaged file is kept in .pycaddy/backups. Where .pycaddy itself is gone, name the
    project's folder. The exit code is 1 if a folder could not be taken in as it is.
    """
    root = _root(project)
    report = Project(root).rebuild()
    if as_json:
        say_json({"project": root, **asdict(report)})
    else:
        for problem in report.problems:
            say(Styled("problem", "red"), f"  {problem}")
        found, added = count(report.found, "run"), report.added or "none"
        say(f"{root}: the folders hold {found}, of which {added} were new to the ledger.")
        if report.old_ledger is not None:
            say(f"The damaged ledger is now {report.old_ledger}.")
    if report.problems:
        sys.exit(ExitCode.PROBLEMS)


def _root(path: str | None) -> str:
    """Return the root to rebuild: the project's that we are in, or the very folder named.

    A ledger in a namespace would cut its runs off from those of the project.
    """
    root = find_root(os.curdir if path is None else path)
    if path is None:
        if root is None:
            raise no_project(
                os.curdir, "If its ledger was deleted, name its folder: `pycaddy rebuild PATH`."
            )
        return root
    named = os.path.abspath(path)
    if root not in (None, named):
        raise usage_error(f"{path} lies in the project {root}. Name that: pycaddy rebuild {root}")
    return named
