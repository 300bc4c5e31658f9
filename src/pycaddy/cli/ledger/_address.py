"""From the words of a command line to a ledger."""

from __future__ import annotations

import os

from pycaddy.cli._project import no_project, open_project
from pycaddy.ledger import Ledger
from pycaddy.ledger.address import has_root

__all__ = ["open_ledger"]


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
    return Ledger(address, root=None if has_root(address) else open_project(project).root)
