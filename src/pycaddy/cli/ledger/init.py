"""`pycaddy ledger init`: a ledger made, and whom it serves."""

from __future__ import annotations

import click

from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.ledger import Ledger

__all__ = ["init"]


@click.command(epilog=examples("pycaddy ledger init results", "pycaddy ledger init . --json"))
@click.argument("address")
@json_option
def init(address: str, as_json: bool) -> None:
    """Make the ledger at ADDRESS, a folder for a project or a .db file.

    What is there already stays as it is; older tables are brought up to date.
    """
    ledger = Ledger(address)
    facts = ledger.store.facts()
    if as_json:
        say_json({"ledger": ledger.address, "engine": facts.engine, "schema": facts.schema})
    else:
        say(f"{ledger.address}: {facts.engine} {facts.version}, schema {facts.schema}.")
