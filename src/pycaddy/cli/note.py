"""`pycaddy note`: a sentence written to a run, for people."""

from __future__ import annotations

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import run_argument, session_named

__all__ = ["note"]


@click.command(
    epilog=examples(
        "pycaddy note train/0001 'the one of figure 3'",
        "pycaddy note train/0001",
        "pycaddy note train/0001 --remove --json",
    )
)
@run_argument
@click.argument("text", required=False)
@click.option("--remove", is_flag=True, help="Take the note away.")
@project_option
@json_option
def note(run: str, text: str | None, remove: bool, project: str | None, as_json: bool) -> None:
    """Write TEXT to a run in place of the note that it has; without TEXT, print that.

    A run in any status may get a note, also while somebody works on it.
    """
    if remove and text is not None:
        raise usage_error("Give TEXT or --remove, not both.")
    session = session_named(run, project)
    if remove or text is not None:
        session.note(text)
    found = session.record.note
    if as_json:
        say_json({"project": str(session.project.root), "run": str(session.key), "note": found})
    else:
        say(found or f"{session.key}: no note", lines=True)
