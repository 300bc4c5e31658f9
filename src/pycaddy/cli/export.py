"""`pycaddy export`: runs as a table, or packed into an archive."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from pycaddy.cli._exit import ExitCode, usage_error
from pycaddy.cli._format import count, printable
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Styled, say, say_json, write
from pycaddy.cli._runs import name_argument, runs_named, where_option
from pycaddy.interop import export_archive, export_runs
from pycaddy.interop.tables import FORMATS, csv_lines, json_lines
from pycaddy.ledger import RunRecord
from pycaddy.project import Project

__all__ = ["export"]


@click.command(
    epilog=examples(
        "pycaddy export --format csv",
        "pycaddy export train --format parquet -o runs.parquet",
        "pycaddy export --format jsonl --where 'status == \"done\"'",
        "pycaddy export --archive runs.zip",
    )
)
@name_argument
@where_option
@click.option("-f", "--format", "kind", type=click.Choice(FORMATS), help="Write a table.")
@click.option("-o", "--output", metavar="FILE", help="Where to. Default: the standard output.")
@click.option("--archive", metavar="FILE", help="Pack the runs with their files into a zip file.")
@project_option
@json_option
def export(
    name: str | None,
    where: str | None,
    kind: str | None,
    output: str | None,
    archive: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """Write runs for other programs, or pack them for another project.

    NAME chooses an identifier or a namespace, as for `pycaddy ls`. The exit code of --archive is
    1 if something had to stay behind.
    """
    if (kind is None) == (archive is None):
        raise usage_error("Give either --format or --archive.")
    opened, runs = runs_named(name, where, project)
    if archive is not None:
        _pack(opened, runs, archive, as_json=as_json)
        return
    assert kind is not None
    if output is not None:
        number = export_runs(opened, output, format=kind, runs=runs)
        if as_json:
            say_json({"project": str(opened.root), "path": output, "runs": number})
        else:
            say(f"{output}: {count(number, 'run')}.")
        return
    if as_json or kind == "parquet":
        raise usage_error("Give --output FILE: a terminal has no use for that.")
    id_ = opened.ledger.store.project
    for line in csv_lines(runs) if kind == "csv" else json_lines(runs, id_):
        # To a file or a program it goes as it is; a terminal must not obey it.
        write(printable(line, lines=True) if sys.stdout.isatty() else line)


def _pack(project: Project, runs: list[RunRecord], target: str, *, as_json: bool) -> None:
    report = export_archive(project, target, runs)
    if as_json:
        say_json({"project": str(project.root), **asdict(report)})
    else:
        for sentence in report.left_out:
            say(Styled("left out", "yellow"), f"  {sentence}")
        say(f"{report.path}: {count(report.runs, 'run')} with {count(report.files, 'file')}.")
    if report.left_out:
        sys.exit(ExitCode.PROBLEMS)
