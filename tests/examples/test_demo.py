"""The demonstration notices a script that does not keep what it promises."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.table import Table

from examples._demo import demo
from pycaddy import Project

GRID = [{"x": 1}, {"x": 2}, {"x": 3}]

SCRIPT = """
import sys
from pycaddy import ExistingRun, Project

project = Project(sys.argv[1])
for x in (1, 2, 3):
    run = project.session("train", params={{"x": x}}, existing_run_strategy={strategy})
    if run.is_done():
        continue
    with run:
        print(run.key)
        run.path("x.txt").write_text(str(x))
        run.attach_files({{"x": run.path("x.txt")}}, hash=True)
{more}
"""

Played = tuple[int, str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in which all of GRID is done."""
    project = Project(tmp_path / "results")
    for params in GRID:
        with project.session("train", params=params) as run:
            run.path("x.txt").write_text(str(params["x"]))
            run.attach_files({"x": run.path("x.txt")}, hash=True)
    return project


def play(
    project: Project,
    capsys: pytest.CaptureFixture[str],
    *,
    strategy: str = "ExistingRun.RESUME",
    more: str = "",
) -> Played:
    script = project.root / "grid.py"
    script.write_text(SCRIPT.format(strategy=strategy, more=more))
    code = demo(script, project, GRID, lambda project: Table())
    return code, capsys.readouterr().out


def test_a_script_that_trains_nothing_twice_passes(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output = play(project, capsys)
    assert code == 0
    assert "NOT SO" not in output


def test_a_script_that_trains_everything_again_does_not(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output = play(project, capsys, strategy="ExistingRun.NEW")
    assert code == 1
    assert "NOT SO: The last start trained what was missing" in output
    assert "NOT SO: Each of the 3 configurations has exactly one DONE run." in output


def test_a_script_that_writes_into_finished_runs_does_not(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "project.session_of('train', 2).path('x.txt').write_text('7')"
    code, output = play(project, capsys, more=more)
    assert code == 1
    assert "NOT SO: So are their 6 files" in output
    assert "NOT SO: Every attached file is as its run recorded it." in output


def test_a_script_that_changes_finished_runs_does_not(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "project.session_of('train', 2).reopen().done()"
    code, output = play(project, capsys, more=more)
    assert code == 1
    assert "NOT SO: The 3 runs that were DONE are untouched" in output


def test_a_script_that_fails_ends_the_demonstration(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match=r"grid\.py ended with exit code 3\."):
        play(project, capsys, more="sys.exit(3)")
