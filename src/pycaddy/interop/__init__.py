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
    from pycaddy.interop.earlier import EarlierReport, import_earlier
    from pycaddy.interop.tables import export_runs
    from pycaddy.web.report import write_report

__all__ = [
    "EarlierReport",
    "ExportReport",
    "ImportReport",
    "Limits",
    "export_archive",
    "export_runs",
    "import_archive",
    "import_earlier",
    "write_report",
]

_HOMES = {
    "pycaddy.interop.archive": (
        "ExportReport",
        "ImportReport",
        "Limits",
        "export_archive",
        "import_archive",
    ),
    "pycaddy.interop.earlier": ("EarlierReport", "import_earlier"),
    "pycaddy.interop.tables": ("export_runs",),
    "pycaddy.web.report": ("write_report",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    # On demand: each way out of a project needs libraries that the others do not.
    if name not in _HOME_OF:
        raise AttributeError(f"module 'pycaddy.interop' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
