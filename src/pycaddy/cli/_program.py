"""The group of all commands, and how it ends."""

from __future__ import annotations

import os
from typing import Any

import click

from pycaddy.cli._exit import ExitCode, LibraryError, usage_error
from pycaddy.cli._lazy import LazyGroup
from pycaddy.cli._output import abandon_stdout
from pycaddy.errors import FilterError, PycaddyError

__all__ = ["program"]

COMMANDS = (
    "run",
    "worker",
    "status",
    "ls",
    "show",
    "ui",
    "export",
    "import",
    "report",
    "plot",
    "tail",
    "tag",
    "note",
    "rerun",
    "rm",
    "restore",
    "gc",
    "du",
    "diff",
    "best",
    "query",
    "log",
    "reap",
    "verify",
    "doctor",
    "rebuild",
    "migrate",
    "ledger",
)
"""Each is a click command of that name in a module of that name."""


class _Program(LazyGroup):
    """Commands that are imported when called, and errors told in a sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FilterError as error:
            # Whichever command it was: a filter or a name on its command line is wrong.
            name = ctx.invoked_subcommand or ""
            command = self.get_command(ctx, name) or self
            raise usage_error(error.message, click.Context(command, ctx, name)) from error
        except PycaddyError as error:
            raise LibraryError(error.message) from error
        except KeyboardInterrupt:
            abandon_stdout()
            click.echo(err=True)  # ends the line on which the terminal shows ^C
            raise click.exceptions.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            abandon_stdout()
            raise click.exceptions.Exit(ExitCode.PIPE_CLOSED) from None
        except OSError as error:
            abandon_stdout()
            where = f"{error.filename}: " if error.filename else ""
            reason = error.strerror or error
            raise LibraryError(f"{where}{reason}. Check the disk and the permissions.") from error


@click.group(
    cls=_Program,
    home="pycaddy.cli",
    names=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all is well, 1 differences or problems were found, 2 wrong usage, "
    "3 an error. `pycaddy COMMAND --help` shows examples.",
)
@click.version_option(package_name="pycaddy", message="%(prog)s %(version)s")
@click.pass_context
def program(ctx: click.Context) -> None:
    """Run a sweep, look at the runs of a project, check them and mend what is broken.

    A project is found from the current folder upwards: it is the folder that holds .pycaddy.
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        ctx.color = False
