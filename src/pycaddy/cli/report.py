"""`pycaddy report`: one page about runs, to be opened anywhere."""

from __future__ import annotations

import click

from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import name_argument, runs_named, where_option
from pycaddy.interop import write_report

__all__ = ["report"]


@click.command(
    epilog=examples(
        "pycaddy report -o report.html",
        "pycaddy report train -o report.html --where 'status == \"done\"'",
    )
)
@name_argument
@where_option
@click.option("-o", "--output", metavar="FILE", required=True, help="The HTML file to write.")
@project_option
@json_option
def report(
    name: str | None, where: str | None, output: str, project: str | None, as_json: bool
) -> None:
    """Write one HTML file that compares runs with the charts of `pycaddy ui`.

    It opens offline and loads nothing. NAME chooses runs as for `pycaddy ls`.
    """
    opened, runs = runs_named(name, where, project)
    write_report(opened, output, runs)
    if as_json:
        say_json({"project": str(opened.root), "path": output, "runs": len(runs)})
    else:
        say(f"{output}: {count(len(runs), 'run')}.")
