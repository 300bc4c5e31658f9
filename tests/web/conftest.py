from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pycaddy import Project
from tests.cli.sample import make_project, make_stale_run
from tests.web.browser import chromium
from tests.web.served import Served, serving


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample project, one stale run of train in it."""
    project = make_project(tmp_path_factory.mktemp("projects") / "results")
    make_stale_run(Path(project.root))
    return project


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    """The page of the sample project, opened by its link."""
    with serving(project.root) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
