"""What an import of pycaddy must not load: it is paid by every script and every worker."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src"

ENTRANCES = ("pycaddy", "pycaddy.project", "pycaddy.ledger", "pycaddy.sweeper", "tracker")

# Each costs milliseconds and is needed, if at all, long after the import.
HEAVY = {
    "argparse",
    "asyncio",
    "concurrent.futures",
    "ctypes",
    "email",
    "http",
    "importlib.metadata",
    "importlib.resources",
    "logging",
    "multiprocessing",
    "pydoc",
    "socket",
    "ssl",
    "statistics",
    "subprocess",
    "unittest",
    "urllib.request",
    "xml",
}

REPORT = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(module: str) -> set[str]:
    """The modules that importing *module* adds to a bare interpreter."""
    command = [sys.executable, "-I", "-c", REPORT.format(module=module)]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


@pytest.mark.parametrize("module", ENTRANCES)
def test_an_import_loads_nothing_of_third_parties_and_nothing_heavy(module: str) -> None:
    loaded = loaded_by(module)
    ours = {"pycaddy", "tracker"}
    third_party = {name.partition(".")[0] for name in loaded} - ours - sys.stdlib_module_names
    assert not third_party
    assert not loaded & HEAVY


def test_the_check_sees_third_parties_and_heavy_modules() -> None:
    assert "click" in loaded_by("click")
    assert "logging" in loaded_by("concurrent.futures")
