from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


@pytest.fixture
def grid(project: Project) -> Project:
    """Two learning rates by three seeds, done, with the loss as their product and sum."""
    for lr in (0.1, 0.01):
        for seed in (1, 2, 3):
            with project.session("train", {"opt": {"lr": lr}, "seed": seed, "data": "a"}) as run:
                run.result = {"loss": lr * seed, "note": "fine"}
    return project
