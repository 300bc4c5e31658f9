"""`pycaddy rm`: runs put into the trash."""

from __future__ import annotations

import click

from pycaddy.cli._complete import complete_run
from pycaddy.cli._confirm import confirm, yes_option
from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import session_named

__all__ = ["rm"]


@click.command(
    epilog=examples(
        "pycaddy rm train/0001 train/0002 --yes",
        "pycaddy rm train/0003 --yes --json",
    )
)
@click.argument("runs", nargs=-1, required=True, shell_complete=complete_run)
@yes_option
@project_option
@json_option
def rm(runs: tuple[str, ...], yes: bool, project: str | None, as_json: bool) -> None:
    """Put RUNS and their files into the trash.

    `pycaddy restore` brings them back, and `pycaddy gc --empty-trash` deletes them for good. A
    run that somebody works on is refused.
    """
    named = [session_named(words, project) for words in runs]
    sessions = list({session.key: session for session in named}.values())
    names = [str(session.key) for session in sessions]
    confirm(f"Put {', '.join(names)} into the trash?", yes=yes)
    for session in sessions:
        session.remove()
    if as_json:
        say_json({"project": str(sessions[0].project.root), "runs": names})
    else:
        say(f"{count(len(names), 'run')} in the trash: {', '.join(names)}.")
