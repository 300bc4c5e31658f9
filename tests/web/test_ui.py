"""`pycaddy ui` as a program: what it prints, opens and refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest

from pycaddy import Project
from tests.cli.sample import run
from tests.web.served import serving


def test_ctrl_c_ends_it_at_once_though_somebody_listens(project: Project) -> None:
    with serving(project.root) as served:
        stream = HTTPConnection("127.0.0.1", served.port, timeout=60)
        stream.request("GET", "/api/events", headers={"Cookie": served.cookie})
        events = stream.getresponse()
        assert events.readline() == b"retry: 1000\n"
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(60) == 0
        rest = events.read()  # the stream was ended, not cut
        assert rest.endswith(b"\n\n")
        assert served.process.communicate() == ("", "")
        stream.close()


def test_several_projects_are_told_apart_though_their_folders_have_one_name(
    tmp_path: Path,
) -> None:
    roots = [tmp_path / name / "results" for name in "ab"]
    for root in roots:
        Project(root).session(f"of_{root.parent.name}")
    with serving(*roots, roots[0]) as served:
        listed = served.get("/api/projects").document["projects"]
        assert [(each["name"], each["root"]) for each in listed] == [
            ("results", str(roots[0])),
            ("results-2", str(roots[1])),
        ]
        (found,) = served.get("/api/runs", project="results-2").document["runs"]
        assert found["run"] == "of_b/0001"


def test_the_browser_gets_a_link_that_works_once(project: Project, tmp_path: Path) -> None:
    programs, opened = tmp_path / "bin", tmp_path / "opened"
    programs.mkdir()
    os.mkfifo(opened)
    (programs / "xdg-open").write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    (programs / "xdg-open").chmod(0o755)
    with serving(project.root, env={"PATH": f"{programs}:/usr/bin:/bin"}) as served:
        link = opened.read_text().strip()
        assert served.token not in link
        token = link.partition("token=")[2]
        assert served.ask(f"/?token={token}", known=False).status == 303
        assert served.ask(f"/?token={token}", known=False).status == 401
        assert served.ask(f"/?token={served.token}", known=False).status == 303


def test_a_taken_port_is_told_in_a_sentence(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = run("ui", "--port", port, "--no-browser", cwd=Path(project.root))
    assert refused.returncode == 3
    assert f"cannot listen on 127.0.0.1 port {port}" in refused.stderr
    assert "Give another --port" in refused.stderr


def test_json_tells_the_link_and_the_projects(project: Project) -> None:
    with serving("--json", project.root) as served:
        printed = json.loads(served.printed)
    assert printed == {"link": served.link, "projects": {"results": str(project.root)}}


def test_without_a_project_nothing_is_served_or_made(tmp_path: Path) -> None:
    done = run("ui", cwd=tmp_path)
    assert done.returncode == 2
    assert "is in no project" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_there_is_not_is_wrong_usage(project: Project, port: str) -> None:
    assert run("ui", "--port", port, cwd=Path(project.root)).returncode == 2


def test_a_damaged_ledger_is_told_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / ".pycaddy").mkdir()
    (tmp_path / ".pycaddy/ledger.db").write_text("no database, and long enough to be seen as one")
    done = run("ui", "--no-browser", cwd=tmp_path)
    assert done.returncode == 3
    assert "ledger.db" in done.stderr
