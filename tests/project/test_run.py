"""What `Project.run` promises, whatever carries the work out."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import LedgerError
from pycaddy.executors.serial import SerialExecutor
from pycaddy.project import Project, Session, Status
from pycaddy.sweeper import DictSweep

NUMBERS = [{"number": number} for number in range(6)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def square(run: Session) -> dict[str, Any]:
    return {"square": run.params["number"] ** 2}


def refuse_three(run: Session) -> None:
    if run.params["number"] == 3:
        raise ValueError("three is no good")


def refuse_the_first_attempt(run: Session) -> None:
    if run.attempt == 1:
        raise ValueError("not yet")


def exit_on_three(run: Session) -> None:
    if run.params["number"] == 3:
        os._exit(1)


@pytest.fixture(params=["serial", "threads", "local"])
def executor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_a_function_returns_is_the_result(project: Project, executor: str) -> None:
    report = project.run(square, NUMBERS, executor=executor)
    results = {run.params["number"]: run.result for run in project.sessions("square")}
    assert results == {n: {"square": n**2} for n in range(6)}
    assert (report.done, report.skipped, report.failed) == (6, 0, 0)
    assert report.seconds > 0


def test_what_is_done_is_skipped(project: Project, executor: str) -> None:
    project.run(square, NUMBERS[:4], executor=executor)
    report = project.run(square, NUMBERS, executor=executor)
    assert (report.done, report.skipped) == (2, 4)
    assert [run.attempt for run in project.sessions()] == [1] * 6


def test_one_failure_ends_no_other_run(project: Project, executor: str) -> None:
    report = project.run(refuse_three, NUMBERS, executor=executor)
    assert (report.done, report.failed) == (5, 1)
    (failure,) = report.failures
    assert failure.reason == "ValueError: three is no good"
    assert (Path(failure.folder) / "run.json").exists()
    assert str(failure.run) in str(report)
    (run,) = project.sessions(status=Status.ERROR)
    assert run.error_text is not None
    assert "in refuse_three" in run.error_text


def test_a_new_call_gives_what_failed_another_chance(project: Project, executor: str) -> None:
    project.run(refuse_the_first_attempt, NUMBERS, executor=executor)
    assert {run.status for run in project.sessions()} == {Status.ERROR}
    report = project.run(refuse_the_first_attempt, NUMBERS, executor=executor)
    assert (report.done, report.failed) == (6, 0)


def test_retries_start_a_failed_run_again_in_its_folder(project: Project, executor: str) -> None:
    report = project.run(refuse_the_first_attempt, NUMBERS, executor=executor, retries=1)
    assert (report.done, report.failed) == (6, 0)
    assert [(run.uid, run.attempt) for run in project.sessions()] == [
        (f"{n:04d}", 2) for n in range(1, 7)
    ]


def test_retries_end(project: Project, executor: str) -> None:
    report = project.run(refuse_three, NUMBERS, executor=executor, retries=2)
    assert (report.done, report.failed) == (5, 1)
    assert [run.attempt for run in project.sessions(status=Status.ERROR)] == [3]


def test_fail_fast_begins_nothing_after_a_failure(project: Project) -> None:
    report = project.run(refuse_three, NUMBERS, executor="serial", fail_fast=True)
    assert (report.done, report.failed) == (3, 1)
    assert len(project.sessions()) == 4


def test_equal_configurations_run_once(project: Project, executor: str) -> None:
    report = project.run(square, [*NUMBERS, {"number": 1.0}, {"number": 2}], executor=executor)
    assert (report.done, report.duplicates) == (6, 2)
    assert "2 configurations repeat earlier ones" in str(report)


def test_ignored_params_do_not_tell_runs_apart(project: Project) -> None:
    sweep = DictSweep({"number": [1, 2], "seed": [0, 1, 2]})
    report = project.run(square, sweep, executor="serial", ignore=["seed"])
    assert (report.done, report.duplicates) == (2, 4)


def test_a_generator_is_a_sweep_too(project: Project) -> None:
    report = project.run(refuse_three, (config for config in NUMBERS), executor="serial", retries=1)
    assert (report.done, report.failed) == (5, 1)


@pytest.mark.parametrize("value", [object(), [1, 2], 3])
def test_what_cannot_be_stored_is_an_error_that_says_what_to_return(
    project: Project, value: Any
) -> None:
    report = project.run(lambda run: value, [{}], executor="serial", identifier="odd")
    assert report.failed == 1
    assert "Return a dict of numbers" in report.failures[0].reason


def test_a_function_may_end_its_run_itself(project: Project) -> None:
    report = project.run(lambda run: run.done(), NUMBERS[:1], executor="serial", identifier="a")  # type: ignore[arg-type, return-value]
    assert report.failed == 1  # a Session is no result
    report = project.run(_finish, NUMBERS[:1], executor="serial")
    assert (report.done, report.failed) == (1, 0)
    report = project.run(_give_up, NUMBERS[:1], executor="serial")
    assert (report.done, report.failed) == (0, 1)


def _finish(run: Session) -> None:
    run.done()


def _give_up(run: Session) -> None:
    run.error("diverged")


def test_the_identifier_is_the_functions_name(project: Project) -> None:
    project.run(square, NUMBERS[:1], executor="serial")
    assert [run.identifier for run in project.sessions()] == ["square"]


def test_it_is_silent_where_nobody_watches(
    project: Project, executor: str, capfd: pytest.CaptureFixture[str]
) -> None:
    project.run(square, NUMBERS, executor=executor)
    assert capfd.readouterr() == ("", "")


def test_negative_retries_are_refused(project: Project) -> None:
    with pytest.raises(ValueError, match="retries must be 0 or more"):
        project.run(square, NUMBERS, retries=-1)
    assert not project.sessions()


def test_an_executor_of_the_caller_is_used_and_left_open(project: Project) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert project.run(square, NUMBERS, executor=pool).done == 6
        assert pool.submit(pow, 2, 3).result() == 8


class BreaksAfterThree(Executor):
    """An executor that carries three pieces of work out and then takes no more."""

    def __init__(self) -> None:
        self.inner = SerialExecutor()
        self.taken = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.taken == 3:
            raise ConnectionError("the cluster is gone")
        self.taken += 1
        return self.inner.submit(fn, *args, **kwargs)


def test_an_executor_that_takes_no_more_work_leaves_no_run_behind(project: Project) -> None:
    with pytest.raises(ConnectionError, match="the cluster is gone"):
        project.run(square, NUMBERS, executor=BreaksAfterThree(), workers=1)
    statuses = [run.status for run in project.sessions()]
    assert statuses == [Status.DONE] * 3 + [Status.ERROR]
    report = project.run(square, NUMBERS, executor="serial")
    assert (report.done, report.skipped) == (3, 3)


def test_a_pool_that_breaks_leaves_no_run_behind(project: Project) -> None:
    with (
        pytest.raises(BrokenProcessPool),
        ProcessPoolExecutor(1) as pool,
    ):
        project.run(exit_on_three, NUMBERS, executor=pool)
    assert project.sessions(status=Status.RUNNING) == []
    (failed, *_) = project.sessions(status=Status.ERROR)
    assert failed.error_text is not None
    assert "BrokenProcessPool" in failed.error_text


class Watching(SerialExecutor):
    """Does something before the third piece of work."""

    def __init__(self, do: Callable[[], object]) -> None:
        self.do = do
        self.taken = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.taken += 1
        if self.taken == 3:
            self.do()
        return super().submit(fn, *args, **kwargs)


def test_a_ledger_that_is_deleted_under_it_is_a_clear_error(project: Project) -> None:
    project.ensure_folder()

    def delete() -> None:
        for path in (project.root / ".pycaddy").glob("ledger.db*"):
            path.unlink()

    with pytest.raises(LedgerError, match="pycaddy rebuild"):
        project.run(square, NUMBERS, executor=Watching(delete), workers=1)


def test_what_others_hold_is_left_to_them(project: Project) -> None:
    with project.session("square", NUMBERS[0]):
        report = project.run(square, NUMBERS, executor="serial")
    assert (report.done, report.held) == (5, 1)
    assert "1 are in other hands" in str(report)


def test_calls_that_share_a_sweep_do_each_run_once(project: Project) -> None:
    started: list[int] = []

    def note(run: Session) -> None:
        started.append(run.params["number"])

    def call() -> None:
        project.run(note, sweep, executor="threads", workers=2)

    sweep = DictSweep({"number": list(range(40))})
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == list(range(40))
    assert all(run.attempt == 1 for run in project.sessions("note"))


def test_a_run_that_was_taken_over_is_counted_where_it_went(project: Project) -> None:
    def lose(run: Session) -> None:
        ledger = run.project.ledger
        ledger.change(run.record, lambda seen: seen.changed(attempt=seen.attempt + 1))

    report = project.run(lose, NUMBERS[:1], executor="serial")
    assert (report.done, report.failed) == (0, 0)


def test_ctrl_c_in_this_process_ends_what_runs_and_is_raised_again(project: Project) -> None:
    def stop_at_three(run: Session) -> None:
        if run.params["number"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        project.run(stop_at_three, NUMBERS, executor="serial")
    assert caught.value.__notes__ == ["3 runs were done. Call run() again to go on with the rest."]
    assert [run.status for run in project.sessions()] == [Status.DONE] * 3 + [Status.ERROR]
