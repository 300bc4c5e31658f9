"""Runs packed into one file, and taken into another project."""

from __future__ import annotations

from pycaddy.interop.archive.importing import ImportReport, import_archive
from pycaddy.interop.archive.reading import Limits
from pycaddy.interop.archive.writing import ExportReport, export_archive

__all__ = ["ExportReport", "ImportReport", "Limits", "export_archive", "import_archive"]
