"""`pycaddy ledger init`: a ledger made, and whom it serves."""

from __future__ import annotations

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._options import examples, json_option
from pycaddy.cli._output import say, say_json
from pycaddy.ledger import Ledger
from pycaddy.stores import Store

__all__ = ["init"]


@click.command(epilog=examples("pycaddy ledger init results", "pycaddy ledger init . --json"))
@click.argument("address")
@click.option("--grant", metavar="ROLE", help="Let this role of PostgreSQL work with the ledger.")
@click.option("--print", "only_print", is_flag=True, help="With --grant: show what to run.")
@json_option
def init(address: str, grant: str | None, only_print: bool, as_json: bool) -> None:
    """Make the ledger at ADDRESS: a folder for a project, a .db file or a URL of PostgreSQL.

    What is there already stays as it is; older tables are brought up to date. For PostgreSQL,
    ADDRESS names a role that may make tables. The role of --grant may not, and needs not.
    """
    if grant is not None and "://" not in address:
        raise usage_error("--grant is for a ledger in PostgreSQL.")
    if only_print and grant is None:
        raise usage_error("--print shows the statements of --grant ROLE.")
    store = _store(address)
    facts = store.facts()
    granted = [] if grant is None else _grants(address, grant, carry_out=not only_print)
    if as_json:
        document = {"ledger": store.address, "engine": facts.engine, "schema": facts.schema}
        say_json({**document, "grants": granted, "granted": bool(granted) and not only_print})
        return
    say(f"{store.address}: {facts.engine} {facts.version}, schema {facts.schema}.")
    for statement in granted:
        say(statement)


def _store(address: str) -> Store:
    if "://" not in address:
        return Ledger(address).store
    from pycaddy.ledger.address import locate
    from pycaddy.stores.postgres.store import PostgresStore

    return PostgresStore(locate(address)[1], project="")  # no project's rows are looked at


def _grants(url: str, role: str, *, carry_out: bool) -> list[str]:
    from pycaddy.stores.postgres.grants import grants

    return grants(url, role, carry_out=carry_out)
