"""`pycaddy verify`: whether the files are still what they were."""

from __future__ import annotations

import sys

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._project import open_project
from pycaddy.ledger.verify import Difference, differences
from pycaddy.stores import Selection

__all__ = ["verify"]


@click.command(
    epilog=examples("pycaddy verify", "pycaddy verify results --data", "pycaddy verify --json")
)
@project_argument
@click.option(
    "--data", is_flag=True, help="Also read each file that was attached with a hash, and compare."
)
@json_option
def verify(project: str | None, data: bool, as_json: bool) -> None:
    """Check that attached files are what they were.

    Sizes and times are compared with those recorded when the run ended. Runs that have not
    ended are left out: they still write. The exit code is 1 if a file differs.
    """
    opened = open_project(project)
    ended = [run for run in opened.ledger.records(Selection()) if run.status.is_final]
    found: list[Difference] = []
    for difference in differences(opened.ledger, ended, data=data):
        found.append(difference)
        if not as_json:
            say(Styled("differs", "red"), f"  {difference}")
    files = sum(len(run.artifacts) for run in ended)
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "data": data,
                "runs": len(ended),
                "files": files,
                "differences": [_facts(difference) for difference in found],
            }
        )
    else:
        say(
            f"Compared {count(files, 'file')} of {count(len(ended), 'run')}: "
            f"{count(len(found), 'difference') if found else 'no difference'}."
        )
    if found:
        sys.exit(ExitCode.PROBLEMS)


def _facts(difference: Difference) -> dict[str, str]:
    return {
        "run": str(difference.run),
        "key": difference.key,
        "path": difference.path,
        "problem": difference.problem,
    }
