"""`pycaddy ledger copy`: a project's runs taken to another ledger."""

from __future__ import annotations

from dataclasses import asdict

import click

from pycaddy.cli._format import count
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli.ledger._address import open_ledger
from pycaddy.ledger.copy import copy_ledger

__all__ = ["copy"]


@click.command(
    epilog=examples("pycaddy ledger copy . lab.db", "pycaddy ledger copy . lab.db --switch --json")
)
@click.argument("src")
@click.argument("dst")
@click.option("--switch", is_flag=True, help="Keep the project in DST from now on.")
@project_option
@json_option
def copy(src: str, dst: str, switch: bool, project: str | None, as_json: bool) -> None:
    """Copy all runs of a project from the ledger SRC to the ledger DST, and compare them.

    Each is a project's folder, a .db file or a URL. What runs have logged is copied too; their
    files stay where they are. What DST has already is left, and a run that has gone on is brought
    up to date; if DST has a run of the same name that is another one, nothing is copied.
    """
    report = copy_ledger(open_ledger(src, project), dst, switch=switch)
    if as_json:
        say_json(asdict(report))
        return
    say(
        f"{count(report.copied, 'run')} and {count(report.points, 'point')} of metrics copied from "
        f"{report.source} to {report.target}, "
        f"{report.updated:,} brought up to date, {report.unchanged:,} there already. All compared."
    )
    if report.running:
        say(
            f"{count(report.running, 'run')} still running: what they write stays in the source.",
            err=True,
        )
    if report.switched:
        say(f"The project is kept in {report.target} from now on.")
