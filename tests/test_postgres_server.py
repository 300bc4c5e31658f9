"""The server that tests run on: wherever its programs lie, and whoever runs the tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from tests import postgres


def test_it_runs_from_a_folder_that_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = postgres._programs().parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    programs = closed / package.name / "pginstall" / "bin"
    monkeypatch.setattr(postgres, "_programs", lambda: programs)
    with postgres.postgres() as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert closed.stat().st_mode & 0o777 == 0o700


def test_without_programs_and_without_a_url_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYCADDY_TEST_PG", raising=False)
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="PYCADDY_TEST_PG"), postgres.postgres_url():
        pass


def test_a_server_that_is_there_already_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYCADDY_TEST_PG", "postgresql://elsewhere/x")
    with postgres.postgres_url() as url:
        assert url == "postgresql://elsewhere/x"
