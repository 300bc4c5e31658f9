"""What holds for all tests."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings

from pycaddy.server import PrivateServer
from tests.postgres import postgres_url, with_schema
from tests.servers import server_folder

# No test asserts a time, property tests included: other work may slow the machine down.
settings.register_profile("no time", deadline=None)
settings.register_profile("fast", deadline=None, max_examples=20)
settings.load_profile("no time")

# A shell starts a job in the background with SIGINT ignored, and every process of a test would
# inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What `--fast` leaves out, beside tests marked `slow`. Without `--fast` no test is left out.
TESTS = Path(__file__).parent
SLOW_FOLDERS = ("benchmarks", "examples", "executors", "faults", "server")
SLOW_FIXTURES = ("browser", "made_server", "page", "postgres", "server")
LEFT_OUT = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="leave out slow tests, and count them")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("fast"):
        settings.load_profile("fast")


def why_slow(item: pytest.Item) -> str:
    """Return why `--fast` leaves *item* out: its folder, a fixture or a mark. Empty: it stays."""
    folder = item.path.relative_to(TESTS).parts[0]
    if folder in SLOW_FOLDERS:
        return f"in tests/{folder}"
    for fixture in SLOW_FIXTURES:
        if fixture in getattr(item, "fixturenames", ()):
            return f"with the fixture {fixture}"
    if "postgres" in item.nodeid:  # some ask for the fixture only when they run
        return "with postgres in the name"
    return "marked slow" if item.get_closest_marker("slow") else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("fast"):
        return
    reasons = [why_slow(item) for item in items]
    config.stash[LEFT_OUT] = dict(Counter(filter(None, reasons)))
    if hasattr(config, "workeroutput"):  # a process of pytest-xdist tells the one that prints
        config.workeroutput["left_out"] = config.stash[LEFT_OUT]
    items[:] = [item for item, reason in zip(items, reasons, strict=True) if not reason]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", {})


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
    """Print what the fault tests have counted, and what `--fast` has left out.

    The fault tests record it as the property "figures".
    """
    reports = [report for found in terminalreporter.stats.values() for report in found]
    properties = {tuple(p) for report in reports for p in getattr(report, "user_properties", ())}
    figures = sorted(str(text) for name, text in properties if name == "figures")
    if figures:
        terminalreporter.section("faults")
    for line in figures:
        terminalreporter.write_line(line)
    left_out = terminalreporter.config.stash.get(LEFT_OUT, {})
    if left_out:
        terminalreporter.section(f"--fast left out {sum(left_out.values())} tests")
        for reason, count in sorted(left_out.items()):
            terminalreporter.write_line(f"{count:5} {reason}")
        terminalreporter.write_line("Property tests tried fewer examples. Run all before a merge.")
