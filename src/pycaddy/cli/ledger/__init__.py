"""`pycaddy ledger`: the ledger itself, and a PostgreSQL server of one's own for it."""

from __future__ import annotations

import click

from pycaddy.cli._lazy import LazyGroup
from pycaddy.cli._options import examples

__all__ = ["ledger"]

COMMANDS = ("info", "init", "backup", "copy", "up", "down", "status", "url")
"""Each is a click command of that name in a module of that name."""


@click.group(
    cls=LazyGroup,
    home="pycaddy.cli.ledger",
    names=COMMANDS,
    epilog=examples("pycaddy ledger info", "pycaddy ledger up --help"),
)
def ledger() -> None:
    """Look after the ledger; give it a PostgreSQL server that many machines share.

    info, init, backup and copy work on a project's ledger, wherever it is kept. up, down,
    status and url handle a server of your own, in a folder of yours: no administrator needed.
    """
