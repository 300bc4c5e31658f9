"""`pycaddy import`: runs taken in from an archive or an earlier project."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict

import click

from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._project import find_root, no_project
from pycaddy.interop import EarlierReport, ImportReport, import_archive, import_earlier
from pycaddy.project import Project

__all__ = ["import_"]

EARLIER = "pycaddy-0.2"


@click.command(
    "import",
    epilog=examples(
        "pycaddy import ../runs.zip",
        "pycaddy import ../runs.zip -p ../another",
        "pycaddy import ../old -p ../newer",
        "pycaddy import ../old",
    ),
)
@click.argument("source", type=click.Path(exists=True))
@click.option(
    "--from",
    "kind",
    type=click.Choice(["archive", EARLIER]),
    help="What SOURCE is. Default: pycaddy-0.2 for a folder, archive for a file.",
)
@click.option(
    "-p",
    "--project",
    metavar="PATH",
    type=click.Path(),
    help="The project to take them into; made if it is not there. Default: the current one, else "
    "the folder SOURCE itself.",
)
@json_option
def import_(source: str, kind: str | None, project: str | None, as_json: bool) -> None:
    """Take the runs of SOURCE into a project.

    SOURCE is what `pycaddy export --archive` wrote, or the folder of a project of pycaddy 0.2.
    All its runs appear at once, or none. Either may be imported again: runs that are here already
    are not added twice. A project of pycaddy 0.2 may be imported into its own folder; its files
    stay where they are then.
    """
    is_earlier = os.path.isdir(source) if kind is None else kind == EARLIER
    opened = _open(project, source if is_earlier else None)
    take: Callable[[Project, str], ImportReport | EarlierReport]
    take = import_earlier if is_earlier else import_archive
    report = take(opened, source)
    if as_json:
        say_json({"project": str(opened.root), **asdict(report)})
    elif isinstance(report, ImportReport):
        _tell(report)
    else:
        _tell_earlier(report)


def _open(path: str | None, source: str | None) -> Project:
    """Open the project of *path*, else the current one, else that of the folder *source*."""
    root = find_root(os.curdir if path is None else path)
    if root is not None:
        return Project(root)
    if path is None and source is not None:
        return Project(source)
    if path is None:
        raise no_project(os.curdir, "Name a folder for a new one: `-p results`.")
    return Project(path)


def _tell_earlier(report: EarlierReport) -> None:
    for sentence in report.left_out:
        say(Styled("left out", "yellow"), f"  {sentence}")
    for sentence in report.missing:
        say(Styled("missing", "yellow"), f"  {sentence}")
    _tell_renumbered(report.renumbered)
    say(
        f"{count(report.added, 'run')} added, {report.known} known, "
        f"{count(report.files, 'file')} copied."
    )
    say("Their params become known when a script asks for runs with the same params.")


def _tell_renumbered(renumbered: dict[str, str]) -> None:
    for theirs, ours in renumbered.items():
        say(Styled("renumbered", "cyan"), f"  {theirs} is {ours} here")


def _tell(report: ImportReport) -> None:
    _tell_renumbered(report.renumbered)
    say(
        f"{count(report.added, 'run')} added, {report.replaced} replaced by a later attempt, "
        f"{report.same} known, {report.kept} kept as here."
    )
