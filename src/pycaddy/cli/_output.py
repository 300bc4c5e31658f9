"""All that the program prints goes through here.

Text is data and is never obeyed by the terminal: control characters are written out, and
markup means nothing. Only a `Styled` part has a look, and we give it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass

import click

from pycaddy.cli._format import printable

__all__ = ["Part", "Styled", "abandon_stdout", "is_terminal", "say", "say_json", "write"]


@dataclass(frozen=True, slots=True)
class Styled:
    """Text with a look: "bold", "dim", or one of the eight colours by name."""

    text: str
    look: str


Part = str | Styled


def say(*parts: Part, err: bool = False, lines: bool = False) -> None:
    """Print *parts* as one line.

    Args:
        err: To stderr.
        lines: As several, where the data has line ends.
    """
    write("".join(_shown(part, lines=lines) for part in parts), err=err)


def say_json(document: object) -> None:
    """Print one document of strict JSON, in ASCII: any terminal and any encoding bears it."""
    text = json.dumps(document, allow_nan=False, separators=(",", ":"))
    write(text.replace("\x7f", "\\u007f"))  # ASCII, and the one control that JSON lets pass


def _shown(part: Part, *, lines: bool) -> str:
    if isinstance(part, str):
        return printable(part, lines=lines)
    text = printable(part.text, lines=lines)
    match part.look:
        case "bold":
            return click.style(text, bold=True)
        case "dim":
            return click.style(text, dim=True)
        case colour:
            return click.style(text, fg=colour)


def write(text: str, *, err: bool = False) -> None:
    """Print finished text and a line end. Looks are taken out where nobody sees them."""
    click.echo(text, err=err)


def is_terminal() -> bool:
    """Whether a person looks at the output."""
    return sys.stdout.isatty()


def abandon_stdout() -> None:
    """Send what could not be printed nowhere; the interpreter's exit would try once more."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):  # not a file: nothing is tried
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
