"""What the page is told about runs, and when."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from pycaddy import Project
from pycaddy.web._access import Access
from pycaddy.web._openapi import document
from pycaddy.web._watch import Watcher
from pycaddy.web.app import create_app
from pycaddy.web.page import Page
from tests.web.served import Served, serving

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    odd = project.session("odd", {SCRIPT: SCRIPT, "nan": float("nan"), "list": list(range(99))})
    odd.start().error(f"{SCRIPT}\n{SCRIPT}")
    with serving(project.root, "--read-only") as served:
        yield served


def names(page: Served, **query: str | int) -> list[str]:
    runs = page.get("/api/runs", project="results", **query).document["runs"]
    return [run["run"] for run in runs]


NEWEST = [
    "odd/0001",
    "train/0004",
    "eval/0001",
    "imagenet/train/0001",
    "train/0003",
    "train/0002",
    "train/0001",
]


def test_projects_are_listed_with_what_they_hold(page: Served, project: Project) -> None:
    listed = page.get("/api/projects").document
    assert listed["read_only"] is True
    (found,) = listed["projects"]
    assert (found["name"], found["root"]) == ("results", str(project.root))
    assert [(kind["relpath"], kind["identifier"], kind["counts"]) for kind in found["kinds"]] == [
        ("", "eval", {"pending": 1}),
        ("", "odd", {"error": 1}),
        ("", "train", {"done": 3, "running": 1}),
        ("imagenet", "train", {"error": 1}),
    ]


def test_runs_come_newest_first_or_by_name(page: Served) -> None:
    assert names(page) == NEWEST
    assert names(page, order="name") == sorted(NEWEST, key=lambda name: (name.count("/"), name))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_make_up_the_whole_list(page: Served, size: int) -> None:
    offsets = range(0, len(NEWEST) + size, size)
    assert [n for offset in offsets for n in names(page, offset=offset, limit=size)] == NEWEST


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "done"}, ["train/0003", "train/0002", "train/0001"]),
        ({"status": "error"}, ["odd/0001", "imagenet/train/0001"]),
        ({"relpath": "imagenet"}, ["imagenet/train/0001"]),
        ({"relpath": "", "identifier": "train", "status": "running"}, ["train/0004"]),
        ({"identifier": "eval"}, ["eval/0001"]),
        ({"identifier": "' OR 1=1 --"}, []),
        ({"offset": 2**53}, []),
    ],
)
def test_a_part_of_the_runs_is_listed_and_counted(
    page: Served, query: dict[str, str | int], expected: list[str]
) -> None:
    listed = page.get("/api/runs", project="results", **query, limit=2).document
    assert [run["run"] for run in listed["runs"]] == expected[:2]
    assert listed["total"] == (len(expected) if "offset" not in query else len(NEWEST))


def test_a_filter_and_an_order_are_carried_out(page: Served) -> None:
    assert names(page, where="lr < 1", sort="-result.loss") == []
    assert names(page, where="optimizer.lr < 0.05", sort="result.loss") == [
        "train/0003",
        "train/0002",
    ]
    assert names(page, sort="-optimizer.lr", limit=2) == ["train/0001", "train/0002"]
    assert names(page, where="stale or status == 'error'", order="name") == [
        "odd/0001",
        "train/0004",
        "imagenet/train/0001",
    ]


def test_what_a_filter_describes_is_counted_when_asked(page: Served) -> None:
    query: dict[str, str | int] = {"project": "results", "where": "epochs == 10", "limit": 2}
    assert page.get("/api/runs", **query).document["total"] is None
    counted = page.get("/api/count", project="results", where="epochs == 10").document
    assert counted == {"total": 3}
    for offset, expected in ((0, ["train/0003", "train/0002"]), (2, ["train/0001"]), (3, [])):
        part = page.get("/api/runs", **query, offset=offset).document
        assert [run["run"] for run in part["runs"]] == expected
        assert part["total"] == 3
    assert page.get("/api/count", project="results").document == {"total": len(NEWEST)}


def test_a_count_is_forgotten_when_something_changes(tmp_path: Path) -> None:
    project = Project(tmp_path / "counted")
    project.session("train", {"lr": 1})
    with serving(project.root) as page:
        query = {"project": "counted", "where": "lr == 1"}
        assert page.get("/api/count", **query).document == {"total": 1}
        project.session("train", {"lr": 1})
        assert page.get("/api/count", **query).document == {"total": 2}
        assert len(page.get("/api/runs", **query).document["runs"]) == 2


def test_a_run_whose_process_is_gone_is_marked(page: Served) -> None:
    (run,) = page.get("/api/runs", project="results", status="running").document["runs"]
    assert (run["run"], run["status"], run["stale"]) == ("train/0004", "running", True)


def test_a_row_is_flat_and_short(page: Served) -> None:
    (odd,) = page.get("/api/runs", project="results", identifier="odd").document["runs"]
    assert odd["params"][SCRIPT] == SCRIPT
    assert odd["params"]["nan"] == "NaN"
    assert len(odd["params"]["list"]) == 120
    assert odd["error"] == SCRIPT
    (first,) = page.get("/api/runs", project="results", offset=6).document["runs"]
    assert first["params"] == {"epochs": 10, "optimizer.lr": 0.1}
    assert first["result"] == {"loss": 0.2}


def test_a_run_is_told_whole(page: Served, project: Project) -> None:
    run = page.get("/api/run", project="results", run="train/0001").document
    assert run["params"] == {"epochs": 10, "optimizer": {"lr": 0.1}}
    assert run["folder"] == str(project.root / "train/0001")
    assert [move["status"] for move in run["history"]] == ["pending", "running", "done"]
    (file,) = run["files"]
    assert (file["key"], file["path"], file["size"]) == ("model", "train/0001/model.pt", 7)
    odd = page.get("/api/run", project="results", run="odd/0001")
    assert odd.document["params"]["nan"] == {"__float__": "nan"}
    assert odd.document["error"] == f"{SCRIPT}\n{SCRIPT}"
    assert odd.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/runs", 400, "project='' is none of results"),
        ("/api/runs?project=other", 400, "'other'"),
        ("/api/runs?project=results&limit=0", 400, "from 1 to 500"),
        ("/api/runs?project=results&limit=501", 400, "from 1 to 500"),
        ("/api/runs?project=results&limit=%C2%B2", 400, "whole number"),
        ("/api/runs?project=results&offset=-1", 400, "whole number"),
        ("/api/runs?project=results&offset=99999999999999999999", 400, "whole number"),
        ("/api/runs?project=results&status=DONE", 400, "pending, running, done, error"),
        ("/api/runs?project=results&order=params", 400, "newest, name"),
        ("/api/runs?project=results&by=lr", 400, "Known: project, "),
        ("/api/runs?project=results&where=lr%20<<%201", 400, "lr << 1"),
        ("/api/runs?project=results&where=__import__(%27os%27)", 400, "not a condition"),
        ("/api/runs?project=results&sort=tags", 400, "tags"),
        ("/api/runs?project=results&project=results", 400, "given twice"),
        ("/api/run?project=results", 400, "run=train/0007"),
        ("/api/run?project=results&run=0001", 400, "run=train/0007"),
        ("/api/run?project=results&run=train/x", 400, "run=train/0007"),
        ("/api/run?project=results&run=train/0000", 404, "No run '0000'"),
        ("/api/run?project=results&run=train/0042", 404, "pycaddy ls train"),
        ("/api/run?project=results&run=../0001", 404, "No run"),
        ("/api/run?project=results&run=..%2F..%2Ftrain/0001", 404, "leads to another folder"),
        ("/api/file?project=results&run=train/0001&key=x", 404, "no file 'x'"),
        ("/api/openapi.json?x", 400, "nothing to ask for"),
        ("/api/projects/", 404, "nothing here"),
        ("/elsewhere", 404, "openapi.json lists"),
    ],
)
def test_what_cannot_be_answered_is_told_in_a_sentence(
    page: Served, path: str, status: int, word: str
) -> None:
    answer = page.ask(path)
    assert answer.status == status
    assert word in answer.error


@pytest.mark.parametrize(
    "path", ["/api/projects", "/api/runs?project=results", "/api/openapi.json"]
)
def test_what_has_not_changed_is_not_sent_again(page: Served, path: str) -> None:
    tag = page.ask(path).headers["etag"]
    again = page.ask(path, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert page.ask(path, headers={"If-None-Match": '"other"'}).status == 200


def test_a_change_by_another_process_is_told(page: Served, project: Project) -> None:
    stream = HTTPConnection("127.0.0.1", page.port, timeout=60)
    stream.request("GET", "/api/events", headers={"Cookie": page.cookie})
    events = stream.getresponse()
    assert events.headers["content-type"].startswith("text/event-stream")
    while events.readline() != b"event: listening\n":
        pass
    tag = page.ask("/api/projects").headers["etag"]
    # The first look is taken after the greeting, so changes are made until one is seen.
    code = (
        "import sys; from pycaddy import Project; run = Project(sys.argv[1]).session('told')\n"
        "while True: run.start().done(); run.reopen(); run.done()"
    )
    with subprocess.Popen([sys.executable, "-c", code, project.root]) as other:
        while events.readline() != b"event: changed\n":
            pass
        assert json.loads(events.readline().partition(b"data: ")[2]) == {"project": "results"}
        other.kill()
    stream.close()
    changed = page.ask("/api/projects", headers={"If-None-Match": tag})
    assert changed.status == 200
    assert [kind["identifier"] for kind in changed.document["projects"][0]["kinds"]] == [
        "eval",
        "odd",
        "told",
        "train",
        "train",
    ]


def test_the_page_looks_with_a_ledger_that_cannot_be_written(project: Project) -> None:
    page = Page([str(project.root)])
    assert all(ledger.read_only for ledger in page.projects.values())
    page.close()


def test_a_ledger_that_is_gone_is_told_and_comes_back(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    with serving(tmp_path) as page:
        name = page.get("/api/projects").document["projects"][0]["name"]
        ledger = tmp_path / ".pycaddy/ledger.db"
        ledger.rename(tmp_path / "aside.db")
        gone = page.get("/api/runs", project=name)
        assert gone.status == 503
        assert "pycaddy rebuild" in gone.error
        (tmp_path / "aside.db").rename(ledger)
        assert page.get("/api/runs", project=name).document["total"] == 1


def test_every_route_is_described_and_every_description_has_a_route() -> None:
    guard = create_app({}, Access((), ""), Watcher({}), read_only=True)
    assert isinstance(guard.app, Starlette)
    routes = {route.path for route in guard.app.routes if isinstance(route, Route)}
    assert routes - {"/", "/static/{name:path}"} == set(document()["paths"])
