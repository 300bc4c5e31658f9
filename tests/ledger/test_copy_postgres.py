"""A project's runs taken from SQLite to PostgreSQL and back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pycaddy.errors import LedgerError
from pycaddy.ledger import Ledger
from pycaddy.ledger.backup import backup
from pycaddy.ledger.copy import copy_ledger
from pycaddy.project import ExistingRun, Project
from pycaddy.status import Status
from pycaddy.stores.postgres.grants import grants
from tests.histories import live
from tests.ledger.test_copy import contents, numbers


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


@pytest.mark.parametrize("seed", range(10, 13))
def test_every_run_is_the_same_in_both_engines(
    project: Project, ledger_url: str, tmp_path: Path, seed: int
) -> None:
    live(project, seed)
    runs = contents(project.ledger)
    assert numbers(copy_ledger(project.root, ledger_url)) == (len(runs), 0, 0)
    there = Ledger(ledger_url, root=project.root)
    assert contents(there) == runs
    assert there.store.identifiers() == project.ledger.store.identifiers()
    assert there.store.folders("files") == project.ledger.store.folders("files")
    back = copy_ledger(ledger_url, tmp_path / "back.db", root=project.root)
    assert numbers(back) == (len(runs), 0, 0)
    assert contents(Ledger(tmp_path / "back.db", root=project.root)) == runs


def test_copying_again_brings_up_to_date(project: Project, ledger_url: str) -> None:
    live(project, 14)
    going = project.session("train", {"x": 1}).start()
    total = copy_ledger(project.root, ledger_url).copied
    assert numbers(copy_ledger(project.root, ledger_url)) == (0, 0, total)
    going.done()
    project.session("train", {"x": 2})
    assert numbers(copy_ledger(project.root, ledger_url)) == (1, 1, total - 1)
    assert contents(Ledger(ledger_url, root=project.root)) == contents(project.ledger)


def test_a_text_that_postgresql_cannot_take_stops_nothing(
    project: Project, ledger_url: str
) -> None:
    project.session("train").start().error("binary \0 output")
    assert numbers(copy_ledger(project.root, ledger_url)) == (1, 0, 0)
    assert numbers(copy_ledger(project.root, ledger_url)) == (0, 0, 1)
    assert numbers(copy_ledger(ledger_url, project.root, root=project.root)) == (0, 0, 1)


def test_a_run_that_is_another_one_is_not_overwritten(project: Project, ledger_url: str) -> None:
    project.session("train", {"x": 1}).start().done()
    copy_ledger(project.root, ledger_url)
    there = Ledger(ledger_url, root=project.root)
    there.allocate("train", params={"x": "theirs"})
    project.session("train", {"x": "ours"})
    before = contents(there)
    with pytest.raises(LedgerError, match="Run train/0002 is another one"):
        copy_ledger(project.root, ledger_url)
    assert contents(there) == before


def test_a_project_moves_to_the_database_and_back(project: Project, ledger_url: str) -> None:
    live(project, 15)
    for run in project.sessions(status=Status.RUNNING, recursive=True):
        run.error("given up")
    copy_ledger(project.root, ledger_url, switch=True)

    moved = Project(project.root)
    assert moved.ledger.address.startswith("postgresql://")
    assert moved.session("train", {"x": 1}, ExistingRun.NEW).start().done().is_done()
    assert not [finding for finding in moved.doctor() if finding.severe]
    runs = contents(moved.ledger)

    copy_ledger(moved.root, moved.root / ".pycaddy/ledger.db", switch=True)
    home = Project(project.root)
    assert home.ledger.address == str(project.root / ".pycaddy/ledger.db")
    assert contents(home.ledger) == runs
    assert not [finding for finding in home.doctor() if finding.severe]


def test_a_backup_of_a_database_is_a_file_to_copy_from(project: Project, ledger_url: str) -> None:
    live(project, 16)
    copy_ledger(project.root, ledger_url)
    runs = contents(project.ledger)
    path = backup(Ledger(ledger_url, root=project.root))
    assert contents(Ledger(path, root=project.root)) == runs
    assert numbers(copy_ledger(path, ledger_url, root=project.root)) == (0, 0, len(runs))


def test_a_role_that_may_not_make_tables_does_all_that_runs_need(
    project: Project, ledger_url: str, tmp_path: Path
) -> None:
    admin = Ledger(ledger_url, root=tmp_path / "admin")
    admin.allocate("train")
    role = "worker_" + admin.store.project[:12]
    with psycopg.connect(ledger_url.partition("?")[0]) as sql:
        sql.execute(f"CREATE ROLE {role} LOGIN".encode())
    worker_url = ledger_url.replace("//postgres@", f"//{role}@")
    with pytest.raises(LedgerError, match=r"pycaddy ledger init URL --grant"):
        Ledger(worker_url, root=tmp_path / "refused").allocate("train")

    statements = grants(ledger_url, role, carry_out=False)
    assert [statement[:6] for statement in statements] == ["GRANT "] * 5
    with pytest.raises(LedgerError, match=r"pycaddy ledger init URL --grant"):
        Ledger(worker_url, root=tmp_path / "refused").allocate("train")
    assert grants(ledger_url, role, carry_out=True) == statements

    worker = Project(tmp_path / "worker", ledger=worker_url)
    live(worker, 17, steps=40)
    with worker.session("logs") as run:
        run.log("loss", 1.0)
    assert list(run.metrics("loss").values) == [1.0]
    for run in worker.claim("grid", [{"x": x} for x in range(5)]):
        run.done()
    worker.reap()
    live(project, 18)
    copy_ledger(project.root, worker_url)
    assert worker.ledger.store.check() == []
    backup(worker.ledger)

    schema = ledger_url.rpartition("=")[2]
    with psycopg.connect(worker_url.partition("?")[0], autocommit=True) as sql:
        for forbidden in (
            f"CREATE TABLE {schema}.more (x int)",
            f"ALTER TABLE {schema}.run ADD COLUMN more int",
            f"DROP TABLE {schema}.run",
            f"UPDATE {schema}.meta SET value = '99'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                sql.execute(forbidden.encode())


def test_grants_to_nobody_are_refused_in_a_sentence(ledger_url: str, tmp_path: Path) -> None:
    Ledger(ledger_url, root=tmp_path).allocate("train")
    with pytest.raises(LedgerError, match='role "nobody here" does not exist'):
        grants(ledger_url, "nobody here", carry_out=True)
