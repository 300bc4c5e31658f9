"""What becomes of a session's params when a run with the same ones is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.errors import RunBusyError
from pycaddy.project import ExistingRun, Project, Session, Status, StorageMode
from tests.scripts import Talk, killed

LR = {"lr": 0.1}
RESUME, CONTINUE, NEW = ExistingRun.RESUME, ExistingRun.CONTINUE, ExistingRun.NEW


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def ended(project: Project, status: Status) -> Session:
    """A run with these params that has got as far as *status*, in this process."""
    run = project.session("train", LR)
    if status is not Status.PENDING:
        run.start()
    if status is Status.DONE:
        run.done()
    if status is Status.ERROR:
        run.error("no")
    return run


@pytest.mark.parametrize("strategy", [None, NEW])
@pytest.mark.parametrize("status", list(Status))
def test_none_and_new_make_a_fresh_run_always(
    project: Project, strategy: ExistingRun | None, status: Status
) -> None:
    ended(project, status)
    run = project.session("train", LR, strategy)
    assert (run.uid, run.status) == ("0002", Status.PENDING)


def test_none_is_the_default(project: Project) -> None:
    ended(project, Status.DONE)
    assert project.session("train", LR).uid == "0002"


@pytest.mark.parametrize("strategy", ["resume", "new", True, 1, Status.DONE])
def test_a_strategy_is_an_existing_run(project: Project, strategy: object) -> None:
    expected = r"must be an ExistingRun or None, not .*\. Use ExistingRun\.RESUME, .*NEW\."
    with pytest.raises(TypeError, match=expected):
        project.session("train", LR, strategy)  # type: ignore[arg-type]
    assert project.sessions() == []


def test_resume_returns_the_done_run(project: Project) -> None:
    first = ended(project, Status.DONE)
    run = project.session("train", LR, RESUME)
    assert run.uid == first.uid
    assert run.is_done()
    assert len(project.sessions()) == 1


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.ERROR])
def test_resume_returns_nothing_but_done_runs(project: Project, status: Status) -> None:
    left = ended(project, status)
    run = project.session("train", LR, RESUME)
    assert (run.uid, run.status) == ("0002", Status.PENDING)
    assert left.status is status


def test_resume_returns_the_newest_done_run(project: Project) -> None:
    for status in (Status.DONE, Status.DONE, Status.ERROR):
        ended(project, status)
    assert project.session("train", LR, RESUME).uid == "0002"


def test_resume_without_a_match_makes_a_run(project: Project) -> None:
    ended(project, Status.DONE)
    for identifier, params in (("train", {"lr": 0.2}), ("train", None), ("eval", LR)):
        assert project.session(identifier, params, RESUME).status is Status.PENDING
    assert project.sub("a").session("train", LR, RESUME).status is Status.PENDING


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2.0, "a": 1.0}),
        ({"layers": (64, 64)}, {"layers": [64, 64]}),
        ({"path": Path("a/b")}, {"path": "a/b"}),
        ({"mode": StorageMode.PREFIX}, {"mode": "prefix"}),
        ({"x": float("nan")}, {"x": float("nan")}),
        ({}, None),
    ],
    ids=["order", "tuple", "path", "enum", "nan", "none"],
)
def test_equal_params_are_resumed(
    project: Project, one: dict[str, object], other: dict[str, object] | None
) -> None:
    project.session("train", one).start().done()
    assert project.session("train", other, RESUME).is_done()


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": "1"}), ({"a": {}}, {}), ({}, LR)]
)
def test_other_params_are_not(
    project: Project, one: dict[str, object], other: dict[str, object]
) -> None:
    project.session("train", one).start().done()
    assert not project.session("train", other, RESUME).is_done()


def test_a_result_found_bad_is_not_resumed(project: Project) -> None:
    ended(project, Status.DONE).error("leaked labels")
    assert project.session("train", LR, RESUME).uid == "0002"


def test_ignored_params_do_not_tell_runs_apart(tmp_path: Path) -> None:
    project = Project(tmp_path, ignore=["seed", "opt.workers"])
    project.session("train", {"lr": 0.1, "seed": 1, "opt": {"workers": 2, "b": 1}}).start().done()
    params = {"lr": 0.1, "seed": 2, "opt": {"workers": 8, "b": 1}}
    run = project.session("train", params, RESUME)
    assert run.is_done()
    assert run.params["seed"] == 1  # the run's own are kept
    assert not project.session("train", {**params, "lr": 0.2}, RESUME).is_done()


def test_ignore_of_a_session_adds_to_the_projects(tmp_path: Path) -> None:
    project = Project(tmp_path, ignore=["seed"])
    project.session("train", {"lr": 0.1, "seed": 1, "host": "a"}, ignore=["host"]).start().done()
    params = {"lr": 0.1, "seed": 2, "host": "b"}
    assert project.session("train", params, RESUME, ignore=["host"]).is_done()
    assert not project.session("train", params, RESUME).is_done()


def test_ignored_params_may_be_anything(project: Project) -> None:
    run = project.session("train", {"lr": 0.1, "log": print}, ignore=("log",))
    assert run.params["log"] == "<builtin_function_or_method print>"


def test_ignore_is_a_list_of_names(project: Project) -> None:
    with pytest.raises(TypeError, match=r"list of names, such as \('seed',\), not one text"):
        project.session("train", LR, ignore="seed")


def test_continue_without_a_match_makes_a_run(project: Project) -> None:
    run = project.session("train", LR, CONTINUE)
    assert (run.uid, run.status) == ("0001", Status.PENDING)


def test_continue_prefers_the_newest_done_run(project: Project) -> None:
    for status in (Status.DONE, Status.DONE, Status.ERROR):
        ended(project, status)
    assert project.session("train", LR, CONTINUE).uid == "0002"


def test_continue_takes_up_the_newest_run_that_failed_in_its_own_folder(project: Project) -> None:
    for _ in range(2):
        failed = ended(project, Status.ERROR)
        failed.path("checkpoint.txt").write_text(failed.uid)
    run = project.session("train", LR, CONTINUE)
    assert (run.uid, run.status) == ("0002", Status.ERROR)
    assert run.path("checkpoint.txt").read_text() == "0002"
    assert run.start().done().attempt == 2


def test_continue_takes_up_a_run_that_waits_for_this_process(project: Project) -> None:
    assert ended(project, Status.PENDING).uid == project.session("train", LR, CONTINUE).uid


def test_continue_takes_up_a_run_that_nobody_waits_for(project: Project) -> None:
    uid = project.ledger.allocate("train", params=LR)
    assert project.session("train", LR, CONTINUE).uid == uid


def test_continue_refuses_a_run_of_its_own_that_is_running(project: Project) -> None:
    ended(project, Status.RUNNING)
    with pytest.raises(RunBusyError, match=r"RUNNING in this process\. Wait for it.*NEW") as busy:
        project.session("train", LR, CONTINUE)
    assert busy.value.run == "train/0001"
    assert busy.value.status is Status.RUNNING
    assert len(project.sessions()) == 1


MAKE = """
    import sys
    from pycaddy.project import Project

    run = Project("results").session("train", {"lr": 0.1})
    if sys.argv[1] != "PENDING":
        run.start()
    run.path("checkpoint.txt").write_text("half")
    if sys.argv[1] == "ERROR":
        run.error("no")
