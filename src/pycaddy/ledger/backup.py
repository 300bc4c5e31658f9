"""A copy of a project's ledger, taken while others work."""

from __future__ import annotations

import os
from datetime import UTC

from pycaddy._clock import to_datetime, utc_now_us
from pycaddy._files import make_folders
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.ledger.ledger import Ledger

__all__ = ["backup"]


def backup(ledger: Ledger, target: str | os.PathLike[str] | None = None) -> str:
    """Write a complete copy of the ledger, and return its path.

    The copy is of one moment. It is checked and on disk before it gets its name, so that under
    this name there is a whole copy or none.

    Args:
        target: The file. Default: one named after the time, in `.pycaddy/backups`.
    """
    path = _default(ledger.root) if target is None else os.path.abspath(target)
    make_folders(os.path.dirname(path))
    ledger.store.backup(path)
    return path


def _default(root: str) -> str:
    now = to_datetime(utc_now_us()).astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return os.path.join(root, LEDGER_FOLDER, "backups", f"ledger-{now}.db")
