"""An import that is killed, at each step it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.interop import export_archive, import_archive

DRIVER = Path(__file__).with_name("killed_import.py")
LEFT_BY_SQLITE = {"ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "import.lock"}


@pytest.mark.slow
def test_a_killed_import_shows_all_or_nothing_and_can_be_repeated(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    source, target = Project(tmp_path / "source"), Project(tmp_path / "target")
    with target.session("train", {"mine": True}) as run:
        run.path("log.txt").write_text("mine")
    failed = source.session("train", {"number": 1}).start()
    failed.path("log.txt").write_text("first")
    failed.attach_files({"log": failed.path("log.txt")}, hash=True)
    failed.error("no luck")
    export_archive(source, tmp_path / "runs.zip")
    import_archive(target, tmp_path / "runs.zip")  # so that one run is to be replaced
    failed.start().path("log.txt").write_text("second")
    failed.done()
    for number in range(2):
        with source.session("eval", {"number": number}) as run:
            run.path("scores.txt").write_text(f"{number}")
            run.attach_files({"scores": run.path("scores.txt")}, hash=True)
    export_archive(source, tmp_path / "runs.zip")
    target.ledger.store.close()
    command = [sys.executable, DRIVER, target.root, tmp_path / "runs.zip", "1"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    output = done.stdout
    tries = [json.loads(line) for line in output.splitlines()]

    mine = {"train/0001": ["done", 1]}
    before = mine | {"train/0002": ["error", 1]}
    after = mine | {"train/0002": ["done", 2], "eval/0001": ["done", 1], "eval/0002": ["done", 1]}
    logs = {"error": "first", "done": "second"}
    for one in tries:
        seen = one["after"]["runs"]
        assert seen in (before, after), one
        again = one["again"]
        assert again["runs"] == after, one
        assert again["logs"] == {"train/0001": "mine", "train/0002": logs["done"]}, one
        assert (again["wrong"], again["severe"]) == ([], []), one
        assert set(again["left"]) - LEFT_BY_SQLITE == {"ledger.db", "project.json"}, one
        assert again["files"] == tries[-1]["again"]["files"], one
    assert not tries[-1]["killed"]
    kills = sum(one["killed"] for one in tries)
    committed = sum(one["killed"] and one["after"]["runs"] == after for one in tries)
    assert kills > committed > 0
    record_property(
        "figures", f"{kills} imports killed, {committed} after their commit: none was half"
    )
