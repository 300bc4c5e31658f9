"""`pycaddy restore`: runs brought back from the trash."""

from __future__ import annotations

import click

from pycaddy._clock import utc_now_us
from pycaddy.cli._complete import complete_trashed
from pycaddy.cli._format import count, duration
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._project import open_project

__all__ = ["restore"]


@click.command(
    epilog=examples("pycaddy restore", "pycaddy restore old/0001", "pycaddy restore --json")
)
@click.argument("runs", nargs=-1, shell_complete=complete_trashed)
@project_option
@json_option
def restore(runs: tuple[str, ...], project: str | None, as_json: bool) -> None:
    """Bring RUNS and their files back from the trash; without RUNS, list what is in it.

    A run is named in full, as `pycaddy restore` lists it.
    """
    opened = open_project(project)
    restored = [str(opened.restore(run).key) for run in runs]
    trash = opened.trash()
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "restored": restored,
                "trash": [str(record.key) for record in trash],
            }
        )
        return
    if runs:
        say(f"{count(len(restored), 'run')} brought back: {', '.join(restored)}.")
        return
    now = utc_now_us()
    for record in trash:
        say(f"{record.key}  removed {duration((now - (record.trashed_us or now)) / 1e6)} ago")
    say(f"{opened.root}: {count(len(trash), 'run')} in the trash.")
