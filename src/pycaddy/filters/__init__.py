"""One language for the values of a run, and filters in it.

`read_name` reads the name of a value, such as `val/acc.max`, and `Seen` looks it up in a run.
`parse` reads a filter such as "lr < 1e-2 and status == 'done'", and `matches` defines what it
means; stores compile the same tree and are held to the definition. docs/query.md has the grammar.
"""

from __future__ import annotations

from pycaddy.filters._columns import (
    column,
    flat,
    flat_metrics,
    flat_params,
    flat_result,
    numbers_of,
    unknown,
    walk,
)
from pycaddy.filters._evaluate import IsStale, Seen, matches
from pycaddy.filters._names import read_name, read_names, series_of
from pycaddy.filters._order import Order, Ranking, parse_order, sorted_runs
from pycaddy.filters._parse import MAX_DEPTH, MAX_LENGTH, parse
from pycaddy.filters._tree import (
    FIELDS,
    PARTS,
    STATISTICS,
    And,
    AnyName,
    Expr,
    FirstOf,
    Literal,
    Name,
    Not,
    Or,
    Test,
    conditions_in,
    expanded,
)

__all__ = [
    "FIELDS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "PARTS",
    "STATISTICS",
    "And",
    "AnyName",
    "Expr",
    "FirstOf",
    "IsStale",
    "Literal",
    "Name",
    "Not",
    "Or",
    "Order",
    "Ranking",
    "Seen",
    "Test",
    "column",
    "conditions_in",
    "expanded",
    "flat",
    "flat_metrics",
    "flat_params",
    "flat_result",
    "matches",
    "numbers_of",
    "parse",
    "parse_order",
    "read_name",
    "read_names",
    "series_of",
    "sorted_runs",
    "unknown",
    "walk",
]
