"""`pycaddy ledger up`: a PostgreSQL server of one's own, started."""

from __future__ import annotations

import click

from pycaddy.cli._find import find_root
from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli.ledger._server import facts, folder_option, say_standing
from pycaddy.ledger.switch import is_unused, point
from pycaddy.server import PrivateServer, Standing
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
    root = project if project is not None else find_root(".")
    if root is None:
        pointed = None
    else:
        pointed = is_unused(root)
        if pointed:
            point(root, server.url)
    if as_json:
        say_json(
            {
                **facts(standing),
                "password_file": password_file(),
                "project": root,
                "project_uses_it": pointed,
            }
        )
        return
    say_standing(standing)
    _say_how_to_use(standing, server.url, root, pointed)


def _say_how_to_use(standing: Standing, url: str, root: str | None, pointed: bool | None) -> None:
    say(f"The password is in {password_file()}: PostgreSQL's programs find it there.")
    if pointed:
        say(f"{root} is kept in it from now on.")
    elif root is not None:
        say(f"{root} has a ledger. To move it: pycaddy ledger copy {root} {url} --switch")
    say(f"For a program: export PYCADDY_LEDGER={url}")
