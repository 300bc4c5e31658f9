"""`pycaddy gc`: runs that nothing speaks for, put into the trash; and the trash, emptied."""

from __future__ import annotations

import click

from pycaddy.cli._confirm import confirm, yes_option
from pycaddy.cli._exit import usage_error
from pycaddy.cli._format import count, size
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import say, say_json
from pycaddy.cli._project import open_project
from pycaddy.cli._runs import best_options, say_unknown
from pycaddy.ledger.cleanup import Cleanup
from pycaddy.project import Project
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["gc"]


@click.command(
    epilog=examples(
        "pycaddy gc --status error --older-than 30d --yes",
        "pycaddy gc results --keep-best loss 3 --min --dry-run",
        "pycaddy gc --empty-trash --older-than 30d --yes --json",
    )
)
@project_argument
@click.option(
    "--keep-best",
    nargs=2,
    type=(str, click.IntRange(min=1)),
    metavar="NAME N",
    help="Keep the N best runs of each identifier, by the value NAME, as for `pycaddy best`.",
)
@best_options
@click.option("--older-than", metavar="SPAN", help="Only runs that ended so long ago: 30d, 12h.")
@click.option(
    "-s",
    "--status",
    type=click.Choice([Status.DONE.value, Status.ERROR.value]),
    help="Only runs that ended so.",
)
@click.option("--tagged", is_flag=True, help="Also runs with a tag, which stay otherwise.")
@click.option(
    "--empty-trash", is_flag=True, help="Delete what is in the trash for good, and do nothing else."
)
@click.option("--dry-run", is_flag=True, help="Only list them.")
@yes_option
@json_option
def gc(
    project: str | None,
    keep_best: tuple[str, int] | None,
    lowest: bool | None,
    older_than: str | None,
    status: str | None,
    tagged: bool,
    empty_trash: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Put runs that have ended, and that nothing speaks for, into the trash.

    Give at least one of --keep-best, --older-than and --status: a run goes only if all of them
    let it go. --keep-best ranks runs as `pycaddy best` does. With --empty-trash, delete the runs
    that are in the trash; --older-than counts from when they got there then.
    """
    opened = open_project(project)
    if lowest is not None and keep_best is None:
        raise usage_error("--highest and --lowest say how --keep-best compares. Give both.")
    if empty_trash and (keep_best or status or tagged):
        raise usage_error("--empty-trash goes with --older-than only.")
    if not empty_trash and keep_best is None and older_than is None and status is None:
        raise usage_error("Say what may go: --keep-best, --older-than or --status.")
    best: tuple[str, int] | tuple[str, int, str] | None = keep_best
    if keep_best is not None and lowest is not None:
        best = (*keep_best, "min" if lowest else "max")
    wanted = None if status is None else Status(status)

    def clean(*, dry_run: bool) -> Cleanup:
        try:
            if empty_trash:
                return opened.empty_trash(older_than=older_than, dry_run=dry_run)
            return opened.gc(
                keep_best=best,
                older_than=older_than,
                status=wanted,
                keep_tagged=not tagged,
                dry_run=dry_run,
            )
        except ValueError as error:
            raise usage_error(str(error)) from error

    report = clean(dry_run=True)
    if keep_best is not None and not report.runs:
        from pycaddy.filters import read_name

        name = keep_best[0]
        say_unknown({name: read_name(name)}, opened.ledger.records(Selection()))
    if not dry_run and report.runs:
        what = "Delete" if empty_trash else "Put into the trash"
        if not yes:
            _list(report)
        confirm(f"{what} {count(len(report.runs), 'run')}, {size(report.bytes)}?", yes=yes)
        report = clean(dry_run=False)
    _say(opened, report, deleted=empty_trash, dry_run=dry_run, as_json=as_json)


def _say(project: Project, report: Cleanup, *, deleted: bool, dry_run: bool, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "project": str(project.root),
                "dry_run": dry_run,
                "deleted": deleted and not dry_run,
                "runs": list(report.runs),
                "bytes": report.bytes,
            }
        )
        return
    if dry_run:
        _list(report)
    done = "would go" if dry_run else "deleted" if deleted else "put into the trash"
    say(f"{project.root}: {count(len(report.runs), 'run')}, {size(report.bytes)}, {done}.")


def _list(report: Cleanup) -> None:
    for run in report.runs:
        say(run, err=True)
