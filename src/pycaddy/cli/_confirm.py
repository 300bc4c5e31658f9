"""Asked before runs go: on a terminal, by a person."""

from __future__ import annotations

import sys

import click

from pycaddy.cli._exit import usage_error
from pycaddy.cli._format import printable

__all__ = ["confirm", "yes_option"]

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if a person says so, or said so beforehand with `--yes`.

    Raises:
        click.Abort: The answer was no.
        click.UsageError: There is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise usage_error("There is no terminal to ask on. Add --yes to go on without.")
    click.confirm(printable(question), abort=True, err=True)
