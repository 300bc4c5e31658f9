"""What holds for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from pycaddy.server import PrivateServer
from tests.postgres import postgres_url, with_schema
from tests.servers import server_folder

# No test asserts a time, property tests included: other work may slow the machine down.
settings.register_profile("no time", deadline=None)
settings.load_profile("no time")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server that the tests of this process share."""
    with postgres_url() as url:
        yield url


@pytest.fixture
def ledger_url(postgres: str) -> str:
    """The URL of a PostgreSQL ledger that nobody has used yet."""
    return with_schema(postgres, f"t_{uuid4().hex}")


@pytest.fixture(scope="session")
def made_server() -> Iterator[Path]:
    """The folder of a server of one's own that was up once, and is down: copy it."""
    with pytest.MonkeyPatch.context() as patch, server_folder() as folder:
        patch.setenv("PGPASSFILE", str(folder.parent / "pgpass"))
        server = PrivateServer(str(folder))
        server.up()
        server.down()
        yield folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the fault tests have counted: they record it as the property "figures"."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    properties = {tuple(p) for report in reports for p in getattr(report, "user_properties", ())}
    figures = sorted(str(text) for name, text in properties if name == "figures")
    if figures:
        terminalreporter.section("faults")
    for line in figures:
        terminalreporter.write_line(line)
