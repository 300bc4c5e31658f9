"""The schema's versions, and the step from each to the next."""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "LATEST", "LATEST_POSTGRES", "script"]

APPLICATION_ID = 0x70796361
"""Marks an SQLite file as a pycaddy ledger: "pyca" in ASCII."""

LATEST = 4
LATEST_POSTGRES = 4


def script(engine: str, version: int) -> str:
    """Return the SQL that takes *engine*'s schema from the version before to *version*."""
    from importlib.resources import files  # slow to import, and needed once in a ledger's life

    return files("pycaddy.stores").joinpath("sql", f"{engine}_{version:04d}.sql").read_text("utf-8")
