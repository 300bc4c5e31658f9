"""Files of runs: those that the ledger names, inside the project, and harmless in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from pycaddy import Project
from pycaddy.codec import FileRecord, encode_files
from pycaddy.web._files import FileRefused, _open_resolved, open_contained
from tests.web.served import Answer, Served, serving

SECRET = b"nobody else's business"
LOG = bytes(range(256)) * 300

FILES = {
    "notes.txt": b"plain",
    "table.csv": b"a,b\n1,2\n",
    "facts.json": b"{}",
    "page.html": b"<script>alert(1)</script>",
    "page.xhtml": b"<script>alert(1)</script>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "code.js": b"alert(1)",
    "data.xml": b"<x/>",
    "curve.png": b"\x89PNG",
    "weights.pt": b"PK",
    "no_ending": b"<html>",
    "paper.pdf": b"%PDF",
    "empty.log": b"",
    "run.log": LOG,
    'a "b";c%0d.txt': b"quotes",
    "größe.txt": b"umlauts",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One run with files of many kinds; beside its project, a secret."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "secret.txt").write_bytes(SECRET)
    project = Project(folder / "results")
    run = project.session("train").start()
    os.makedirs(run.folder / "folder")
    for name, content in FILES.items():
        (run.folder / name).write_bytes(content)
    run.attach_files({name: run.folder / name for name in FILES})
    run.attach_files({"folder": run.folder / "folder", "gone": run.folder / "gone.txt"})
    os.symlink("notes.txt", run.folder / "link.txt")
    os.symlink(folder, run.folder / "out")
    os.link(folder / "secret.txt", run.folder / "hard.txt")
    os.mkfifo(run.folder / "fifo")
    return project


@pytest.fixture(scope="module")
def page(project: Project) -> Iterator[Served]:
    with serving(project.root) as served:
        yield served


def fetch(page: Served, key: str, method: str = "GET", **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"/api/file?project=results&run=train/0001&key={quote(key, safe='')}"
    return page.ask(path, method, headers=sent)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_sent_as_it_is_under_its_own_name(page: Served, name: str) -> None:
    answer = fetch(page, name)
    assert (answer.status, answer.body) == (200, FILES[name])
    how, _, called = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert how in ("inline", "attachment")
    assert unquote(called) == name
    head = fetch(page, name, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(FILES[name]))


@pytest.mark.parametrize("name", FILES)
def test_no_file_can_run_or_reach_anything(page: Served, name: str) -> None:
    headers = fetch(page, name).headers
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    kind = headers["content-type"].partition(";")[0]
    harmless = kind in ("text/plain", "image/png")
    assert harmless or headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("notes.txt", "text/plain; charset=utf-8"),
        ("facts.json", "text/plain; charset=utf-8"),
        ("code.js", "text/plain; charset=utf-8"),
        ("data.xml", "text/plain; charset=utf-8"),
        ("page.html", "application/octet-stream"),
        ("page.xhtml", "application/octet-stream"),
        ("no_ending", "application/octet-stream"),
        ("drawing.svg", "image/svg+xml"),
        ("curve.png", "image/png"),
    ],
)
def test_the_type_is_ours_and_not_the_machines(page: Served, name: str, kind: str) -> None:
    assert fetch(page, name).headers["content-type"] == kind


@pytest.mark.parametrize("name", ["run", "project", "key"])
@pytest.mark.parametrize(
    "value",
    [
        "../secret.txt",
        "../../secret.txt",
        "..%2Fsecret.txt",
        "%2e%2e/secret.txt",
        "..\\secret.txt",
        "train/../../secret.txt",
        "train/0001/../../../secret.txt",
        "train/0001/notes.txt",
        "/etc/passwd",
        "file:///etc/passwd",
        "//etc/passwd",
        "notes.txt%00",
        "results%00",
        ".pycaddy/ledger.db",
        "\r\nSet-Cookie: a=b",
        "A" * 4000,
        "",
    ],
)
def test_a_path_from_outside_leads_nowhere(page: Served, name: str, value: str) -> None:
    query = {"project": "results", "run": "train/0001", "key": "notes.txt", name: value}
    # Written as they are, and quoted: a proxy in between may do either.
    for write in (
        lambda text: text.replace("\r\n", "%0d%0a").replace(" ", "+"),
        lambda text: quote(text, safe=""),
    ):
        path = "&".join(f"{key}={write(text)}" for key, text in query.items())
        answer = page.ask(f"/api/file?{path}")
        assert answer.status in (400, 404)
        assert SECRET not in answer.body
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("../secret.txt", 403),
        ("train/0001/../../../secret.txt", 403),
        ("train/./0001/notes.txt", 403),
        ("train//0001/notes.txt", 403),
        ("/etc/passwd", 403),
        ("{root}/train/0001/notes.txt", 403),
        ("train/0001/link.txt", 403),
        ("train/0001/out/secret.txt", 403),
        ("train/0001/out/results/train/0001/notes.txt", 403),
        ("train/0001/folder", 403),
        ("train/0001/fifo", 403),
        ("train/0001", 403),
        (".pycaddy/ledger.db", 403),
        (".PyCaddy/ledger.db", 403),
        (".pycaddy/project.json", 403),
        ("train/0001/metrics.db", 403),
        ("train/0001_metrics.db-wal", 403),
        ("", 403),
        ("train/0001/notes.txt\0", 403),
        ("train/0001/gone.txt", 404),
        ("train/0001/notes.txt/more", 404),
        ("elsewhere/0001/notes.txt", 404),
    ],
)
def test_a_path_in_the_ledger_is_not_believed_either(
    page: Served, project: Project, path: str, status: int
) -> None:
    store = project.ledger.store
    record = project.session("forged").record
    forged = FileRecord(path.format(root=project.root))
    assert store.swap(record, record.changed(files_text=encode_files({"it": forged})))
    answer = page.get("/api/file", project="results", run=str(record.key), key="it")
    assert answer.status == status
    assert str(record.key) in answer.error
    assert SECRET not in answer.body


def test_without_descriptors_of_folders_the_same_is_refused(project: Project) -> None:
    root = str(project.root)
    with os.fdopen(_open_resolved(root, ["train", "0001", "notes.txt"]), "rb") as file:
        assert file.read() == b"plain"
    for name in ("link.txt", "out/secret.txt", "fifo", "folder"):
        with pytest.raises(FileRefused):
            _open_resolved(root, ["train", "0001", *name.split("/")])


def test_a_root_that_is_itself_a_link_may_be_served(project: Project, tmp_path: Path) -> None:
    os.symlink(project.root, tmp_path / "link")
    with open_contained(str(tmp_path / "link"), "train/0001/notes.txt") as file:
        assert file.read() == b"plain"


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-199", 100, 200),
        ("bytes=76700-", 76700, 76800),
        ("bytes=-100", 76700, 76800),
        ("bytes=76799-99999999", 76799, 76800),
    ],
)
def test_a_part_of_a_file_is_sent(page: Served, wanted: str, start: int, end: int) -> None:
    for method in ("GET", "HEAD"):
        answer = fetch(page, "run.log", method, Range=wanted)
        assert answer.status == 206
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/76800"
        assert answer.headers["content-length"] == str(end - start)
        assert answer.body == (LOG[start:end] if method == "GET" else b"")


@pytest.mark.parametrize("wanted", ["bytes=76800-", "bytes=99999999-", "bytes=-0"])
def test_a_part_that_there_is_not_is_416(page: Served, wanted: str) -> None:
    answer = fetch(page, "run.log", Range=wanted)
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */76800")
    assert fetch(page, "empty.log", Range="bytes=0-").status == 416


@pytest.mark.parametrize(
    "wanted",
    ["bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=-1-2"],
)
def test_what_is_no_single_range_gets_the_whole(page: Served, wanted: str) -> None:
    answer = fetch(page, "run.log", Range=wanted)
    assert (answer.status, answer.body) == (200, LOG)
    assert "content-range" not in answer.headers


def test_a_part_of_another_state_of_the_file_is_not_sent(page: Served) -> None:
    tag = fetch(page, "run.log").headers["etag"]
    assert fetch(page, "run.log", Range="bytes=0-9", If_Range=tag).status == 206
    assert fetch(page, "run.log", Range="bytes=0-9", If_Range='"other"').status == 200
    assert fetch(page, "run.log", If_None_Match=tag).status == 304


def test_a_growing_log_is_read_on_from_where_one_was(page: Served, project: Project) -> None:
    run = project.session("growing").start()
    log = run.path("out.log")
    run.attach_files({"log": log})
    log.write_bytes(b"first\n")
    read = b""
    for line in (b"", b"second\n", b"third\n"):
        with log.open("ab") as file:
            file.write(line)
        answer = page.ask(
            "/api/file?project=results&run=growing/0001&key=log",
            headers={"Range": f"bytes={len(read)}-"},
        )
        read += answer.body
    assert read == b"first\nsecond\nthird\n"
