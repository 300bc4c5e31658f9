"""`pycaddy rerun`: a run's command once more, on the code that it had."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pycaddy.project import Project
from tests.cli.sample import run as pycaddy
from tests.project.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "code", capture="git,packages")


def rerun(repository: Repository, *words: str, exit_code: int = 0, **env: str) -> Any:
    """The document that `pycaddy rerun` prints."""
    done = pycaddy(
        "rerun", "train/0001", *words, "--json", cwd=repository.folder / "results", **env
    )
    assert done.returncode == exit_code, done.stderr
    return json.loads(done.stdout)


def refused(repository: Repository, *words: str) -> str:
    done = pycaddy("rerun", "train/0001", *words, cwd=repository.folder / "results")
    assert (done.returncode, done.stdout) == (3, "")
    return done.stderr


def worktrees(repository: Repository) -> int:
    return len(repository.git("worktree", "list").splitlines())


def test_the_command_runs_on_the_code_that_it_had(repository: Repository) -> None:
    repository.write("model.py", "from extra import VALUE\n")
    repository.write("extra.py", "VALUE = 2\n")
    repository.python("train.py", "--epochs", "3")
    (repository.folder / "extra.py").unlink()
    repository.write("model.py", "VALUE = 3\n")
    repository.commit_all("later")
    before = repository.git("status", "--porcelain", "--branch")
    found = rerun(repository)
    assert found["command"] == [sys.executable, "-W", "error", "train.py", "--epochs", "3"]
    assert (found["commit"], found["exit_code"], found["warnings"]) == (repository.commit, 0, [])
    again = Project(Path(found["worktree"]) / "results").session_of("train/0001")
    assert again.result == {"value": 2}
    assert again.capture["git"]["commit"] == repository.commit
    assert again.capture["git"]["dirty"] is True
    assert repository.git("status", "--porcelain", "--branch") == before
    assert len(Project(repository.folder / "results").sessions("train")) == 1


def test_a_worktree_into_which_nothing_was_written_is_taken_away(
    repository: Repository, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    script = (repository.folder / "train.py").read_text().replace('"results"', repr(str(elsewhere)))
    repository.write("train.py", script)
    repository.commit_all("second")
    repository.python("train.py")
    done = pycaddy("rerun", "train/0001", "--json", cwd=elsewhere)
    found = json.loads(done.stdout)
    assert (found["exit_code"], found["worktree"]) == (0, None)
    assert worktrees(repository) == 1
    assert len(Project(elsewhere).sessions("train")) == 2


def test_a_dry_run_says_what_would_be_done(repository: Repository) -> None:
    repository.write("model.py", "VALUE = 2\n")
    repository.python("train.py")
    found = rerun(repository, "--dry-run")
    assert (found["exit_code"], found["worktree"], found["dry_run"]) == (None, None, True)
    assert found["patch"] == str(repository.folder / "results/train/0001/capture.patch")
    assert found["cwd"] == str(repository.folder)
    done = pycaddy("rerun", "train/0001", "--dry-run", cwd=repository.folder / "results")
    assert f"commit {repository.commit} with its changes" in done.stderr
    assert f"{sys.executable} -W error train.py" in done.stderr
    assert worktrees(repository) == 1


def test_a_command_from_a_folder_within_or_outside_finds_its_files(
    repository: Repository, tmp_path: Path
) -> None:
    for cwd, word in [
        (repository.folder / "sub", "../train.py"),
        (repository.folder / "sub", str(repository.folder / "train.py")),
        (tmp_path / "outside", "../code/train.py"),
        (tmp_path / "outside", str(repository.folder / "train.py")),
    ]:
        cwd.mkdir(exist_ok=True)
        shutil.rmtree(cwd / "results", ignore_errors=True)
        repository.write("model.py", "VALUE = 1\n")
        repository.python(word, cwd=cwd)
        repository.write("model.py", "VALUE = 9\n")
        done = pycaddy("rerun", "train/0001", "--json", cwd=cwd / "results")
        found = json.loads(done.stdout)
        assert found["exit_code"] == 0, done.stderr
        inside = cwd.is_relative_to(repository.folder)
        results = Path(found["worktree"]) / "sub/results" if inside else cwd / "results"
        last = Project(results).sessions("train")[-1]
        assert last.result == {"value": 1}


def test_in_place_the_code_is_that_of_today(repository: Repository) -> None:
    repository.python("train.py")
    repository.write("model.py", "VALUE = 5  # of another length: its bytecode may be cached\n")
    found = rerun(repository, "--in-place")
    assert (found["exit_code"], found["worktree"], found["commit"]) == (0, None, None)
    assert "the code is the one that is there now" in found["warnings"][0]
    runs = Project(repository.folder / "results").sessions("train")
    assert [run.result for run in runs] == [{"value": 1}, {"value": 5}]


def test_a_command_that_fails_is_said_to(repository: Repository) -> None:
    script = (repository.folder / "train.py").read_text()
    repository.write(
        "train.py", f"{script}\nimport os, sys\nsys.exit(int(os.environ.get('X', 0)))\n"
    )
    repository.commit_all("second")
    repository.python("train.py")
    assert rerun(repository, exit_code=1, X="7")["exit_code"] == 7


def test_what_is_missing_is_said(repository: Repository, tmp_path: Path) -> None:
    results = repository.folder / "results"
    repository.write("model.py", "VALUE = 2\n")
    repository.python("train.py")
    patch = results / "train/0001/capture.patch"
    patch.rename(patch.with_name("elsewhere"))
    assert "its changes are gone" in refused(repository)
    patch.write_text("diff --git a/nix b/nix\n--- a/nix\n+++ b/nix\n@@ -1 +1 @@\n-a\n+b\n")
    assert "cannot be put together: error: nix: No such file" in refused(repository)
    assert worktrees(repository) == 1
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.git("commit", "--quiet", "-am", "another beginning")
    repository.git("branch", "-D", "main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    assert f"commit {repository.commit} is not in {repository.folder}" in refused(repository)


@pytest.mark.parametrize(
    ("capture", "sentence"),
    [
        (None, "its code was not captured"),
        ("command", "its code was not captured. `--in-place` runs its command"),
        ("commit", "its code had changes that were not kept; Project(..., capture='git')"),
        ("git", "not kept (the changes since the commit are"),
    ],
)
def test_what_was_not_captured_is_said(tmp_path: Path, capture: str | None, sentence: str) -> None:
    repository = Repository(tmp_path / "code")
    script = (repository.folder / "train.py").read_text().replace("'git'", repr(capture))
    repository.write("train.py", script)
    repository.write("model.py", "VALUE = 1\n" + "# changed\n" * 200_000)
    repository.python("train.py")
    assert sentence in refused(repository)


def test_without_a_command_nothing_is_run_in_place_either(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "code")
    repository.python("train.py", "--token", "hunter2")
    assert "a secret in it" in refused(repository, "--in-place")


def test_a_run_outside_of_a_repository_is_run_in_place(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text(
        "from pycaddy.project import Project\nProject('results').session('train').start().done()\n"
    )
    subprocess.run([sys.executable, "go.py"], cwd=tmp_path, check=True)
    results = tmp_path / "results"
    assert "--in-place" in pycaddy("rerun", "train/0001", cwd=results).stderr
    assert pycaddy("rerun", "train/0001", "--in-place", cwd=results).returncode == 0
    assert len(Project(results).sessions("train")) == 2


def test_what_differs_from_then_is_said(repository: Repository) -> None:
    repository.write("model.py", 'VALUE = 1\nPASSWORD = "hunter2hunter2"\n')
    repository.write("large.py", "#" * 200_000)
    repository.python("train.py")
    packages = repository.folder / "results/train/0001/capture.packages.txt"
    packages.write_text("click==0.1\ngone==1.0\n")
    warnings = "\n".join(rerun(repository, "--dry-run")["warnings"])
    assert "1 lines of its changes had a secret" in warnings
    assert "the new file large.py was not kept" in warnings
    assert "click was 0.1, and is " in warnings
    assert "gone was 1.0, and is not installed" in warnings


def test_a_hook_of_the_repository_is_not_run(repository: Repository) -> None:
    hook = repository.write(".git/hooks/post-checkout", "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    repository.python("train.py")
    assert rerun(repository)["exit_code"] == 0


def test_show_tells_which_code_it_was(repository: Repository) -> None:
    repository.write("model.py", "VALUE = 2\n")
    repository.python("train.py")
    results = repository.folder / "results"
    shown = pycaddy("show", "train/0001", cwd=results).stdout
    assert f"{repository.commit} on main with changes" in shown
    assert f"{sys.executable} -W error train.py" in shown
    found = json.loads(pycaddy("show", "train/0001", "--json", cwd=results).stdout)
    assert found["capture"]["git"]["commit"] == repository.commit
    assert os.path.samefile(found["capture"]["cwd"], repository.folder)
