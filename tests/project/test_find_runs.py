"""Runs that are there already: found one by one and in lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.errors import InvalidNameError, RunNotFoundError
from pycaddy.ledger import RunKey
from pycaddy.project import Project, Session, Status


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """train/0001 (done), train/0002 (error), eval/0001 (running) and two runs in namespaces."""
    project = Project(tmp_path / "results")
    project.session("train", {"n": 1}).start().done()
    project.session("train", {"n": 2}).start().error("no")
    project.session("eval").start()
    project.sub("imagenet").session("train", {"n": 3})
    project.sub("imagenet/randaug").session("train", {"n": 4}).start().done()
    return project


FORMS: dict[str, Callable[[Project], Session]] = {
    "identifier/uid": lambda project: project.session_of("imagenet/train/0001"),
    "identifier/number": lambda project: project.session_of("imagenet/train/1"),
    "slashes around": lambda project: project.session_of("/imagenet/train/0001/"),
    "two texts": lambda project: project.session_of("imagenet/train", "0001"),
    "text and number": lambda project: project.session_of("imagenet/train", 1),
    "by name": lambda project: project.session_of(run="imagenet/train", uid="1"),
    "from the namespace": lambda project: project.sub("imagenet").session_of("train/0001"),
    "uid alone": lambda project: project.sub("imagenet").session_of("0001"),
    "short uid alone": lambda project: project.sub("imagenet").session_of("1"),
    "number alone": lambda project: project.sub("imagenet").session_of(1),
    "key": lambda project: project.session_of(RunKey("imagenet", "train", "0001")),
    "key elsewhere": lambda project: project.sub("x").session_of(RunKey("imagenet", "train", "1")),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_a_runs_name_finds_it(
    project: Project, form: Callable[[Project], Session]
) -> None:
    run = form(project)
    assert str(run.key) == "imagenet/train/0001"
    assert run.params == {"n": 3}
    assert run.uid == "0001"
    assert run.status is Status.PENDING


def test_a_session_leads_to_itself(project: Project) -> None:
    for run in project.sessions(recursive=True):
        assert project.session_of(run.key).record == run.record
        assert project.session_of(str(run.key)).record == run.record


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train/0042", r"No run '0042' of 'train'\. `pycaddy ls train` lists"),
        ("imagenet/train/7", r"No run '7' of 'train' under 'imagenet'\. `pycaddy ls"),
        ("nothing/0001", r"No run '0001' of 'nothing'\. `pycaddy ls"),
        ("0042", r"No single run '0042' in .*results\. `pycaddy ls` lists"),
        ("train", r"No run can have the uid 'train': .* as in 'train/0001'"),
        ("", r"No run can have the uid '': .* as in 'train/0001'"),
        ("train/latest", r"No run can have the uid 'latest'"),
        ("train/-1", r"No run can have the uid '-1'"),
        ("train/٣", r"No run can have the uid"),
    ],
    ids=ascii,
)
def test_a_run_that_is_not_there(project: Project, name: str, message: str) -> None:
    with pytest.raises(RunNotFoundError, match=message) as refused:
        project.session_of(name)
    assert isinstance(refused.value, KeyError)
    assert "'" not in str(refused.value)[:1]  # the message itself, not its repr


@pytest.mark.parametrize("uid", [0, -1, "", "x", 10**18, True, 1.0])
def test_a_uid_that_none_can_have(project: Project, uid: object) -> None:
    with pytest.raises(RunNotFoundError, match="No run"):
        project.session_of("train", uid)  # type: ignore[arg-type]


def test_a_uid_alone_that_fits_several_names_them(project: Project) -> None:
    with pytest.raises(RunNotFoundError, match=r"have one: eval, train\. Write 'eval/0001'"):
        project.session_of("0001")
    assert str(project.session_of("0002").key) == "train/0002"


@pytest.mark.parametrize("name", [None, 1.5, ["train/0001"], b"train/0001", Path("train/0001")])
def test_a_name_of_odd_type_is_refused(project: Project, name: object) -> None:
    with pytest.raises(TypeError, match=r"named as in session_of\('train/0007'\), not "):
        project.session_of(name)  # type: ignore[arg-type]


def test_a_name_does_not_lead_out_of_the_project(project: Project) -> None:
    with pytest.raises(InvalidNameError, match=r"'\.\.' leads to another folder"):
        project.sub("imagenet").session_of("../train/0001")


def keys(runs: list[Session]) -> list[str]:
    return [str(run.key) for run in runs]


def test_sessions_lists_the_runs_of_the_namespace(project: Project) -> None:
    assert keys(project.sessions()) == ["eval/0001", "train/0001", "train/0002"]
    assert keys(project.sub("imagenet").sessions()) == ["imagenet/train/0001"]
    assert keys(project.sub("nothing").sessions()) == []


def test_sessions_below_are_listed_on_request(project: Project) -> None:
    assert keys(project.sessions(recursive=True)) == [
        "eval/0001",
        "train/0001",
        "train/0002",
        "imagenet/train/0001",
        "imagenet/randaug/train/0001",
    ]
    assert keys(project.sub("imagenet").sessions(recursive=True)) == [
        "imagenet/train/0001",
        "imagenet/randaug/train/0001",
    ]


def test_a_namespace_below_is_told_from_one_that_begins_alike(project: Project) -> None:
    project.sub("imagenet2").session("train")
    project.sub("imagenet-v2/a").session("train")
    assert len(project.sub("imagenet").sessions(recursive=True)) == 2


def test_sessions_are_filtered(project: Project) -> None:
    assert keys(project.sessions("train")) == ["train/0001", "train/0002"]
    assert keys(project.sessions("train", status=Status.DONE)) == ["train/0001"]
    assert keys(project.sessions(status=Status.RUNNING)) == ["eval/0001"]
    assert keys(project.sessions(status=Status.PENDING, recursive=True)) == ["imagenet/train/0001"]
    assert len(project.sessions("train", recursive=True)) == 4
    assert project.sessions("nothing") == []


def test_each_status_is_a_filter_and_together_they_are_everything(project: Project) -> None:
    found = []
    for status in Status:
        runs = project.sessions(status=status, recursive=True)
        assert runs
        assert {run.status for run in runs} == {status}
        found += keys(runs)
    assert sorted(found) == sorted(keys(project.sessions(recursive=True)))


@pytest.mark.parametrize("status", ["done", "DONE", 1, True, [Status.DONE]])
def test_a_status_is_a_status(project: Project, status: object) -> None:
    expected = r"status must be a Status, not .*Use Status\.PENDING, .*Status\.ERROR\."
    with pytest.raises(TypeError, match=expected):
        project.sessions(status=status)  # type: ignore[arg-type]


def test_a_found_session_can_be_worked_with(project: Project) -> None:
    run = project.sub("imagenet").session_of(1)
    assert run.start().done().is_done()
    assert run.project.relpath == "imagenet"
    assert run.attempt == 1
