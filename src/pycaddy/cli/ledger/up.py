"""`pycaddy ledger up`: a PostgreSQL server of one's own, started."""

from __future__ import annotations

import os
import shlex

import click

from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._project import find_root
from pycaddy.cli.ledger._server import facts, folder_option, say_standing
from pycaddy.ledger import Ledger
from pycaddy.ledger.switch import is_unused, point
from pycaddy.server import PrivateServer
from pycaddy.server.credentials import password_file

__all__ = ["up"]


@click.command(
    epilog=examples("pycaddy ledger up", "pycaddy ledger up -p results", "pycaddy ledger up --json")
)
@click.option(
    "-p",
    "--project",
    metavar="PATH",
    type=click.Path(file_okay=False),
    help="A project to keep in it from now on. Default: the one that you stand in, if any.",
)
@folder_option
@click.option("--host", metavar="ADDRESS", help="Also listen at this address of the machine.")
@click.option("--port", type=click.IntRange(1024, 65535), help="Default: a free one, then kept.")
@click.option("--no-tls", is_flag=True, help="With --host: let others connect unencrypted.")
@click.option("--user", metavar="NAME", help="As root: whom the server runs as.")
@click.option("--take-over", is_flag=True, help="The machine that ran it is gone for good.")
@json_option
def up(
    project: str | None,
    folder: str | None,
    host: str | None,
    port: int | None,
    no_tls: bool,
    user: str | None,
    take_over: bool,
    as_json: bool,
) -> None:
    """Start a PostgreSQL server of your own; call it again whenever it is down.

    It lies in a folder of yours and needs no administrator. The first call makes it: a port
    that stays the same, a random password that goes into your password file (~/.pgpass). After
    a reboot, or if the server was killed, the next call starts it with all that it had.
    """
    server = PrivateServer(folder, user=user)
    standing = server.up(host=host, port=port, tls=not no_tls, take_over=take_over)
    root = find_root(".") if project is None else os.path.abspath(project)
    uses_it = None if root is None else _keep_in(server, root)
    if as_json:
        say_json(
            {
                **facts(standing),
                "password_file": password_file(),
                "project": root,
                "project_uses_it": uses_it,
            }
        )
        return
    say_standing(standing)
    _say_how_to_use(server.url, root, uses_it=uses_it)


def _keep_in(server: PrivateServer, root: str) -> bool:
    """Keep a project without a ledger in the server; return whether the project is kept in it."""
    if not is_unused(root):
        known = Ledger(root).address
        if known not in server.urls or known == server.url:
            return known == server.url
    point(root, server.url)  # new, or known by an address that the server had before
    return True


def _say_how_to_use(url: str, root: str | None, *, uses_it: bool | None) -> None:
    say(f"The password is in {password_file()}: PostgreSQL's programs find it there.")
    if uses_it:
        say(f"{root} is kept in it.")
    elif root is not None:
        move = shlex.join(("pycaddy", "ledger", "copy", root, url, "--switch"))
        say(f"{root} has a ledger. To move it: {move}")
    say(f"For a program: export PYCADDY_LEDGER={url}")
