"""A project that one may read and not write can be looked at."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy import Project

READER = """
import hashlib, os, sys, urllib.parse  # before the process may no longer read them
import pycaddy.stores.sqlite.store
from pycaddy import Project
from pycaddy.errors import LedgerStorageError

os.geteuid() or (os.setegid(65534), os.seteuid(65534))  # root may write everywhere
project = Project(sys.argv[1])
for run in project.sessions("train"):
    print(run.uid, run.status.name, run.params)
try:
    project.session("train")
except LedgerStorageError as error:
    print("refused:", error)
"""


def reader(root: Path) -> list[str]:
    """What somebody sees who may only read; run as root, the process becomes nobody first."""
    command = [sys.executable, "-c", READER, str(root)]
    (root / ".pycaddy").chmod(0o555)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (root / ".pycaddy").chmod(0o755)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that others may look into; pytest keeps its own to their owner."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "results"


def test_runs_can_be_read_where_nothing_can_be_written(root: Path) -> None:
    project = Project(root)
    project.session("train", {"lr": 0.1}).done()
    project.ledger.store.close()
    seen, refusal = reader(root)
    assert seen == "0001 DONE {'lr': 0.1}"
    assert "read-only" in refusal
    assert str(root) in refusal


def test_runs_can_be_read_while_their_owner_writes(root: Path) -> None:
    project = Project(root)
    project.session("train", {"lr": 0.1}).done()
    assert reader(root)[0] == "0001 DONE {'lr': 0.1}"
    project.session("train", {"lr": 0.2}).done()
    assert [line.split()[0] for line in reader(root)[:2]] == ["0001", "0002"]
