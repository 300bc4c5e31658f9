"""A ledger made again from the folders tells new runs from old ones as before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pycaddy.project import Project
from pycaddy.stores import Selection


def rebuilt(project: Project) -> Project:
    project.ledger.store.close()
    shutil.rmtree(project.root / ".pycaddy")
    again = Project(project.root)
    again.rebuild()
    return again


def newest_first(project: Project) -> list[str]:
    return [str(run.key) for run in project.ledger.records(Selection(newest_first=True))]


def test_newest_first_means_the_same_after_a_rebuild(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for identifier in ("train", "eval", "train"):
        project.session(identifier).start().done()
    before = newest_first(project)
    assert before == ["train/0002", "eval/0001", "train/0001"]
    assert newest_first(rebuilt(project)) == before


def test_run_10000_is_newer_than_run_9999_after_a_rebuild(tmp_path: Path) -> None:
    project = Project(tmp_path)
    first = project.session("train", {"lr": 0.1}).start().done()
    facts = json.loads((first.folder / "run.json").read_text())
    for uid in ("9999", "10000"):  # written by hand: as many runs would take long
        folder = tmp_path / "train" / uid
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps({**facts, "uid": uid}))
    found = rebuilt(project).ledger.find_by_param_hash("train", first.param_hash)
    assert found is not None
    assert found[0] == "10000"
