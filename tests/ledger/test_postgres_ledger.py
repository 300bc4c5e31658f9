"""A project whose ledger is in PostgreSQL: how it is named, and what is never shown."""

from __future__ import annotations

import json
import logging
import pickle
import shutil
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from pycaddy import DictSweep, ExistingRun, Project
from pycaddy.errors import InvalidNameError, LedgerError
from pycaddy.ledger import Ledger
from tests.postgres import postgres as a_server

SECRET = "geh/eim"
ENCODED = "geh%2Feim"


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYCADDY_LEDGER", raising=False)


def live(project: Project) -> str:
    with project.session("train") as run:
        run.path("x.txt").write_text("x")
    project.ledger.store.close()
    return run.uid


def test_the_same_script_runs_on_postgresql(tmp_path: Path, ledger_url: str) -> None:
    project = Project(tmp_path, ledger=ledger_url)
    for config in DictSweep({"lr": [0.1, 0.2]}):
        run = project.session("train", config, ExistingRun.RESUME).start()
        run.attach_files({"model": run.path("model.pt")}).done()
    assert all(
        project.session("train", config, ExistingRun.RESUME).is_done()
        for config in DictSweep({"lr": [0.1, 0.2]})
    )
    assert project.doctor(fix=True) is not None
    assert [finding for finding in project.doctor() if finding.severe] == []
    assert not (tmp_path / ".pycaddy" / "ledger.db").exists()
    project.ledger.store.close()


def test_the_explicit_ledger_comes_first_then_the_projects_then_the_environments(
    tmp_path: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYCADDY_LEDGER", ledger_url)
    shown = Ledger(ledger_url, root=tmp_path).address
    assert Project(tmp_path / "new").ledger.address == shown
    live(Project(tmp_path / "new"))
    monkeypatch.setenv("PYCADDY_LEDGER", "postgresql://elsewhere/x")
    assert Project(tmp_path / "new").ledger.address == shown
    assert Project(tmp_path / "new", ledger=tmp_path / "a.db").ledger.address.endswith("a.db")
    monkeypatch.delenv("PYCADDY_LEDGER")
    live(Project(tmp_path / "own"))
    monkeypatch.setenv("PYCADDY_LEDGER", ledger_url)
    assert Project(tmp_path / "own").ledger.address.endswith("ledger.db")
    monkeypatch.setenv("PYCADDY_LEDGER", str(tmp_path / "shared.db"))
    assert Project(tmp_path / "other").ledger.address == str(tmp_path / "shared.db")
    monkeypatch.setenv("PYCADDY_LEDGER", "s3://bucket")
    with pytest.raises(LedgerError, match="of no known kind"):
        Project(tmp_path / "another")


def test_folders_of_one_name_are_one_project(tmp_path: Path, ledger_url: str) -> None:
    here = Project(tmp_path / "here", ledger=ledger_url, name="imagenet")
    there = Project(tmp_path / "there", ledger=ledger_url, name="imagenet")
    other = Project(tmp_path / "other", ledger=ledger_url)
    assert [live(here), live(there), live(other)] == ["0001", "0002", "0001"]
    assert len(Project(tmp_path / "here").sessions()) == 2
    assert here.sub("x").ledger is here.ledger
    facts = json.loads((tmp_path / "here/train/0001/run.json").read_text())
    assert facts["project"] == "imagenet"
    with pytest.raises(LedgerError, match="is the project 'imagenet' already"):
        live(Project(tmp_path / "here", ledger=ledger_url, name="cifar"))
    with pytest.raises(InvalidNameError):
        Project(tmp_path / "new", name="a/b")


def test_a_ledger_of_its_own_has_a_name_too(tmp_path: Path) -> None:
    live(Project(tmp_path, name="imagenet"))
    assert Project(tmp_path).ledger.store.project == "imagenet"
    with pytest.raises(LedgerError, match="is the project 'imagenet' already"):
        live(Project(tmp_path, name="cifar"))


def test_a_url_alone_does_not_say_where_files_lie(ledger_url: str) -> None:
    with pytest.raises(LedgerError, match="root="):
        Ledger(ledger_url)


def test_a_rebuild_takes_runs_in_and_replaces_nothing(tmp_path: Path, ledger_url: str) -> None:
    live(Project(tmp_path / "a", ledger=ledger_url))
    shutil.copytree(tmp_path / "a" / "train" / "0001", tmp_path / "a" / "train" / "0007")
    project = Project(tmp_path / "a")
    assert (project.rebuild().added, project.rebuild().added) == (1, 0)
    assert [run.uid for run in project.sessions()] == ["0001", "0007"]
    shutil.rmtree(tmp_path / "a" / ".pycaddy")
    again = Project(tmp_path / "a", ledger=ledger_url)
    assert again.rebuild().added == 0  # its id stands in every run.json
    assert live(again) == "0008"


@pytest.fixture(scope="module")
def closed() -> Iterator[str]:
    """The URL of a server that asks for a password, with it."""
    with a_server(auth="scram-sha-256", password=SECRET) as server:
        yield server.url.replace("postgres@", f"postgres:{ENCODED}@")


def test_no_door_shows_the_password(
    tmp_path: Path, closed: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    project = Project(tmp_path, ledger=closed)
    run = project.session("train").start()
    shown = [repr(each) for each in (project, project.ledger, project.ledger.store, run)]
    shown += [str(project.ledger), project.ledger.address, project.ledger.store.address]
    shown += [project._repr_html_(), repr(run.record)]
    for error in failures(project, closed):
        shown += ["".join(traceback.format_exception(error)), repr(error), repr(vars(error))]
        shown.append(repr(pickle.dumps(error)))
    run.done()
    shown += [path.read_text() for path in tmp_path.rglob("*.json")]
    shown += [str(finding) for finding in project.doctor()]
    shown.append(caplog.text)
    text = "\n".join(shown)
    assert "127.0.0.1" in text
    assert SECRET not in text
    assert ENCODED not in text
    project.ledger.store.close()


def failures(project: Project, url: str) -> Iterator[BaseException]:
    wrong = url.replace(ENCODED, f"{ENCODED}{ENCODED}")
    for address in (wrong, f"{wrong}?sslpassword={ENCODED}&nonsense=1", wrong.replace("%2F", "/")):
        with pytest.raises(LedgerError) as refused:
            Project(project.root / "refused", ledger=address).sessions()
        yield refused.value
    with pytest.raises(LedgerError) as refused:
        project.ledger.for_root(project.root, "other").store.counts()
    yield refused.value


def test_a_project_that_travels_can_connect(tmp_path: Path, closed: str) -> None:
    project = Project(tmp_path, ledger=closed)
    assert live(project) == "0001"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(live, project).result() == "0002"


@pytest.mark.parametrize("variable", ["PYCADDY_LEDGER", "PGPASSWORD"])
def test_a_project_is_opened_again_with_the_password_of_the_environment(
    tmp_path: Path, closed: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(Project(tmp_path, ledger=closed))
    with pytest.raises(LedgerError, match="password"):
        Project(tmp_path).sessions()
    monkeypatch.setenv(variable, closed if variable == "PYCADDY_LEDGER" else SECRET)
    assert live(Project(tmp_path)) == "0002"
