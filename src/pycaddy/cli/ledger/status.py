"""`pycaddy ledger status`: how the server stands."""

from __future__ import annotations

import sys

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say_json
from pycaddy.cli.ledger._server import facts, folder_option, say_standing
from pycaddy.server import PrivateServer

__all__ = ["status"]


@click.command(epilog=examples("pycaddy ledger status", "pycaddy ledger status --json"))
@folder_option
@json_option
def status(folder: str | None, as_json: bool) -> None:
    """Say how the server of `pycaddy ledger up` stands. The exit code is 1 if it is down."""
    standing = PrivateServer(folder).standing()
    if as_json:
        say_json(facts(standing))
    else:
        say_standing(standing)
    if not standing.running:
        sys.exit(ExitCode.PROBLEMS)
