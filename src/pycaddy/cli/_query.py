"""Filters, orders and columns on the command line.

What reads filters and makes tables is imported by those who use it: plain `pycaddy ls` is quick.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from pycaddy.cli._complete import complete_words
from pycaddy.cli._format import value_text
from pycaddy.cli._output import write
from pycaddy.cli._select import STALE
from pycaddy.errors import FilterError
from pycaddy.ledger import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = [
    "json_value",
    "plain_columns",
    "say_csv",
    "selection_of",
    "shown",
    "sort_option",
    "values_of",
    "where_option",
    "words_of",
]

_LONGEST = 60


where_option = click.option(
    "-w",
    "--where",
    metavar="FILTER",
    shell_complete=complete_words,
    help="Only runs of which this holds, as in \"lr < 0.01 and status == 'done'\".",
)

sort_option = click.option(
    "--sort",
    metavar="WORDS",
    shell_complete=complete_words,
    help="Sort by params, results, metrics or fields, as in -loss,lr; '-' for the greatest first.",
)


def selection_of(where: str | None, sort: str | None, status: str | None) -> Selection | None:
    """Return what the options select; None if there is neither a filter nor an order."""
    if where is None and sort is None:
        return None
    from pycaddy import filters

    try:
        expr = None if where is None else filters.parse(where)
        order = () if sort is None else filters.parse_order(sort)
    except FilterError as error:
        raise click.UsageError(error.message, click.get_current_context()) from error
    if status == STALE:
        stale = filters.Test(filters.Name("stale"), "holds")
        both = stale if expr is None else filters.And((stale, expr))
        return Selection(where=both, sort=order)
    return Selection(status=None if status is None else Status(status), where=expr, sort=order)


def words_of(columns: str | None) -> list[str]:
    """Return the words of `--columns`."""
    return [] if columns is None else [word.strip() for word in columns.split(",")]


def values_of(run: RunRecord, words: Sequence[str]) -> list[Any]:
    """Return what a run has by the words of `--columns`; None for what it has not."""
    from pycaddy.filters import Seen
    from pycaddy.query import look_up

    seen = Seen(run)
    return [look_up(seen, word) for word in words]


def shown(value: object) -> str:
    """Return a value as a cell of a table; "" for what is missing."""
    return "" if value is None else value_text(value, longest=_LONGEST)


def plain_columns(run: RunRecord, words: Sequence[str]) -> dict[str, Any]:
    """Return what `--json` adds to a run for `--columns`: {} without any."""
    if not words:
        return {}
    values = map(json_value, values_of(run, words))
    return {"columns": dict(zip(words, values, strict=True))}


def json_value(value: Any) -> Any:
    """Return a plain value or a time as strict JSON has it."""
    from pycaddy import params

    return json.loads(params.dump(value))


def say_csv(runs: Sequence[RunRecord], words: Sequence[str]) -> None:
    """Print runs as a CSV file: a row for each, the names of the columns first."""
    from pycaddy.interop.tables import csv_table
    from pycaddy.query import Runs

    if words:
        names, rows = list(words), [values_of(run, words) for run in runs]
    else:
        columns = Runs(runs, str).columns()
        names, rows = list(columns), [list(row) for row in zip(*columns.values(), strict=True)]
    write("\n".join(csv_table(names, rows)))
