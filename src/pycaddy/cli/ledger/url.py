"""`pycaddy ledger url`: the address of the server, for a script."""

from __future__ import annotations

import click

from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli.ledger._server import folder_option
from pycaddy.server import PrivateServer

__all__ = ["url"]


@click.command(epilog=examples("pycaddy ledger url", "pycaddy ledger url --json"))
@folder_option
@json_option
def url(folder: str | None, as_json: bool) -> None:
    """Print the address of the server of `pycaddy ledger up`, without its password.

    For a shell: export PYCADDY_LEDGER=$(pycaddy ledger url)
    """
    address = PrivateServer(folder).url
    if as_json:
        say_json({"url": address})
    else:
        say(address)
