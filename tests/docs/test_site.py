"""The documentation as a site."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.processes import finished

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    """A link to a page or a heading that does not exist is a warning."""
    for name in ("docs", "src"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    done = finished(sys.executable, "-m", "zensical", "build", "--strict", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "site" / "index.html").exists()
