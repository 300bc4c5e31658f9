"""`pycaddy ledger`, as the programs that people start."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy.cli._exit import ExitCode
from pycaddy.project import Project
from tests.cli.sample import document, invoke, run
from tests.servers import server_folder


@pytest.fixture
def server(made_server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with server_folder(made_server) as folder:
        monkeypatch.setenv("PYCADDY_SERVER", str(folder))
        yield folder


def test_a_server_is_started_asked_and_stopped(server: Path, tmp_path: Path) -> None:
    up = run("ledger", "up", cwd=tmp_path)
    assert (up.returncode, up.stderr) == (0, "")
    url = run("ledger", "url", cwd=tmp_path).stdout.strip()
    assert f"export PYCADDY_LEDGER={url}\n" in up.stdout
    status = json.loads(run("ledger", "status", "--json", cwd=tmp_path).stdout)
    assert (status["running"], status["url"]) == (True, url)
    down = run("ledger", "down", cwd=tmp_path)
    assert down.stdout == f"{server}: stopped.\n"
    assert run("ledger", "status", cwd=tmp_path).returncode == ExitCode.PROBLEMS


def test_the_password_is_in_no_output(server: Path, tmp_path: Path) -> None:
    commands = (("up",), ("up", "--json"), ("status",), ("url",), ("down",), ("status", "--json"))
    said = [invoke("ledger", *words) for words in commands]
    passwords = {
        line.rpartition(":")[2]
        for path in (server / "passwords", tmp_path / "pgpass")
        for line in path.read_text().splitlines()
    }
    assert len(passwords) == 2
    assert not [each.output for each in said for word in passwords if word in each.output]


def test_a_new_project_is_kept_in_the_server(server: Path, tmp_path: Path) -> None:
    up = document("ledger", "up", "-p", tmp_path / "results")
    assert (up["project"], up["project_uses_it"]) == (str(tmp_path / "results"), True)
    facts = json.loads((tmp_path / "results/.pycaddy/project.json").read_text())
    assert facts["ledger"] == up["url"]


def test_a_project_in_the_server_follows_its_address(server: Path, tmp_path: Path) -> None:
    first = document("ledger", "up", "-p", tmp_path / "results")
    assert "is kept in it." in invoke("ledger", "up", "-p", tmp_path / "results").stdout
    document("ledger", "down")
    second = document("ledger", "up", "--host", "127.0.0.2", "--no-tls", "-p", tmp_path / "results")
    assert second["project_uses_it"]
    assert second["url"] == first["url"].replace("127.0.0.1", "127.0.0.2")
    facts = json.loads((tmp_path / "results/.pycaddy/project.json").read_text())
    assert facts["ledger"] == second["url"]


def test_what_runs_did_survives_the_death_of_the_server(server: Path, tmp_path: Path) -> None:
    up = document("ledger", "up", "-p", tmp_path / "results")
    project = Project(tmp_path / "results")
    assert project.ledger.address == up["url"]
    done = project.session("train", {"x": 1}).start().done()
    os.kill(up["pid"], signal.SIGKILL)
    again = document("ledger", "up")
    assert (again["url"], again["projects"]) == (up["url"], 1)
    assert again["pid"] != up["pid"]
    assert Project(tmp_path / "results").session_of("train/0001").record == done.record
    assert project.session("train", {"x": 2}).start().done().uid == "0002"


def test_a_project_moves_into_the_server_and_out_of_it(server: Path, project: Project) -> None:
    url = document("ledger", "up")["url"]
    before = document("ls", "--all")["runs"]
    there = document("ledger", "copy", ".", url, "--switch")
    assert (there["copied"], there["target"], there["switched"]) == (5, url, True)
    assert document("ledger", "info")["engine"] == "PostgreSQL"
    assert document("ls", "--all")["runs"] == before
    assert document("ledger", "status")["projects"] == 1
    back = document("ledger", "copy", ".", ".pycaddy/ledger.db", "--switch")
    assert back["copied"] == 5
    assert document("ls", "--all")["runs"] == before


def test_a_ledger_in_postgresql_is_made_for_a_role_that_may_not_make_one(
    ledger_url: str,
) -> None:
    shown = document("ledger", "init", ledger_url, "--grant", "pg_read_all_data", "--print")
    assert (shown["engine"], shown["granted"], len(shown["grants"])) == ("PostgreSQL", False, 5)
    made = invoke("ledger", "init", ledger_url, "--grant", "pg_read_all_data")
    assert made.exit_code == 0
    assert made.stdout.splitlines()[1:] == shown["grants"]
    assert 'GRANT SELECT, INSERT, UPDATE, DELETE ON "t_' in made.stdout


def test_grants_are_for_postgresql(project: Project) -> None:
    assert invoke("ledger", "init", ".", "--grant", "ada").exit_code == ExitCode.USAGE
    assert invoke("ledger", "init", ".", "--print").exit_code == ExitCode.USAGE


def test_a_project_that_has_a_ledger_keeps_it_until_it_is_copied(
    server: Path, project: Project
) -> None:
    up = invoke("ledger", "up")
    assert f"pycaddy ledger copy {project.root} postgresql://" in up.stdout
    assert Project(project.root).ledger.address == str(project.root / ".pycaddy/ledger.db")


def test_another_address_is_refused_in_a_sentence(server: Path, tmp_path: Path) -> None:
    refused = run("ledger", "up", "--host", "0.0.0.0", cwd=tmp_path)
    assert refused.returncode == ExitCode.ERROR
    assert "--no-tls" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_servers_whole_database_is_backed_up(server: Path, project: Project) -> None:
    invoke("ledger", "up")
    made = document("ledger", "backup", "--server")
    assert os.path.dirname(made["backup"]) == str(server / "backups")
    assert made["size"] == os.path.getsize(made["backup"]) > 0
    assert invoke("ledger", "backup", "--server", "-p", ".").exit_code == ExitCode.USAGE


def test_info_tells_of_a_ledger(project: Project) -> None:
    found = document("ledger", "info")
    assert (found["engine"], found["projects"], found["trashed"]) == ("SQLite", 1, 0)
    assert found["runs"] == {"pending": 1, "running": 0, "done": 3, "error": 1}
    project.session_of("train/0001").remove()
    shown = invoke("ledger", "info").stdout
    assert "1 pending, 2 done, 1 error, 1 in the trash" in shown


def test_a_ledger_is_looked_at_where_it_is_and_made_nowhere(project: Project) -> None:
    invoke("ledger", "backup", "copy.db")
    assert document("ledger", "info", "copy.db")["runs"] == document("ledger", "info")["runs"]
    before = sorted(os.listdir())
    assert invoke("ledger", "info", "other.db").exit_code == ExitCode.USAGE
    assert sorted(os.listdir()) == before


def test_init_makes_a_ledger_once(tmp_path: Path) -> None:
    made = document("ledger", "init", tmp_path / "results")
    assert made["ledger"] == str(tmp_path / "results/.pycaddy/ledger.db")
    assert document("ledger", "init", tmp_path / "results") == made


def test_copy_says_how_many_runs_there_are(project: Project) -> None:
    first = invoke("ledger", "copy", ".", "lab.db")
    assert "5 runs and 0 points of metrics copied from" in first.stdout
    assert "0 brought up to date, 0 there already. All compared." in first.stdout
    running = project.session("train", {"x": 1}).start()
    again = invoke("ledger", "copy", ".", "lab.db", "--switch")
    assert again.exit_code == ExitCode.ERROR
    assert f"run {running.key}" in again.stderr
    noted = invoke("ledger", "copy", ".", "lab.db")
    assert noted.stderr == "1 run still running: what they write stays in the source.\n"
    running.done()
    report = document("ledger", "copy", ".", "lab.db", "--switch")
    assert (report["copied"], report["updated"], report["unchanged"]) == (0, 1, 5)
    assert document("ledger", "info")["ledger"] == report["target"]
