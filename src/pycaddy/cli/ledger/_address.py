"""From the words of a command line to a ledger."""

from __future__ import annotations

import os

from pycaddy.cli._find import no_project, open_project
from pycaddy.ledger import Ledger

__all__ = ["open_ledger", "root_of"]


def open_ledger(address: str | None, project: str | None) -> Ledger:
    """Return the ledger at *address*, or that of the project. Looking makes nothing.

    Args:
        address: A URL, a `.db` file or a folder in a project; None: the project's own.
        project: The value of `--project`: whose runs are meant.
    """
    if address is None or os.path.isdir(address):
        return open_project(address or project).ledger
    if "://" not in address and not os.path.exists(address):
        raise no_project(address)
    return Ledger(address, root=root_of(project))


def root_of(project: str | None) -> str:
    """Return the root of the project that is meant."""
    return str(open_project(project).root)
