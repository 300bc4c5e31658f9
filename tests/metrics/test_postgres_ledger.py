"""Metrics of a project whose ledger is in PostgreSQL: the points lie in the database, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pycaddy import ExistingRun, Project
from pycaddy.metrics.live import recorders
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.project import Session
from pycaddy.stores.postgres.url import conninfo
from pycaddy.testing.metrics import points
from tests.scripts import answer, killed

LOSE = """
    import sys
    from pycaddy import Project
    run = Project("results", ledger=sys.argv[1]).session("train").start()
    run.log("loss", 2.0)
    run.flush()
"""
GO_ON = """
    import sys
    from pycaddy import ExistingRun, Project
    project = Project("results", ledger=sys.argv[1])
    run = project.session("train", None, ExistingRun.CONTINUE).start()
    run.log("loss", 1.0)
    print(run.uid, *run.metrics("loss").values)
"""


@pytest.fixture
def project(tmp_path: Path, ledger_url: str) -> Iterator[Project]:
    project = Project(tmp_path / "results", ledger=ledger_url)
    yield project
    project.ledger.store.close()


def rows(url: str, table: str) -> int:
    """How many rows there are in a table of the ledger."""
    with psycopg.connect(conninfo(url)) as sql:
        found = sql.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert found is not None
        return int(found[0])


def ended(project: Project, values: list[float]) -> Session:
    run = project.session("train").start()
    for value in values:
        run.log("loss", value)
    return run.done()


def test_points_and_the_summary_are_in_the_database(project: Project, ledger_url: str) -> None:
    run = project.session("train").start()
    run.log("loss", float("nan"))
    run.log("loss", 0.5)
    recorders[str(run.folder / "metrics.db")].publish()
    assert run.record.summary["loss"]["count"] == 2
    run.log("loss", 0.25)
    run.done()
    assert not (run.folder / "metrics.db").exists()
    assert rows(ledger_url, "block") == 1
    assert run.record.summary["loss"]["min"] == 0.25
    assert run.metrics("loss").summary == run.record.summary["loss"]


def test_a_long_series_is_kept_in_blocks_of_a_thousand(project: Project, ledger_url: str) -> None:
    run = project.session("train").start()
    for flush in range(25):
        for number in range(100):
            run.log("loss", float(flush * 100 + number))
        run.flush()
    run.done()
    assert list(run.metrics("loss").values) == [float(number) for number in range(2500)]
    assert rows(ledger_url, "block") == 3


def test_the_summary_of_a_lost_process_is_made_from_its_points(
    tmp_path: Path, project: Project, ledger_url: str
) -> None:
    killed(LOSE, tmp_path, ledger_url)
    run = project.session_of("train/0001")
    assert run.record.summary == {}
    run.error("it was killed")
    assert run.record.summary["loss"]["last"] == 2.0


def test_two_processes_log_one_attempt_after_another(
    tmp_path: Path, project: Project, ledger_url: str
) -> None:
    killed(LOSE, tmp_path, ledger_url)
    assert answer(GO_ON, tmp_path, ledger_url) == "0001 2.0 1.0"
    run = project.session_of("train/0001")
    assert list(run.metrics("loss").steps) == [0, 1]
    assert [each.key for each in project.reap()] == [run.key]
    assert run.record.summary["loss"] == run.metrics("loss").summary


def test_doctor_makes_a_summary_that_is_missing_and_finds_nothing_else(
    project: Project, ledger_url: str
) -> None:
    run = ended(project, [2.0])
    with psycopg.connect(conninfo(ledger_url)) as sql:
        sql.execute("UPDATE run SET summary = NULL, revision = revision + 1")
    assert "older than" in next(str(f) for f in project.doctor(fix=True) if "metrics" in str(f))
    assert run.record.summary["loss"]["last"] == 2.0
    assert not [finding for finding in project.doctor() if "metrics" in str(finding)]


def test_points_stay_in_the_trash_and_are_deleted_with_the_run(
    project: Project, ledger_url: str
) -> None:
    run, other = ended(project, [2.0]), ended(project, [3.0])
    run.remove()
    assert list(run.metrics("loss").values) == [2.0]
    project.restore(run.key)
    assert list(run.metrics("loss").values) == [2.0]
    run.remove()
    project.empty_trash()
    assert (rows(ledger_url, "series"), rows(ledger_url, "block")) == (1, 1)
    assert list(other.metrics("loss").values) == [3.0]


def test_a_rebuild_keeps_the_points(project: Project, ledger_url: str) -> None:
    run = ended(project, [2.0])
    with psycopg.connect(conninfo(ledger_url)) as sql:
        sql.execute("DELETE FROM run")
    assert project.rebuild().added == 1
    assert list(project.session_of(run.key).metrics("loss").values) == [2.0]


def test_a_run_whose_points_came_in_a_file_goes_on_in_it(tmp_path: Path, ledger_url: str) -> None:
    local = Project(tmp_path / "results")
    run = local.session("train").start()
    run.log("loss", 2.0)
    run.error("stopped")
    local.ledger.store.close()
    (local.root / ".pycaddy/ledger.db").unlink()
    there = Project(local.root, ledger=ledger_url)
    there.rebuild()
    again = there.session("train", None, ExistingRun.CONTINUE).start()
    again.log("loss", 1.0)
    again.done()
    assert list(again.metrics("loss").values) == [2.0, 1.0]
    assert rows(ledger_url, "block") == 0
    there.ledger.store.close()


def test_an_archive_has_the_points(project: Project, tmp_path: Path) -> None:
    from pycaddy.interop.archive import export_archive, import_archive

    run = ended(project, [2.0, float("inf")])
    project.session("train").start().done()
    # What an earlier copy has left behind is not what is packed.
    SqliteMetrics(str(run.folder / "metrics.db")).append(1, {"loss": points([7.0])})
    assert export_archive(project, tmp_path / "runs.zip").left_out == ()
    local = Project(tmp_path / "elsewhere")
    import_archive(local, tmp_path / "runs.zip")
    assert list(local.session_of("train/0001").metrics("loss").values) == [2.0, float("inf")]
