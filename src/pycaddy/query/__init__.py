"""Runs found by what they are, as tables, and compared."""

from __future__ import annotations

from pycaddy.query.runs import Runs, find

__all__ = ["Runs", "find"]
