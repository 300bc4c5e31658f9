"""The example of a study that is killed and goes on."""

from __future__ import annotations

import sys
from pathlib import Path

from pycaddy import Project, Status
from tests.processes import finished

SCRIPT = Path(__file__).parents[2] / "examples/optuna_study.py"


def test_a_killed_study_goes_on_to_its_end(tmp_path: Path) -> None:
    results = tmp_path / "results"
    done = finished(sys.executable, SCRIPT, results, "--trials", "6", "--demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "Killed with" in done.stdout
    assert "none lost and none done twice" in done.stdout
    assert len(Project(results).sessions("svc", status=Status.DONE)) == 6
