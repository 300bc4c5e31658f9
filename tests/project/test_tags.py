"""Tags and notes: on any run, by anybody, kept wherever the run is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pycaddy.errors import InvalidNameError, RunNotFoundError
from pycaddy.project import Project, Session, Status
from tests.scripts import killed


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def in_status(project: Project, status: Status) -> Session:
    run = project.session("train")
    if status is not Status.PENDING:
        run.start()
    if status is Status.ERROR:
        run.error("no data")
    if status is Status.DONE:
        run.done()
    return run


@pytest.mark.parametrize("status", list(Status))
def test_a_run_is_marked_in_any_status_and_by_any_handle(project: Project, status: Status) -> None:
    run = in_status(project, status)
    project.session_of(run.key).tag("paper", "baseline").note("the one of figure 3")
    assert run.tags == ("baseline", "paper")
    assert run.record.note == "the one of figure 3"
    assert run.status is status


def test_tags_add_up_and_each_is_there_once(project: Project) -> None:
    run = project.session("train").tag("a").tag("b", "a").untag("b", "never")
    assert run.tags == ("a",)


def test_a_note_takes_the_place_of_the_one_before(project: Project) -> None:
    run = project.session("train").note("first").note("second")
    assert run.record.note == "second"
    assert run.note(None).record.note is None
    assert run.note("x").note("").record.note is None


def test_the_owner_goes_on_after_others_have_marked_its_run(project: Project) -> None:
    with project.session("train") as run:
        project.session_of(run.key).tag("kept")
        run.result = {"loss": 1}
    assert run.is_done()
    assert run.tags == ("kept",)


def test_a_handle_of_an_older_attempt_may_mark_and_not_end_the_run(project: Project) -> None:
    old = project.session("train").start()
    old.error("x")
    project.session_of(old.key).start()
    assert old.tag("seen").tags == ("seen",)
    assert old.status is Status.RUNNING


def test_marks_are_in_the_description_and_outlive_the_ledger(project: Project) -> None:
    run = project.session("train").start().done().tag("paper").note("Überraschung\n2")
    described = json.loads((run.folder / "run.json").read_text())
    assert (described["tags"], described["note"]) == (["paper"], "Überraschung\n2")
    project.ledger.store.close()
    (project.root / ".pycaddy/ledger.db").unlink()
    again = Project(project.root)
    again.rebuild()
    record = again.session_of("train/0001").record
    assert (record.tags, record.note) == (("paper",), "Überraschung\n2")


def test_a_mark_survives_a_kill(project: Project) -> None:
    killed("""
        from pycaddy.project import Project
        Project("results").session("train").tag("kept").note("too")
    """, project.root.parent)  # fmt: skip
    record = project.session_of("train/0001").record
    assert (record.tags, record.note) == (("kept",), "too")


@pytest.mark.parametrize("tag", ["v1.0", "paper/fig-3", "größe", "a:b@c+d", "_x", "7", "x" * 64])
def test_a_tag_is_one_word(project: Project, tag: str) -> None:
    assert project.session("train").tag(tag).tags == (tag,)


@pytest.mark.parametrize(
    "tag", ["", "two words", "-x", "a,b", "a=b", "a\n", "\x1b[31m", "\ud800", "x" * 65, "\u202ex"]
)
def test_what_is_no_word_is_refused_and_changes_nothing(project: Project, tag: str) -> None:
    run = project.session("train").tag("before")
    with pytest.raises(InvalidNameError, match="note"):
        run.tag("fine", tag)
    assert run.tags == ("before",)


def test_a_tag_is_kept_in_its_composed_form(project: Project) -> None:
    run = project.session("train").tag("gro\u0308\u00dfe")
    assert run.tags == ("gr\u00f6\u00dfe",)
    assert run.untag("gro\u0308\u00dfe").tags == ()


def test_a_note_that_no_database_takes_is_written_out(project: Project) -> None:
    assert project.session("train").note("a\0\ud800").record.note == "a\\x00\\ud800"


def test_a_note_has_a_limit(project: Project) -> None:
    with pytest.raises(ValueError, match=r"20,000 is the most.*session\.path"):
        project.session("train").note("x" * 20_001)
    with pytest.raises(TypeError, match="must be a text"):
        project.session("train").note(3)  # type: ignore[arg-type]


def test_a_run_in_the_trash_is_not_marked(project: Project) -> None:
    run = project.session("train")
    run.remove()
    with pytest.raises(RunNotFoundError):
        run.tag("x")
