"""Tables: fitted to a terminal, or whole lines for a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycaddy.cli._format import printable
from pycaddy.cli._output import Part, is_terminal, write

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["Column", "live_tables", "say_rows", "say_table"]

_MOST_FITTED = 1000  # rich takes 0.4 ms for a row; nobody reads that many
_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    shrinks: bool = False
    """Whether its cells are cut where the terminal is too narrow."""
    right: bool = False
    dull: frozenset[str] = frozenset(("",))
    """A terminal is spared the column if all its cells are among these."""


def say_table(columns: Sequence[Column], rows: Sequence[Sequence[Part]]) -> None:
    """Print a table. What is piped is not cut and has no looks."""
    if is_terminal() and len(rows) <= _MOST_FITTED:
        write(_fitted(*_telling(columns, rows)))
    else:
        titles = [column.title for column in columns]
        write(_aligned([titles, *rows], right=[column.right for column in columns]))


@contextmanager
def live_tables(columns: Sequence[Column]) -> Iterator[Callable[[Sequence[Sequence[Part]]], None]]:
    """Give a function that shows a table in place of the one before, on a terminal."""
    from rich.live import Live

    with Live(console=_console(), auto_refresh=False) as live:
        yield lambda rows: live.update(_rich_table(*_telling(columns, rows)), refresh=True)


def say_rows(rows: Sequence[Sequence[str]]) -> None:
    """Print rows without titles, indented and uncut."""
    if rows:
        write(_aligned([("", *row) for row in rows], right=[False] * (len(rows[0]) + 1)))


def _telling(
    columns: Sequence[Column], rows: Sequence[Sequence[Part]]
) -> tuple[list[Column], list[list[Part]]]:
    """Return the columns that say something, and the rows without the others."""
    telling = [
        index
        for index, column in enumerate(columns)
        if any(row[index] not in column.dull for row in rows)
    ]
    return [columns[i] for i in telling], [[row[i] for i in telling] for row in rows]


def _aligned(rows: Sequence[Sequence[Part]], *, right: Sequence[bool]) -> str:
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    pads = [str.rjust if is_right else str.ljust for is_right in right]
    return "\n".join(
        (" " * _GAP)
        .join(pad(text, width) for pad, text, width in zip(pads, row, widths, strict=True))
        .rstrip()
        for row in texts
    )


def _fitted(columns: Sequence[Column], rows: Sequence[Sequence[Part]]) -> str:
    console = _console()
    with console.capture() as capture:
        console.print(_rich_table(columns, rows))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _rich_table(columns: Sequence[Column], rows: Sequence[Sequence[Part]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for column in columns:
        # A column that may wrap gives way first; its cells then refuse to.
        table.add_column(
            column.title,
            no_wrap=not column.shrinks,
            justify="right" if column.right else "left",
        )
    for row in rows:
        table.add_row(
            *(
                Text(
                    _text(cell),
                    style="" if isinstance(cell, str) else cell.look,
                    no_wrap=True,
                    overflow="ellipsis",
                )
                for cell in row
            )
        )
    return table


def _text(cell: Part) -> str:
    return printable(cell if isinstance(cell, str) else cell.text)
