"""Runs found by what they are: as sessions, as tables, in groups, side by side, and compared."""

from __future__ import annotations

from pycaddy.query.diff import Diff, diff
from pycaddy.query.join import join
from pycaddy.query.migrate import Migration, MigrationReport, migrate
from pycaddy.query.rows import Rows
from pycaddy.query.runs import Runs, select

__all__ = [
    "Diff",
    "Migration",
    "MigrationReport",
    "Rows",
    "Runs",
    "diff",
    "join",
    "migrate",
    "select",
]