"""
WAIT = MAKE + '\n    print("there", flush=True)\n    sys.stdin.read()\n'


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "ERROR"])
def test_continue_takes_up_the_run_of_a_dead_process(tmp_path: Path, status: str) -> None:
    killed(MAKE, tmp_path, status)
    project = Project(tmp_path / "results")
    run = project.session("train", LR, CONTINUE)
    assert (run.uid, run.status.name) == ("0001", status)
    assert run.is_stale == (status == "RUNNING")
    assert run.start().path("checkpoint.txt").read_text() == "half"
    assert run.attempt == (1 if status == "PENDING" else 2)
    run.done()
    assert project.session("train", LR, CONTINUE).is_done()


@pytest.mark.parametrize("status", ["PENDING", "RUNNING"])
def test_continue_refuses_the_run_of_a_living_process(tmp_path: Path, status: str) -> None:
    with Talk(WAIT, tmp_path, status) as other:
        other.line()
        project = Project(tmp_path / "results")
        with pytest.raises(RunBusyError, match=rf"{status} in pid \d+ on .*Wait for it") as busy:
            project.session("train", LR, CONTINUE)
        assert str(busy.value.owner) in str(busy.value)
        assert len(project.sessions()) == 1
    assert Project(tmp_path / "results").session("train", LR, CONTINUE).uid == "0001"


def test_continue_takes_up_what_another_living_process_gave_up(tmp_path: Path) -> None:
    with Talk(WAIT, tmp_path, "ERROR") as other:
        other.line()
        run = Project(tmp_path / "results").session("train", LR, CONTINUE)
        assert run.start().attempt == 2


def test_continue_prefers_a_free_run_to_a_busy_one(tmp_path: Path) -> None:
    killed(MAKE, tmp_path, "RUNNING")
    with Talk(WAIT, tmp_path, "RUNNING") as other:
        other.line()
        assert Project(tmp_path / "results").session("train", LR, CONTINUE).uid == "0001"


def test_continue_leaves_other_params_alone(project: Project) -> None:
    ended(project, Status.ERROR)
    assert project.session("train", {"lr": 0.2}, CONTINUE).uid == "0002"
