"""What the page may change: tags, the note, and whether a run is in the trash or stale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project, Status
from tests.cli.sample import make_stale_run
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
        ([], "JSON object"),
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


def act(page: Served, run: object, action: object, **headers: str) -> Answer:
    sent = {"Origin": f"http://{page.host}", "Content-Type": "application/json", **headers}
    body = json.dumps({"action": action}).encode()
    return page.ask(f"/api/run?project=results&run={run}", "POST", headers=sent, body=body)


def listed(page: Served, **query: str) -> list[str]:
    answer = page.get("/api/runs", project="results", identifier="aside", **query)
    return [run["run"] for run in answer.document["runs"]]


def test_a_run_is_put_aside_and_brought_back(page: Served, project: Project) -> None:
    run = project.session("aside").start()
    run.path("model.pt").write_text("weights")
    busy = act(page, run.key, "trash")
    assert (busy.status, "RUNNING" in busy.error) == (409, True)
    run.done()
    assert act(page, run.key, "trash").document["trashed"] is True
    assert not run.folder.joinpath("model.pt").exists()
    assert (listed(page), listed(page, trashed="true")) == ([], ["aside/0001"])
    counted = page.get("/api/count", project="results", identifier="aside", trashed="true")
    assert counted.document == {"total": 1}
    assert page.get("/api/run", project="results", run="aside/0001").document["trashed"] is True
    assert act(page, run.key, "restore").document["trashed"] is False
    assert run.folder.joinpath("model.pt").read_text() == "weights"
    assert (listed(page), listed(page, trashed="true")) == (["aside/0001"], [])
    assert act(page, run.key, "restore").status == 404  # it is not in the trash


def test_only_a_stale_run_is_ended(page: Served, project: Project) -> None:
    run = project.session("alive").start()
    refused = act(page, run.key, "fail")
    assert (refused.status, "is not stale" in refused.error) == (409, True)
    assert run.record.status is Status.RUNNING
    run.done()
    make_stale_run(Path(project.root))
    stale = project.sessions("train", status=Status.RUNNING)[-1]
    ended = act(page, stale.key, "fail").document
    assert (ended["status"], ended["stale"]) == ("error", False)
    assert "died" in ended["error"]


@pytest.mark.parametrize("action", ["delete", "", None, ["trash"], {}])
def test_what_is_no_action_does_nothing(page: Served, action: object) -> None:
    assert act(page, "first/0001", action).status == 400


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
        assert act(reader, "first/0001", "trash").status == 403
    assert act(page, "first/0001", "trash", **forged).status == 403
    record = project.session_of("first/0001").record
    assert (record.note, record.trashed_us) == (None, None)


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
