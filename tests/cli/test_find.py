"""Which project a command is about."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_project, run, snapshot

COMMANDS = [["ls"], ["ls", "train"], ["show", "train/0001"], ["verify"], ["doctor"], ["rebuild"]]


@pytest.mark.parametrize("folder", [".", "train", "train/0001", "imagenet", ".pycaddy"])
def test_a_project_is_found_from_any_folder_in_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(project.root / folder)
    assert document("ls")["project"] == str(project.root)


@pytest.mark.parametrize("option", ["-p", "--project"])
@pytest.mark.parametrize("path", ["", "train/0001", ".pycaddy/ledger.db"])
def test_an_option_names_another_project(
    project: Project, tmp_path: Path, option: str, path: str
) -> None:
    other = make_project(tmp_path / "other")
    assert document("ls", option, other.root / path)["project"] == str(other.root)


@pytest.mark.parametrize("command", ["verify", "doctor", "rebuild"])
def test_checks_take_the_project_as_an_argument(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(project.root.parent)
    assert document(command, "results")["project"] == str(project.root)
    assert document(command, "-p", "results")["project"] == str(project.root)
    both = invoke(command, "results", "-p", "results")
    assert both.exit_code == 2
    assert "PATH or --project, not both" in both.stderr


def test_the_nearest_project_is_meant(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = make_project(project.root / "grid")
    monkeypatch.chdir(inner.root / "train")
    assert document("ls")["project"] == str(inner.root)


def test_a_project_is_known_by_its_file_where_the_ledger_was_deleted(project: Project) -> None:
    project.ledger.store.close()
    (project.root / ".pycaddy/ledger.db").unlink()
    result = invoke("ls")
    assert result.exit_code == 3
    assert f"Run `pycaddy rebuild {project.root}`" in result.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_without_a_project_a_command_says_so_and_makes_nothing(
    tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "train/0001").mkdir(parents=True)
    before = snapshot(tmp_path)
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{tmp_path} is in no project" in done.stderr
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_looking_at_a_project_leaves_every_file_as_it_was(
    project: Project, words: list[str]
) -> None:
    project.ledger.store.close()
    before = snapshot(project.root)
    done = run(*words, cwd=project.root)
    assert done.returncode == 0, done.stderr
    assert snapshot(project.root) == before


def test_a_project_just_below_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root.parent)
    assert "add `-p results`" in invoke("ls").stderr
    make_project(project.root.parent / "old" / "grid")
    assert "old/grid, results. Add one of them, as in `-p old/grid`" in invoke("ls").stderr


def test_a_path_that_does_not_exist_is_wrong_usage(project: Project) -> None:
    result = invoke("ls", "-p", "nowhere")
    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr
    assert not Path("nowhere").exists()


def test_a_project_whose_ledger_folder_is_gone_is_rebuilt_only_by_name(project: Project) -> None:
    project.ledger.store.close()
    shutil.rmtree(project.root / ".pycaddy")
    unnamed = invoke("rebuild")
    assert unnamed.exit_code == 2
    assert "`pycaddy rebuild PATH`" in unnamed.stderr
    assert not (project.root / ".pycaddy").exists()
    assert document("rebuild", ".")["added"] == 4
    assert len(document("ls")["runs"]) == 4
