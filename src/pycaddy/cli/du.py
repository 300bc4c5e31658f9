"""`pycaddy du`: how much room the runs take."""

from __future__ import annotations

import click

from pycaddy.cli._format import size
from pycaddy.cli._options import examples, json_option, project_argument
from pycaddy.cli._output import Styled, say_json
from pycaddy.cli._project import open_project
from pycaddy.cli._table import Column, say_table

__all__ = ["du"]

_LIMIT = 10
_COLUMNS = (Column("size", right=True), Column("of"))


@click.command(epilog=examples("pycaddy du", "pycaddy du results --runs 20", "pycaddy du --json"))
@project_argument
@click.option(
    "--runs",
    "number",
    type=click.IntRange(min=0),
    default=_LIMIT,
    show_default=True,
    help="How many of the largest runs to list.",
)
@json_option
def du(project: str | None, number: int, as_json: bool) -> None:
    """Show how much room the runs take, by identifier, and the largest of them.

    Files that runs share, and attached files elsewhere, do not count.
    """
    opened = open_project(project)
    usage = opened.disk_usage()
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "total": usage.total,
                "identifiers": [
                    {"identifier": name, "bytes": bytes_}
                    for name, bytes_ in usage.identifiers.items()
                ],
                "runs": [{"run": name, "bytes": bytes_} for name, bytes_ in usage.runs.items()],
                "trash": usage.trash,
                "ledger": usage.ledger,
            }
        )
        return
    rows = [
        *_largest(usage.identifiers, len(usage.identifiers)),
        *_largest(usage.runs, number),
        (usage.trash, "the trash"),
        (usage.ledger, "the ledger"),
    ]
    say_table(
        _COLUMNS,
        [
            *([size(bytes_), name] for bytes_, name in rows),
            [Styled(size(usage.total), "bold"), Styled(str(opened.root), "bold")],
        ],
    )


def _largest(sizes: dict[str, int], number: int) -> list[tuple[int, str]]:
    ordered = sorted(sizes.items(), key=lambda item: -item[1])
    return [(bytes_, name) for name, bytes_ in ordered[:number]]
