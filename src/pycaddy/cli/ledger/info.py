"""`pycaddy ledger info`: what a ledger is kept in, and what it holds."""

from __future__ import annotations

from collections import Counter

import click

from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Styled, say, say_json
from pycaddy.cli._table import say_rows
from pycaddy.cli.ledger._address import open_ledger
from pycaddy.cli.ledger._server import size_text
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["info"]


@click.command(epilog=examples("pycaddy ledger info", "pycaddy ledger info --json"))
@click.argument("address", required=False)
@project_option
@json_option
def info(address: str | None, project: str | None, as_json: bool) -> None:
    """Say what a ledger is kept in, how much it holds, and how its runs stand.

    ADDRESS is a URL, a .db file or a project. Without it: the ledger of the project here.
    """
    ledger = open_ledger(address, project)
    facts = ledger.store.facts()
    runs: Counter[Status] = Counter()
    for (_, _, status), number in ledger.store.counts().items():
        runs[status] += number
    trashed = len(ledger.records(Selection(trashed=True)))
    if as_json:
        say_json(
            {
                "ledger": ledger.address,
                "project": ledger.root,
                **facts._asdict(),
                "runs": {status.value: runs[status] for status in Status},
                "trashed": trashed,
            }
        )
        return
    say(Styled(facts.engine, "bold"), f"  {ledger.address}")
    numbers = ", ".join(f"{runs[status]:,} {status.value}" for status in Status if runs[status])
    say_rows(
        [
            ("version", facts.version),
            ("schema", str(facts.schema)),
            ("size", size_text(facts.size)),
            ("projects", str(facts.projects)),
            ("runs here", f"{numbers or 'none'}{f', {trashed:,} in the trash' * bool(trashed)}"),
        ]
    )
