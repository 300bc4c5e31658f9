"""How the program ends when not all is well."""

from __future__ import annotations

import enum

import click

from pycaddy.cli._format import printable

__all__ = ["ExitCode", "LibraryError", "NoProjectError", "usage_error"]


class ExitCode(enum.IntEnum):
    """What the program exits with. Scripts rely on these: docs/cli.md."""

    FINE = 0
    PROBLEMS = 1
    """It did what it was asked to, and found a difference or a problem."""
    USAGE = 2
    """The words of the command line are wrong, or there is no project here."""
    ERROR = 3
    """The library refused, or the disk did."""
    INTERRUPTED = 130
    """128 and the number of SIGINT, as shells have it."""
    PIPE_CLOSED = 141
    """128 and the number of SIGPIPE: who read the output has seen enough."""


class _Refusal(click.ClickException):
    """An error told in a sentence on stderr, without a traceback."""

    def format_message(self) -> str:
        return printable(self.message, lines=True)


class NoProjectError(_Refusal):
    """There is no project where one was looked for."""

    exit_code = ExitCode.USAGE


class LibraryError(_Refusal):
    """The library refused, or the disk did."""

    exit_code = ExitCode.ERROR


def usage_error(message: str, context: click.Context | None = None) -> click.UsageError:
    """Return the error that the words of a command, by default the running one, are wrong."""
    where = context or click.get_current_context()
    return click.UsageError(printable(message, lines=True), where)
