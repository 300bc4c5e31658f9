"""What the commands about a server of one's own share."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from pycaddy.cli._format import duration
from pycaddy.cli._output import Styled, say
from pycaddy.cli._table import say_rows
from pycaddy.server import Standing

__all__ = ["facts", "folder_option", "say_standing", "size_text"]

folder_option = click.option(
    "--folder",
    metavar="PATH",
    type=click.Path(file_okay=False),
    help="The server's folder. Default: $PYCADDY_SERVER, else pycaddy/server among your data.",
)

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def facts(standing: Standing) -> dict[str, Any]:
    """Return what a JSON document says of a server."""
    return asdict(standing)


def say_standing(standing: Standing) -> None:
    """Print how a server stands, for people."""
    if not standing.running:
        where = f" ({standing.url})" if standing.url else ", and there is none yet"
        say(Styled("down", "yellow"), f"  {standing.folder}{where}")
        return
    say(Styled("up", "green"), f"  {standing.url}")
    rows = [("folder", standing.folder), ("PostgreSQL", standing.version or "")]
    if standing.uptime_s is not None:
        rows.append(("up for", duration(standing.uptime_s)))
    if standing.size is not None:
        rows.append(("size", size_text(standing.size)))
    rows.append(("clients", str(standing.connections)))
    if standing.projects is not None:
        rows.append(("projects", str(standing.projects)))
    say_rows(rows)


def size_text(size: float) -> str:
    """Return a number of bytes in few figures: "812 B", "7.2 MiB"."""
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"
