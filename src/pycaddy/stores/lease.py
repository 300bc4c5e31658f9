"""How long a ledger with a clock of its own waits for the owner of a run."""

from __future__ import annotations

__all__ = ["LEASE_S"]

LEASE_S = 120.0
"""Seconds without a beat after which an owner on another machine counts as dead."""
