"""A wheel without the page is not built: who installs it could not make the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    """Looks whether the page was assembled."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        index = Path(self.root, "src/pycaddy/web/static/index.html")
        if version != "editable" and not index.exists():
            raise FileNotFoundError(f"{index} is missing. Run: python3 dev.py ui")
