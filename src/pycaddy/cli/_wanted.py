"""The runs that a command takes out of a project: by name and by filter."""

from __future__ import annotations

from collections.abc import Callable

import click

from pycaddy import filters
from pycaddy.cli._find import look_up, open_project
from pycaddy.cli._select import homes_by_name, homes_by_path
from pycaddy.ledger import RunRecord
from pycaddy.project import Project
from pycaddy.stores import Selection

__all__ = ["wanted", "wanted_options"]

Command = Callable[..., None]


def wanted_options(function: Command) -> Command:
    """Give a command the argument NAME and the option `--where`."""
    option = click.option(
        "-w", "--where", metavar="FILTER", help="Only runs that FILTER holds for: lr < 0.01"
    )
    return click.argument("name", required=False)(option(function))


def wanted(
    name: str | None, where: str | None, project: str | None
) -> tuple[Project, list[RunRecord]]:
    """Return the project, and the runs that NAME and FILTER choose, by identifier and uid."""
    selection = Selection(where=None if where is None else filters.parse(where))
    if name is None:
        opened = open_project(project)
        return opened, opened.ledger.records(selection)
    opened, homes = look_up(name, project, homes_by_name, homes_by_path)
    return opened, [
        record
        for home in homes
        for record in opened.ledger.records(
            selection._replace(relpath=home.relpath, identifier=home.name)
        )
    ]
