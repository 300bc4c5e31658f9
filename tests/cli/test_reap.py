from __future__ import annotations

from pathlib import Path

from pycaddy import Project, Status
from tests.cli.sample import begin_hanging, document, invoke, make_study


def killed(folder: Path) -> Project:
    """A project with one run whose process was killed."""
    make_study(folder)
    process = begin_hanging("worker", "simulate:hang", "--sweep", "sweep.json", cwd=folder)
    process.kill()
    process.communicate()
    return Project(folder / "results")


def test_a_run_whose_process_was_killed_becomes_an_error(tmp_path: Path) -> None:
    project = killed(tmp_path)
    result = invoke("reap", project.root)
    assert result.exit_code == 0
    first, last = result.stdout.splitlines()
    assert first.startswith("error  hang/0001  ")
    assert last == f"{project.root}: 1 stale run, now ERROR."
    assert project.session_of("hang/0001").status is Status.ERROR
    assert invoke("reap", project.root).stdout == f"{project.root}: no stale run.\n"


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    project = killed(tmp_path)
    found = document("reap", project.root, "--dry-run")
    assert (found["project"], found["dry_run"]) == (str(project.root), True)
    assert [(run["run"], run["stale"]) for run in found["runs"]] == [("hang/0001", True)]
    assert project.session_of("hang/0001").is_stale
    (reaped,) = document("reap", project.root)["runs"]
    assert (reaped["status"], reaped["stale"]) == ("error", False)


def test_a_live_run_is_left_alone(project: Project) -> None:
    live = project.session("train").start()
    assert document("reap")["runs"] == []
    assert live.status is Status.RUNNING
