from __future__ import annotations

from pathlib import Path

from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_project, snapshot


def damage(project: Project) -> Path:
    project.ledger.store.close()
    ledger = project.root / ".pycaddy/ledger.db"
    ledger.write_bytes(b"no database")
    return ledger


def test_a_damaged_ledger_is_made_again_and_the_old_one_kept(project: Project) -> None:
    damage(project)
    result = invoke("rebuild")
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first == f"{project.root}: the folders hold 4 runs, of which 4 were new to the ledger."
    old = Path(second.removeprefix("The damaged ledger is now ").removesuffix("."))
    assert old.read_bytes() == b"no database"
    assert len(document("ls")["runs"]) == 4


def test_a_healthy_ledger_keeps_what_it_has(project: Project) -> None:
    assert document("rebuild") == {
        "project": str(project.root),
        "found": 4,
        "added": 0,
        "problems": [],
        "old_ledger": None,
    }
    assert "of which none were new" in invoke("rebuild").stdout
    assert len(document("ls")["runs"]) == 5


def test_what_was_left_out_is_told_and_the_exit_code_is_1(project: Project) -> None:
    damage(project)
    (project.root / "train/0002/run.json").write_text("{")
    result = invoke("rebuild")
    assert result.exit_code == 1
    assert f"problem  {project.root}/train/0002/run.json was left out: " in result.stdout
    (problem,) = document("rebuild", exit_code=1)["problems"]
    assert "was left out" in problem


def test_a_namespace_is_not_made_a_project_of_its_own(project: Project) -> None:
    before = snapshot(project.root)
    result = invoke("rebuild", "imagenet")
    assert result.exit_code == 2
    assert f"Name that: pycaddy rebuild {project.root}" in result.stderr
    assert snapshot(project.root).keys() == before.keys()


def test_the_project_around_the_current_folder_is_rebuilt(project: Project) -> None:
    inner = make_project(project.root / "grid")
    assert document("rebuild", "grid")["project"] == str(inner.root)
    assert document("rebuild")["found"] == 4


def test_a_folder_without_runs_is_refused_and_left_alone(tmp_path: Path) -> None:
    result = invoke("rebuild", tmp_path)
    assert result.exit_code == 3
    assert "there is nothing to rebuild from" in result.stderr
    assert snapshot(tmp_path) == {}
