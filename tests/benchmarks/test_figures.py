"""The benchmarks run, and measure what they say. How long anything takes is not asked here."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import pages, peers
from benchmarks._bare import pair, text_and_key
from benchmarks._ledgers import live, params_of
from benchmarks.killed import campaign
from benchmarks.peers._client import Client
from benchmarks.run import FIGURES
from pycaddy.params import freeze
from pycaddy.project import ExistingRun
from tests.processes import finished

ROOT = Path(__file__).parents[2]
LOCKED = sorted((ROOT / "benchmarks" / "peers").glob("*.in"))

Row = dict[str, Any]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a quick run of all figures writes."""
    folder = tmp_path_factory.mktemp("bench")
    command = (sys.executable, "-m", "benchmarks.run", "--quick")
    done = finished(*command, "--data", folder / "data", "--results", folder / "results", cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert not list((folder / "data").iterdir())
    return folder / "results"


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_measured_with_its_floor_and_its_limit(results: Path, figure: str) -> None:
    rows: list[Row] = json.loads((results / f"{figure}.json").read_text())["rows"]
    assert rows
    assert len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        kind = "bytes" if "ours_bytes" in row else "s"
        for name in (f"ours_{kind}", f"floor_{kind}", "ratio"):
            assert math.isfinite(row[name]), row
            assert row[name] > 0, row
        assert "limit" in row, row


def test_the_machine_is_described(results: Path) -> None:
    machine = json.loads((results / "lifecycle.json").read_text())["machine"]
    assert machine["cores"] >= 1
    assert machine["fsync_us"] > 0
    assert machine["sqlite"] == sqlite3.sqlite_version


def test_peers_do_the_same_work_in_the_same_rounds(tmp_path: Path) -> None:
    rows = peers.measure(tmp_path, quick=True, peers=("bare", "pycaddy"))
    assert {row["peer"] for row in rows} == {"bare", "pycaddy"}
    assert all(math.isfinite(row["ratio"]) for row in rows)
    assert all(row["ratio"] == 1 for row in rows if row["peer"] == "bare")


def test_pages_are_opened_until_their_first_row_is_there(tmp_path: Path) -> None:
    rows = pages.measure(tmp_path, quick=True, peers=("pycaddy",))
    assert [row["name"] for row in rows] == ["first of 1,000 runs", "first of 2,000 runs"]
    assert {row["peer"] for row in rows} == {"pycaddy"}
    assert rows[0]["ratio"] == 1


def test_a_peer_is_killed_and_asked_for_all_that_was_over(tmp_path: Path) -> None:
    toll = campaign("pycaddy", tmp_path, rounds=2)
    assert (toll.kills, toll.lost, toll.broken) == (2, 0, 0)
    assert toll.over >= 6


def test_a_peer_that_ends_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No module named 'signac'"):
        Client("signac", Path(sys.executable), tmp_path / "signac")


@pytest.mark.parametrize("source", LOCKED, ids=lambda path: path.stem)
def test_the_environment_of_a_peer_is_locked(source: Path) -> None:
    lock = source.with_suffix(".txt").read_text()
    for pinned in source.read_text().split():
        assert pinned in lock, "`python3 dev.py lock` writes the lock files"
    assert "--hash=sha256:" in lock
    assert "://" not in lock


def test_the_floor_changes_the_ledger_with_the_statements_of_pycaddy(
    tmp_path: Path, traced: list[str]
) -> None:
    with pair(tmp_path, runs=3) as (project, bare):
        live(project, params_of(3))
        bare.live(text_and_key(params_of(3)))
        ours = changes(traced, lambda: live(project, params_of(4)))
        floor = changes(traced, lambda: bare.live(text_and_key(params_of(4))))
    assert ours == floor


def test_the_floor_writes_the_files_of_pycaddy(tmp_path: Path) -> None:
    with pair(tmp_path, runs=3) as (project, bare):
        live(project, params_of(3))
        bare.live(text_and_key(params_of(3)))
    ours, floor = (files(tmp_path / side / "train") for side in ("ours", "floor"))
    assert ours.keys() == floor.keys() == {"0004/model.pt", "0004/run.json"}
    for name, size in ours.items():
        assert size == pytest.approx(floor[name], abs=10), name  # the numbers of a run's own


def test_a_filled_ledger_is_one_that_pycaddy_could_have_written(tmp_path: Path) -> None:
    with pair(tmp_path, runs=30) as (project, bare):
        assert len(project.sessions("train", status=None)) == len(bare.listed()) == 30
        for number in (0, 17, 29):
            params = params_of(number)
            run = project.session("train", params, ExistingRun.RESUME)
            assert run.is_done()
            assert run.params == params
            assert run.uid == f"{number + 1:04d}"
            assert bare.is_done(freeze(params).key)
        assert project.session("train", params_of(30), ExistingRun.RESUME).uid == "0031"
        assert project.ledger.store.check() == []


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that runs on a connection made from now on."""
    statements: list[str] = []
    connect = sqlite3.connect

    def tracing(*args: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*args, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", tracing)
    return statements


def changes(traced: list[str], call: Callable[[], object]) -> list[list[str]]:
    """The statements of *call* that change something: their words in any order, no values."""
    traced.clear()
    call()
    values = re.compile(r"'(?:[^']|'')*'|\b\d+\b|\bNULL\b")
    words = [re.findall(r"\w+", values.sub("", statement)) for statement in traced]
    reading = (["SELECT"], ["PRAGMA", "data_version"])
    return [sorted(found) for found in words if found[:1] not in reading and found not in reading]


def files(folder: Path) -> dict[str, int]:
    """The sizes of the files below *folder*."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in found}
