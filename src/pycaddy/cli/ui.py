"""`pycaddy ui`: the page."""

from __future__ import annotations

import os
import signal
import sys
import threading

import click

from pycaddy.cli._options import examples
from pycaddy.cli._output import say, say_json
from pycaddy.cli._project import open_project
from pycaddy.web import Page

__all__ = ["ui"]


@click.command(
    epilog=examples(
        "pycaddy ui",
        "pycaddy ui --port 8000 --no-browser",
        "pycaddy ui --read-only",
    )
)
@click.argument("path", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="The port to listen on. 0: any free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. With another one the page can be reached from outside.",
)
@click.option("--read-only", is_flag=True, help="Offer nothing that changes a run.")
@click.option("--no-browser", is_flag=True, help="Print the link and open nothing.")
@click.option(
    "--notebook",
    is_flag=True,
    help="For project.ui(): end with the standard input, and answer each line with a link.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def ui(
    path: tuple[str, ...],
    port: int,
    host: str,
    read_only: bool,
    no_browser: bool,
    notebook: bool,
    as_json: bool,
) -> None:
    """Show runs in a browser, until Ctrl-C.

    PATH is a project's folder or lies in one; there may be several. Without PATH it is the
    project of the current folder. The link that is printed holds a secret of this launch:
    whoever has it sees the page.
    """
    roots = dict.fromkeys(str(open_project(each).root) for each in path or (None,))
    page = Page(list(roots), host=host, port=port, read_only=read_only, framed=notebook)
    if as_json:
        say_json({"link": page.link, "projects": dict(zip(page.projects, roots, strict=True))})
    else:
        say(page.link)
    if notebook:
        threading.Thread(target=_answer_links, args=[page], daemon=True).start()
    elif not no_browser:
        click.launch(page.link_for_once())
    page.serve()


def _answer_links(page: Page) -> None:
    """Give a link for each line, until whoever started this closes its end or is gone."""
    for _ in sys.stdin:
        say_json({"link": page.link_for_once()})
    os.kill(os.getpid(), signal.SIGTERM)
