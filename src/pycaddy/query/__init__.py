"""Runs found by what they are: as sessions, as tables, in groups, side by side, and compared."""

from __future__ import annotations

from pycaddy.query._aggregate import known_names
from pycaddy.query._table import names_that_vary
from pycaddy.query.diff import MISSING, Diff, diff
from pycaddy.query.join import join
from pycaddy.query.migrate import Migration, MigrationReport, migrate
from pycaddy.query.rows import Rows
from pycaddy.query.runs import Runs, select

__all__ = [
    "MISSING",
    "Diff",
    "Migration",
    "MigrationReport",
    "Rows",
    "Runs",
    "diff",
    "join",
    "known_names",
    "migrate",
    "names_that_vary",
    "select",
]
