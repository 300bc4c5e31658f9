"""`pycaddy tag`: words on runs, to find them again."""

from __future__ import annotations

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import run_argument, session_named

__all__ = ["tag"]


@click.command(
    epilog=examples(
        "pycaddy tag train/0001 baseline paper",
        "pycaddy tag train/0001 --remove paper",
        "pycaddy tag train/0001 --json",
    )
)
@run_argument
@click.argument("tags", nargs=-1)
@click.option("-d", "--remove", multiple=True, metavar="TAG", help="Take this tag off.")
@project_option
@json_option
def tag(
    run: str, tags: tuple[str, ...], remove: tuple[str, ...], project: str | None, as_json: bool
) -> None:
    """Mark a run with TAGS, and print the tags that it has.

    A tag is one word. A run in any status may be marked, also while somebody works on it.
    """
    if both := sorted({*tags} & {*remove}):
        raise usage_error(f"The tag {both[0]!r} is both put on and taken off. Give it once.")
    session = session_named(run, project)
    if tags:
        session.tag(*tags)
    if remove:
        session.untag(*remove)
    found = session.tags
    if as_json:
        say_json(
            {
                "project": str(session.project.root),
                "run": str(session.key),
                "tags": list(found),
            }
        )
    else:
        say(f"{session.key}: {' '.join(found) or 'no tag'}")
