"""Projects and sessions: what experiments are written with."""

from __future__ import annotations

from pycaddy.layout import StorageMode
from pycaddy.project.project import Project
from pycaddy.project.session import Session
from pycaddy.project.strategy import ExistingRun
from pycaddy.status import Status

__all__ = ["ExistingRun", "Project", "Session", "Status", "StorageMode"]
