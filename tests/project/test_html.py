"""How projects and sessions look in a notebook: plain tables, and nothing of a run is markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from pycaddy.project import Project, Session

SCRIPT = "<script>alert('&\")</script>"
PLAIN = "script&lt; 'x'"


class Table(HTMLParser):
    """The texts and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs == []
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results & <more>")


def fill(run: Session) -> Session:
    run.attach_files({SCRIPT: run.project.root / f"{SCRIPT.replace('/', '')}.txt"})
    run.result = {SCRIPT: SCRIPT}
    return run


def test_a_session_is_a_table_of_what_is_known(project: Project) -> None:
    run = project.session("train", {"lr": 0.1, "net": "mlp"}).start()
    run.attach_files({"model": run.path("model.pt")})
    run.result = {"loss": 0.5}
    page = Table(run.done()._repr_html_())
    text = "\n".join(page.texts)
    for shown in ("train/0001", "DONE", "params.lr", "0.1", "'mlp'", "result.loss", "files.model"):
        assert shown in text
    assert str(run.path("model.pt")) in text


def test_a_session_shows_its_state_now(project: Project) -> None:
    run = project.session("train")
    project.session_of("train/0001").start().error("Traceback\nValueError: no data")
    text = Table(run._repr_html_()).texts
    assert "ERROR" in text
    assert "ValueError: no data" in text


def test_nothing_of_a_session_is_markup(project: Project) -> None:
    run = fill(project.session("train", {SCRIPT: SCRIPT, "b": [SCRIPT]}).start())
    html = run.error(f"{SCRIPT}\n{SCRIPT}")._repr_html_()
    page = Table(html)
    assert page.tags <= {"table", "caption", "code", "thead", "tbody", "tr", "th", "td"}
    assert "<script" not in html.lower()
    assert f"params.{SCRIPT}" in page.texts
    assert f"result.{SCRIPT}" in page.texts
    assert f"files.{SCRIPT}" in page.texts
    assert SCRIPT in page.texts


def test_a_project_counts_its_runs_by_identifier_and_status(project: Project) -> None:
    for _ in range(3):
        project.session("train").start().done()
    project.session("train").start().error()
    project.session("eval")
    project.sub("imagenet").session("train").start()
    project.session("gone").remove()
    texts = Table(project._repr_html_()).texts
    assert texts == [
        str(project.root),
        *("identifier", "PENDING", "RUNNING", "DONE", "ERROR"),
        *("eval", "1", "0", "0", "0"),
        *("imagenet/train", "0", "1", "0", "0"),
        *("train", "0", "0", "3", "1"),
    ]
    assert Table(project.sub("imagenet")._repr_html_()).texts[6:] == [
        *("imagenet/train", "0", "1", "0", "0")
    ]


def test_nothing_of_a_project_is_markup(project: Project) -> None:
    project.session("a&amp;b").start()
    html = project._repr_html_()
    assert "&lt;more&gt;" in html
    assert "a&amp;amp;b" in html
    assert "a&amp;b" in Table(html).texts


def test_an_empty_project_is_an_empty_table(project: Project) -> None:
    assert Table(project._repr_html_()).texts[0] == str(project.root)
