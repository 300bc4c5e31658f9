"""What the page may change: tags and the note of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project
from tests.web.served import Answer, Served, serving


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("marks") / "results")


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    project.session("first")
    with serving(project.root) as served:
        yield served


def change(page: Served, run: object, marks: Any, **headers: str) -> Answer:
    sent = {"Origin": f"http://{page.host}", "Content-Type": "application/json", **headers}
    body = marks if isinstance(marks, bytes) else json.dumps(marks).encode()
    return page.ask(f"/api/run?project=results&run={run}", "PATCH", headers=sent, body=body)


def test_tags_and_the_note_are_kept_in_the_ledger_and_beside_the_files(
    page: Served, project: Project
) -> None:
    run = project.session("train").start().tag("old")
    answer = change(page, run.key, {"tag": ["good", "b/2"], "untag": ["old"], "note": "größer"})
    assert answer.status == 200
    assert (answer.document["tags"], answer.document["note"]) == (["b/2", "good"], "größer")
    assert answer.document == page.get("/api/run", project="results", run=str(run.key)).document
    record = project.ledger.reread(run.record)
    assert (record.tags, record.note) == (("b/2", "good"), "größer")
    assert json.loads((run.folder / "run.json").read_text())["note"] == "größer"
    assert change(page, run.key, {"note": None}).document["note"] is None
    assert change(page, run.key, {}).document["tags"] == ["b/2", "good"]
    run.done()  # it was not taken out of the hands of whoever works on it


@pytest.mark.parametrize(
    ("marks", "word"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 60_000, "no JSON"),
        ([], "Send {"),
        ({"status": "done"}, "Send {"),
        ({"tag": "good"}, "list of texts"),
        ({"tag": [1]}, "list of texts"),
        ({"tag": ["two words"]}, "cannot be used"),
        ({"tag": ["<b>"]}, "cannot be used"),
        ({"untag": ["-x"]}, "cannot be used"),
        ({"note": 1}, "a text, or null"),
        ({"note": "x" * 20_001}, "20,000"),
    ],
)
def test_what_cannot_be_put_on_a_run_changes_nothing(page: Served, marks: Any, word: str) -> None:
    before = page.get("/api/run", project="results", run="first/0001").body
    answer = change(page, "first/0001", marks)
    assert answer.status == 400
    assert word in answer.error
    assert page.get("/api/run", project="results", run="first/0001").body == before


def test_a_run_that_there_is_not_is_not_marked(page: Served) -> None:
    assert change(page, "first/0042", {"note": "x"}).status == 404
    assert change(page, "..%2Ffirst/0001", {"note": "x"}).status == 404


def test_nobody_else_may_change_anything(page: Served, project: Project) -> None:
    forged = {"Origin": "http://attacker.example"}
    assert change(page, "first/0001", {"note": "x"}, **forged).status == 403
    assert change(page, "first/0001", {"note": "x"}, Cookie="").status == 401
    assert (
        change(page, "first/0001", {"note": "x"}, **{"Sec-Fetch-Site": "same-site"}).status == 403
    )
    assert change(page, "first/0001", b"note=x", **{"Content-Type": "text/plain"}).status == 415
    with serving(project.root, "--read-only") as reader:
        answer = change(reader, "first/0001", {"note": "x"})
        assert (answer.status, "--read-only" in answer.error) == (403, True)
    assert project.session_of("first/0001").record.note is None


def test_what_a_run_prints_is_sent_in_part(page: Served, project: Project, tmp_path: Path) -> None:
    run = project.session("printing").start()
    path = f"/api/log?project=results&run={run.key}"
    assert page.get("/api/run", project="results", run=str(run.key)).document["log"] is None
    assert page.ask(path).status == 404
    log = run.folder / "stdout.log"
    log.write_text("first\nlast\n")
    assert page.get("/api/run", project="results", run=str(run.key)).document["log"] == 11
    answer = page.ask(path, headers={"Range": "bytes=-5"})
    assert (answer.status, answer.body) == (206, b"last\n")
    log.unlink()
    (tmp_path / "secret").write_text("secret")
    log.symlink_to(tmp_path / "secret")
    assert page.ask(path).status == 403
    assert page.get("/api/run", project="results", run=str(run.key)).document["log"] is None
