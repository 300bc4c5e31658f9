"""A session: what it tells of its run, and how it moves it from PENDING to its end."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pycaddy.errors import (
    LeaseLostError,
    ParamsError,
    RunBusyError,
    RunFinishedError,
    RunStateError,
)
from pycaddy.ledger import RunKey
from pycaddy.params import freeze
from pycaddy.project import Project, Session, Status, StorageMode


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def test_a_new_session_tells_what_it_is(project: Project) -> None:
    run = project.sub("imagenet").session("train", {"lr": 1e-3, "layers": (64, 64)})
    assert run.project.relpath == "imagenet"
    assert run.identifier == "train"
    assert run.uid == "0001"
    assert run.key == RunKey("imagenet", "train", "0001")
    assert str(run.key) == "imagenet/train/0001"
    assert run.params == {"lr": 1e-3, "layers": [64, 64]}
    assert run.param_hash == freeze({"layers": [64, 64], "lr": 0.001}).key
    assert run.status is Status.PENDING
    assert not run.is_done()
    assert not run.is_stale
    assert run.attempt == 0
    assert run.files == {}
    assert run.result is None
    assert run.error_text is None
    assert run.started_at is None
    assert run.ended_at is None
    assert run.record.seconds is None
    assert [(move.status, move.attempt) for move in run.history] == [(Status.PENDING, 0)]


@pytest.mark.parametrize("params", [None, {}])
def test_params_may_be_left_out(project: Project, params: dict[str, object] | None) -> None:
    run = project.session("train", params)
    assert run.params == {}
    assert run.param_hash == project.session("train").param_hash == freeze({}).key


def test_params_are_a_copy(project: Project) -> None:
    given = {"layers": [64]}
    run = project.session("train", given)
    given["layers"].append(1)
    run.params["layers"].append(2)
    assert run.params == {"layers": [64]}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"act": print},
            r"params\['act'\] is <builtin_function_or_method print>.*ignore=\['act'\]",
        ),
        ({"net": {"act": object()}}, r"params\['net'\]\['act'\] is .*no canonical form"),
        ([("lr", 1)], r"params must be a mapping.*not a list"),
        ({None: "a"}, r"key None\b"),
        ({"text": "\ud800"}, r"params\['text'\]"),
    ],
    ids=["function", "nested", "list", "None as a key", "surrogate"],
)
def test_params_without_a_canonical_form_make_no_run(
    project: Project, params: dict[str, object], message: str
) -> None:
    with pytest.raises(ParamsError, match=message) as refused:
        project.session("train", params)
    assert isinstance(refused.value, TypeError)
    assert project.sessions() == []
    assert project.session("train").uid == "0001"


def test_times_are_aware_and_in_order(project: Project) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    run = project.session("train").start().done()
    times = [before, run.created_at, run.started_at, run.ended_at, datetime.now(UTC)]
    assert times == sorted(times)
    assert run.created_at.tzinfo is UTC
    assert run.record.seconds == (run.ended_at - run.started_at).total_seconds()
    assert [move.at for move in run.history] == [run.created_at, run.started_at, run.ended_at]


def test_the_history_tells_who_and_why(project: Project) -> None:
    run = project.session("train").start().error("no data").start().done().reopen().done()
    me = f"pid {os.getpid()} on {os.uname().nodename}"
    assert [(move.status.name, move.attempt, move.detail) for move in run.history] == [
        ("PENDING", 0, None),
        ("RUNNING", 1, me),
        ("ERROR", 1, "no data"),
        ("RUNNING", 2, me),
        ("DONE", 2, None),
        ("RUNNING", 3, me),
        ("DONE", 3, None),
    ]


def test_the_history_keeps_the_beginning_of_a_long_reason(project: Project) -> None:
    run = project.session("train").error("x" * 10_000)
    assert run.history[-1].detail == "x" * 200
    assert run.error_text == "x" * 10_000


def test_properties_cannot_be_assigned(project: Project) -> None:
    run = project.session("train")
    for name in ("uid", "status", "params", "files", "folder", "attempt", "identifier"):
        with pytest.raises(AttributeError):
            setattr(run, name, None)
    with pytest.raises(AttributeError):
        run.reslut = {}  # type: ignore[attr-defined]


LIVES: dict[str, Callable[[Session], object]] = {
    "pending": lambda run: run,
    "running": lambda run: run.start(),
    "done": lambda run: run.start().done(),
    "error": lambda run: run.start().error("first"),
    "done without start": lambda run: run.done(),
    "error without start": lambda run: run.error("first"),
}
MOVES: dict[str, Callable[[Session], Session]] = {
    "start": Session.start,
    "done": Session.done,
    "error": lambda run: run.error("second"),
    "reopen": Session.reopen,
}
OUTCOMES = {
    ("pending", "start"): Status.RUNNING,
    ("pending", "done"): Status.DONE,
    ("pending", "error"): Status.ERROR,
    ("pending", "reopen"): RunStateError,
    ("running", "start"): Status.RUNNING,
    ("running", "done"): Status.DONE,
    ("running", "error"): Status.ERROR,
    ("running", "reopen"): RunStateError,
    ("done", "start"): RunFinishedError,
    ("done", "done"): Status.DONE,
    ("done", "error"): Status.ERROR,
    ("done", "reopen"): Status.RUNNING,
    ("error", "start"): Status.RUNNING,
    ("error", "done"): RunStateError,
    ("error", "error"): Status.ERROR,
    ("error", "reopen"): RunStateError,
}


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("move", MOVES)
def test_every_move_from_every_status(project: Project, life: str, move: str) -> None:
    run = project.session("train")
    LIVES[life](run)
    before = run.record
    outcome = OUTCOMES[life.partition(" ")[0], move]
    if isinstance(outcome, Status):
        assert MOVES[move](run) is run
        assert run.status is outcome
        changed = outcome is not before.status
        assert (run.record != before) == changed
        assert len(run.history) == len(before.history) + changed
        return
    with pytest.raises(outcome) as refused:
        MOVES[move](run)
    assert type(refused.value) is outcome
    assert refused.value.run == "train/0001"
    assert refused.value.status is before.status
    assert before.status.name in str(refused.value)
    assert run.record == before


@pytest.mark.parametrize(
    ("life", "move", "advice"),
    [
        ("done", "start", r"For a new run use ExistingRun\.NEW; .*call session\.reopen\(\)\."),
        ("error", "done", r"cannot become DONE\. Call start\(\) for another attempt first\."),
        ("running", "reopen", r"only a DONE run is reopened\. Call start\(\)\."),
    ],
)
def test_a_refused_move_says_what_to_do(
    project: Project, life: str, move: str, advice: str
) -> None:
    run = project.session("train")
    LIVES[life](run)
    with pytest.raises(RunStateError, match=advice):
        MOVES[move](run)


def test_methods_chain(project: Project) -> None:
    run = project.session("train")
    chained = run.start().attach_files({"a": "x"}).error("no").start().done().reopen().done()
    assert chained is run
    assert run.is_done()


def test_each_start_is_another_attempt_except_of_what_one_has_started(project: Project) -> None:
    run = project.session("train").start().start()
    assert run.attempt == 1
    run.error().start()
    assert run.attempt == 2
    run.done().reopen()
    assert run.attempt == run.record.attempt == 3


def test_a_new_attempt_forgets_the_end_of_the_one_before(project: Project) -> None:
    run = project.session("train").start().error("no")
    ended = run.ended_at
    run.start()
    assert (run.error_text, run.ended_at) == (None, None)
    assert run.started_at > ended
    run.done()
    assert run.error_text is None


def test_the_first_error_stays(project: Project) -> None:
    run = project.session("train").start().error("first").error("second")
    assert run.error_text == "first"


def test_a_result_found_bad(project: Project) -> None:
    run = project.session("train").start().done().error("leaked labels")
    assert run.status is Status.ERROR
    assert run.error_text == "leaked labels"


def test_an_overtaken_handle_changes_nothing(project: Project) -> None:
    old = project.session("train").start()
    old.error("no")
    new = project.session_of("train/0001").start()
    before = new.record
    for use in (
        old.done,
        old.error,
        lambda: old.attach_files({"x": "x"}),
        lambda: setattr(old, "result", {"x": 1}),
    ):
        with pytest.raises(
            LeaseLostError, match=r"train/0001 was taken over: .* 1, .* 2 has begun\. Nothing"
        ) as refused:
            use()
        assert refused.value.attempt == 1
    with pytest.raises(RunBusyError, match=r"RUNNING in this process\. Wait for it, or end"):
        old.start()
    assert new.record == before
    new.done()
    assert old.is_done()


def raised(text: str) -> ValueError:
    try:
        try:
            raise KeyError("cause")
        except KeyError as cause:
            raise ValueError(text) from cause
    except ValueError as error:
        return error


def test_an_exception_is_kept_with_its_traceback_and_causes(project: Project) -> None:
    run = project.session("train").start().error(raised("no data"))
    text = run.error_text or ""
    assert text.startswith("Traceback (most recent call last):")
    assert text.endswith("ValueError: no data\n")
    assert "KeyError: 'cause'" in text
    assert Path(__file__).name in text
    assert run.history[-1].detail == "ValueError: no data"


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (None, None),
        ("", ""),
        ("no data", "no data"),
        ("two\nlines", "two\nlines"),
        ("ünï 码 🚀", "ünï 码 🚀"),
        ("half \ud800 of a pair", "half \\ud800 of a pair"),
        ("nul \0 byte", "nul \\x00 byte"),
        ("\x1b[31mred", "\x1b[31mred"),
    ],
    ids=ascii,
)
def test_a_reason_is_kept_as_text(project: Project, reason: str | None, kept: str | None) -> None:
    run = project.session("train").start().error(reason)
    assert run.status is Status.ERROR
    assert project.session_of("train/0001").error_text == kept
    described = json.loads((project.root / run.record.layout.sidecar).read_text())
    assert described["error"] == kept


def test_of_a_very_long_error_the_end_is_kept(project: Project) -> None:
    run = project.session("train").start().error("x" * 1_000_000 + "the end")
    text = run.error_text or ""
    assert text.startswith("... (934471 characters left out)\n")
    assert text.endswith("xthe end")
    assert len(text) < 70_000


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "error",
    [
        UnprintableError(),
        ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
        KeyboardInterrupt(),
        SystemExit(3),
        ValueError("\ud800"),
    ],
    ids=lambda error: type(error).__name__ + ascii(error.args)[:8],
)
def test_any_exception_can_be_kept(project: Project, error: BaseException) -> None:
    run = project.session("train").start().error(error)
    assert type(error).__name__ in (run.error_text or "")


@pytest.mark.parametrize("reason", [1, b"no", ["no"], ValueError])
def test_a_reason_is_an_exception_or_a_text(project: Project, reason: object) -> None:
    run = project.session("train").start()
    with pytest.raises(TypeError, match=r"error\(\) takes an exception or a text, not "):
        run.error(reason)  # type: ignore[arg-type]
    assert run.status is Status.RUNNING
