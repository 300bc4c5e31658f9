"""Options that commands share, and the examples below their help."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from pycaddy.cli._exit import usage_error

__all__ = ["examples", "json_option", "project_argument", "project_option"]

Command = Callable[..., None]

project_option = click.option(
    "-p",
    "--project",
    metavar="PATH",
    type=click.Path(exists=True),
    help="The project's folder, or one in it. Default: the current folder.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def project_argument(function: Command) -> Command:
    """Give a command its project as `--project PATH` or simply as PATH."""

    @functools.wraps(function)
    def command(*, path: str | None, project: str | None, **others: Any) -> None:
        if path is not None and project is not None:
            raise usage_error("Give PATH or --project, not both.")
        function(project=path or project, **others)

    argument = click.argument("path", required=False, type=click.Path(exists=True))
    return argument(project_option(command))


def examples(*lines: str) -> str:
    """Return the end of a help page: each of *lines* on a line of its own."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
