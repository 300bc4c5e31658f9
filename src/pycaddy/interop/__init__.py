"""Runs carried out of a project and into another one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pycaddy.interop.archive import (
        ExportReport,
        ImportReport,
        Limits,
        export_archive,
        import_archive,
    )

__all__ = ["ExportReport", "ImportReport", "Limits", "export_archive", "import_archive"]

_HOMES = {
    "pycaddy.interop.archive": (
        "ExportReport",
        "ImportReport",
        "Limits",
        "export_archive",
        "import_archive",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    # On demand: each way out of a project needs libraries that the others do not.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pycaddy.interop' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
