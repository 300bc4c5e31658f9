"""`pycaddy ledger backup`: a copy of a ledger, taken while others work."""

from __future__ import annotations

import os

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli.ledger._address import open_ledger
from pycaddy.cli.ledger._server import folder_option, size_text
from pycaddy.ledger.backup import backup as back_up
from pycaddy.server import PrivateServer

__all__ = ["backup"]


@click.command(
    epilog=examples(
        "pycaddy ledger backup", "pycaddy ledger backup copy.db", "pycaddy ledger backup --json"
    )
)
@click.argument("target", required=False, type=click.Path(dir_okay=False))
@click.option("--server", is_flag=True, help="The whole database of `ledger up`: all projects.")
@folder_option
@project_option
@json_option
def backup(
    target: str | None, server: bool, folder: str | None, project: str | None, as_json: bool
) -> None:
    """Write a complete copy of a ledger to the file TARGET while others go on working.

    Without TARGET it is named after the time, in .pycaddy/backups of the project, or in backups
    in the server's folder. The copy is checked and on disk before it gets its name.
    """
    if server and project is not None:
        raise usage_error("Give --server or --project, not both.")
    if server or folder is not None:
        private = PrivateServer(folder)
        source, path = private.url, private.backup(target)
    else:
        ledger = open_ledger(None, project)
        source, path = ledger.address, back_up(ledger, target)
    size = os.path.getsize(path)
    if as_json:
        say_json({"ledger": source, "backup": path, "size": size})
    else:
        say(f"{path} ({size_text(size)})")
