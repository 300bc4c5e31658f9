"""Metrics of a project whose ledger is in PostgreSQL: the points lie in the run's folder."""

from __future__ import annotations

from pathlib import Path

from pycaddy import Project
from pycaddy.metrics.live import recorders
from tests.scripts import killed

LOSE = """
    import sys
    from pycaddy import Project
    run = Project("results", ledger=sys.argv[1]).session("train").start()
    run.log("loss", 2.0)
    run.flush()
"""


def test_points_are_in_the_folder_and_the_summary_is_in_the_database(
    tmp_path: Path, ledger_url: str
) -> None:
    project = Project(tmp_path / "results", ledger=ledger_url)
    run = project.session("train").start()
    run.log("loss", float("nan"))
    run.log("loss", 0.5)
    recorders[str(run.folder / "metrics.db")].publish()
    assert run.record.summary["loss"]["count"] == 2
    run.log("loss", 0.25)
    run.done()
    assert (run.folder / "metrics.db").exists()
    assert run.record.summary["loss"]["min"] == 0.25
    assert run.metrics("loss").summary == run.record.summary["loss"]
    project.ledger.store.close()


def test_the_summary_of_a_lost_process_is_made_from_its_file(
    tmp_path: Path, ledger_url: str
) -> None:
    killed(LOSE, tmp_path, ledger_url)
    project = Project(tmp_path / "results", ledger=ledger_url)
    run = project.session_of("train/0001")
    assert run.record.summary == {}
    run.error("it was killed")
    assert run.record.summary["loss"]["last"] == 2.0
    project.ledger.store.close()
