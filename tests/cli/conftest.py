from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.project import Project
from tests.cli.sample import make_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The sample project; the tests stand in its root."""
    project = make_project(tmp_path / "results")
    monkeypatch.chdir(project.root)
    return project
