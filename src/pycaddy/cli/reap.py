"""`pycaddy reap`: runs whose process died, marked as failed."""

from __future__ import annotations

import click

from pycaddy.cli._facts import facts
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._project import open_project
from pycaddy.project import Project, Session
from pycaddy.status import Status

__all__ = ["reap"]


@click.command(
    epilog=examples("pycaddy reap", "pycaddy reap results --dry-run", "pycaddy reap --json")
)
@project_argument
@click.option("--dry-run", is_flag=True, help="Only list them.")
@json_option
def reap(project: str | None, dry_run: bool, as_json: bool) -> None:
    """Mark runs as ERROR that are running and whose process is gone.

    A live run is never touched. `pycaddy run` and `pycaddy worker` take such runs over by
    themselves; this is for lists that are to say so.
    """
    opened = open_project(project)
    runs = _stale(opened) if dry_run else opened.reap()
    records = [run.record for run in runs]
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "dry_run": dry_run,
                "runs": [facts(record, stale=dry_run) for record in records],
            }
        )
        return
    for record in records:
        say(Styled("stale" if dry_run else "error", "yellow"), f"  {record.key}  {record.owner}")
    found_text = count(len(records), "stale run") if records else "no stale run"
    say(f"{opened.root}: {found_text}{'' if dry_run or not records else ', now ERROR'}.")


def _stale(project: Project) -> list[Session]:
    running = project.sessions(status=Status.RUNNING, recursive=True)
    return [run for run in running if run.is_stale]
