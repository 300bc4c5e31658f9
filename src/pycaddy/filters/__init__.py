"""Filters: "lr < 1e-2 and status == 'done'" as a small tree, and what it means.

`parse` reads it, `matches` defines it; stores compile the tree to their own language and are
held to the definition. docs/query.md has the grammar.
"""

from __future__ import annotations

from pycaddy.filters._evaluate import IsStale, Seen, matches
from pycaddy.filters._order import Order, names_of, parse_order, sorted_runs
from pycaddy.filters._parse import MAX_DEPTH, MAX_LENGTH, parse
from pycaddy.filters._tree import (
    FIELDS,
    PARTS,
    STATISTICS,
    And,
    Expr,
    Literal,
    Name,
    Not,
    Or,
    Test,
    conditions_in,
)

__all__ = [
    "FIELDS",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "PARTS",
    "STATISTICS",
    "And",
    "Expr",
    "IsStale",
    "Literal",
    "Name",
    "Not",
    "Or",
    "Order",
    "Seen",
    "Test",
    "conditions_in",
    "matches",
    "names_of",
    "parse",
    "parse_order",
    "sorted_runs",
]
