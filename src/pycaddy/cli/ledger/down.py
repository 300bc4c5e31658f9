"""`pycaddy ledger down`: the server stopped."""

from __future__ import annotations

import click

from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli.ledger._server import folder_option
from pycaddy.server import PrivateServer

__all__ = ["down"]


@click.command(epilog=examples("pycaddy ledger down", "pycaddy ledger down --json"))
@folder_option
@json_option
def down(folder: str | None, as_json: bool) -> None:
    """Stop the server of `pycaddy ledger up`. Its data stays; `up` starts it again.

    Changes that are under way are rolled back, and their programs get an error.
    """
    server = PrivateServer(folder)
    stopped = server.down()
    if as_json:
        say_json({"folder": server.folder, "stopped": stopped})
    else:
        say(f"{server.folder}: {'stopped' if stopped else 'it was not running'}.")
