"""`pycaddy import`: runs taken in from an archive or an earlier project."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict

import click

from pycaddy.cli._find import find_root, no_project
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.interop import EarlierReport, ImportReport, import_archive, import_earlier
from pycaddy.project import Project

__all__ = ["import_"]

EARLIER = "pycaddy-0.2"


@click.command(
    "import",
    epilog=examples(
        "pycaddy import ../runs.zip",
        "pycaddy import ../runs.zip -p ../another",
        "pycaddy import ../old --from pycaddy-0.2 -p ../newer",
    ),
)
@click.argument("source", type=click.Path(exists=True))
@click.option(
    "--from",
    "kind",
    type=click.Choice(["archive", EARLIER]),
    default="archive",
    help="What SOURCE is. Default: an archive.",
)
@click.option(
    "-p",
    "--project",
    metavar="PATH",
    type=click.Path(),
    help="The project to take them into; made if it is not there. Default: the current one.",
)
@json_option
def import_(source: str, kind: str, project: str | None, as_json: bool) -> None:
    """Take the runs of SOURCE into a project.

    SOURCE is what `pycaddy export --archive` wrote, or the folder of a project of pycaddy 0.2.
    All its runs appear at once, or none. An archive may be imported again: what is here already
    is not added twice.
    """
    opened = _open(project)
    take: Callable[[Project, str], ImportReport | EarlierReport]
    take = import_earlier if kind == EARLIER else import_archive
    report = take(opened, source)
    if as_json:
        say_json({"project": str(opened.root), **asdict(report)})
    elif isinstance(report, ImportReport):
        _tell(report)
    else:
        for sentence in report.missing:
            say(Styled("missing", "yellow"), f"  {sentence}")
        say(f"{count(report.added, 'run')} added, {count(report.files, 'file')} copied.")
        say("Their params are not known: the old ledger kept only a hash of them.")


def _open(path: str | None) -> Project:
    root = find_root(os.curdir if path is None else path)
    if root is not None:
        return Project(root)
    if path is None:
        raise no_project(os.curdir, "Name a folder for a new one: `-p results`.")
    return Project(path)


def _tell(report: ImportReport) -> None:
    for theirs, ours in report.renumbered.items():
        say(Styled("renumbered", "cyan"), f"  {theirs} is {ours} here")
    say(
        f"{count(report.added, 'run')} added, {report.replaced} replaced by a later attempt, "
        f"{report.same} known, {report.kept} kept as here."
    )
