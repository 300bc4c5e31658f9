"""What the quickstart says of a kill happens."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pycaddy import Project, Status
from tests.docs.program import program
from tests.processes import finished, killed_in_a_run

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_grid_of_the_quickstart_goes_on_after_a_kill(tmp_path: Path) -> None:
    script = tmp_path / "quickstart_md.py"
    script.write_text(program(ROOT / "docs/quickstart.md"))
    command = (sys.executable, "-W", "error", script)
    environment = {"PYTHONPATH": str(ROOT)}
    results = tmp_path / "results"

    _, killed = killed_in_a_run(*command, project=results, done=3, cwd=tmp_path, env=environment)
    again = finished(*command, cwd=tmp_path, env=environment)

    assert again.returncode == 0, again.stdout
    project = Project(results)
    done = project.sessions("train", status=Status.DONE)
    done_before = [run for run in done if int(run.uid) < int(killed.uid)]
    assert len(done_before) >= 3
    assert len(done) == 12
    assert len(again.stdout.splitlines()) == 12 - len(done_before)
    assert [run.key for run in project.sessions("train") if not run.is_done()] == [killed.key]
    assert killed.is_stale
