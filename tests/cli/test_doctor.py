from __future__ import annotations

from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_stale_run


def test_a_healthy_project_has_no_problem(project: Project) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"{project.root}: no problem.\n")


def test_a_problem_is_told_with_advice_and_the_exit_code_is_1(project: Project) -> None:
    (project.root / "train/0001/run.json").unlink()
    result = invoke("doctor")
    assert result.exit_code == 1
    assert f"problem  {project.root}/train/0001/run.json: cannot be read" in result.stdout
    assert "`pycaddy doctor --fix` writes it again" in result.stdout
    assert result.stdout.endswith(": 1 problem.\n")


def test_what_was_mended_is_no_problem_any_more(project: Project) -> None:
    sidecar = project.root / "train/0001/run.json"
    content = sidecar.read_bytes()
    sidecar.unlink()
    result = invoke("doctor", "--fix")
    assert result.exit_code == 0
    assert "mended  " in result.stdout
    assert sidecar.read_bytes() == content


def test_the_document_holds_each_finding(project: Project) -> None:
    (project.root / "train/0001/run.json").unlink()
    found = document("doctor", exit_code=1)
    assert (found["project"], found["fix"]) == (str(project.root), False)
    (finding,) = [finding for finding in found["findings"] if finding["severe"]]
    assert finding == {
        "subject": str(project.root / "train/0001/run.json"),
        "problem": "cannot be read: No such file or directory",
        "advice": "`pycaddy doctor --fix` writes it again",
        "severe": True,
        "fixed": False,
    }


def test_a_stale_run_is_a_note_and_no_problem(project: Project) -> None:
    make_stale_run(project.root)
    result = invoke("doctor")
    assert result.exit_code == 0
    assert "note  run train/0004: is RUNNING, and its process" in result.stdout
