"""A process of its own for each piece of work."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import WorkerDiedError, WorkerTimeoutError
from pycaddy.executors import local, open_executor
from pycaddy.executors.local import LocalExecutor
from pycaddy.ledger.heartbeat import _heartbeat
from pycaddy.project import Project, Session, Status
from tests.executors.functions import SWEEP, train
from tests.executors.real_slurm import wait_until
from tests.executors.sweeps import check_forty_with_two_failures, check_output, results

ROOT = Path(__file__).parents[2]


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    with LocalExecutor(2) as executor:
        yield executor


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def kill_itself(number: int) -> None:
    os.kill(os.getpid(), number)


def ignore_sigterm(mark: Path) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    mark.write_text(str(os.getpid()))
    threading.Event().wait()


class UntravelledError(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def raise_what_does_not_travel() -> None:
    raise UntravelledError(1, 2)


def return_what_does_not_travel() -> Any:
    return threading.Lock()


def print_in_every_way(run: Session) -> None:
    print("from Python")
    os.write(2, b"from C\n")
    subprocess.run(["echo", "from a child"], check=True)
    raise RuntimeError("after printing")


def devices() -> str | None:
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def hold_devices(folder: Path, barrier: int) -> str:
    """Fail if somebody else has one of these devices; wait until *barrier* have had theirs."""
    mine = os.environ["CUDA_VISIBLE_DEVICES"]
    for device in mine.split(","):
        (folder / device).touch(exist_ok=False)
    (folder / f"had-{os.getpid()}").touch()
    wait_until(lambda: len(list(folder.glob("had-*"))) >= barrier)
    for device in mine.split(","):
        (folder / device).unlink()
    return mine


def test_a_sweep_runs_and_what_goes_wrong_harms_nobody(project: Project) -> None:
    report = project.run(train, SWEEP, workers=2)
    check_forty_with_two_failures(project, report)
    check_output(project)


@pytest.mark.parametrize(
    ("function", "argument", "told"),
    [
        (os._exit, 7, "exited with 7"),
        (kill_itself, signal.SIGSEGV, "ended by SIGSEGV"),
        (kill_itself, signal.SIGKILL, "ended by SIGKILL"),
    ],
)
def test_a_death_is_told_and_the_next_work_is_done(
    executor: LocalExecutor, function: Callable[[int], None], argument: int, told: str
) -> None:
    with pytest.raises(WorkerDiedError, match=told):
        executor.submit(function, argument).result()
    assert executor.submit(pow, 2, 3).result() == 8


def test_from_the_second_piece_of_work_on_a_process_is_ready_before_it_has_something_to_do() -> (
    None
):
    with LocalExecutor(1) as executor:
        executor.submit(os.getpid).result()
        assert executor._spare is None
        executor.submit(os.getpid).result()
        ready = executor._spare
        assert ready is not None
        assert executor.submit(os.getpid).result() == ready.process.pid
        left = executor._spare
        assert left not in (None, ready)
    assert left is not None
    assert not left.process.is_alive()


def test_a_program_ends_that_never_shuts_its_executor_down(tmp_path: Path) -> None:
    done = run_script(
        tmp_path,
        """
        if __name__ == "__main__":
            from pycaddy.executors.local import LocalExecutor
            executor = LocalExecutor(1)
            print([executor.submit(pow, 2, number).result() for number in range(3)])
            print(executor._spare.process.is_alive())
        """,
    )
    assert done.stdout == "[1, 2, 4]\nTrue\n", done.stderr


def test_a_process_that_died_before_it_had_something_to_do_is_replaced() -> None:
    with LocalExecutor(1) as executor:
        for _ in range(2):
            executor.submit(os.getpid).result()
        ready = executor._spare
        assert ready is not None
        ready.process.kill()
        ready.process.join()
        assert executor.submit(os.getpid).result() != ready.process.pid


def test_work_goes_on_where_there_is_no_room_for_a_process_that_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin, begun = local._Worker, []

    def begin_two(context: Any) -> Any:
        begun.append(context)
        if len(begun) > 2:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return begin(context)

    monkeypatch.setattr(local, "_Worker", begin_two)
    with LocalExecutor(1) as executor:
        assert [executor.submit(pow, 2, number).result() for number in range(2)] == [1, 2]
        assert len(begun) == 3
        with pytest.raises(BlockingIOError):
            executor.submit(pow, 2, 3).result()


def test_what_takes_too_long_is_ended_even_if_it_ignores_sigterm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pycaddy.executors.local._GRACE_S", 0.2)
    mark = tmp_path / "mark"
    timeout_s = 1.0
    # On a busy machine a process may be ended before it comes to the function: give it longer.
    while not (pid := ended_by_its_timeout(timeout_s, mark)):
        timeout_s *= 2
    assert not Path(f"/proc/{pid}").exists()


def ended_by_its_timeout(timeout_s: float, mark: Path) -> str:
    """Return the id of the process if it has begun to ignore SIGTERM, else ""."""
    mark.touch()
    with LocalExecutor(1, timeout_s=timeout_s) as executor:
        with pytest.raises(WorkerTimeoutError, match=f"longer than {timeout_s:g} s") as caught:
            executor.submit(ignore_sigterm, mark).result()
        assert executor.submit(pow, 2, 3).result() == 8
    assert caught.value.timeout_s == timeout_s  # type: ignore[attr-defined]
    return mark.read_text()


def test_an_exception_that_does_not_travel_is_told_by_its_name(executor: LocalExecutor) -> None:
    with pytest.raises(RuntimeError, match="UntravelledError: 1 and 2"):
        executor.submit(raise_what_does_not_travel).result()


def test_a_result_that_does_not_travel_is_an_error(executor: LocalExecutor) -> None:
    with pytest.raises(TypeError, match="returned cannot be sent back: cannot pickle"):
        executor.submit(return_what_does_not_travel).result()


def test_nobody_beats_for_runs_that_have_ended_in_their_processes(project: Project) -> None:
    assert project.run(train, SWEEP[:3], workers=2).done == 3
    assert project.ledger.store not in _heartbeat.held


def test_lambdas_and_closures_travel(project: Project) -> None:
    offset = 10
    project.run(lambda run: {"sum": run.params["number"] + offset}, SWEEP[:3], identifier="add")
    assert results(project, "add") == [{"sum": 10}, {"sum": 11}, {"sum": 12}]


def test_what_holds_a_lock_is_refused_by_name(project: Project) -> None:
    lock = threading.Lock()

    def locked(run: Session) -> None:
        lock.acquire()

    with pytest.raises(TypeError, match=r"locked cannot be sent.*Open what it needs inside"):
        project.run(locked, SWEEP[:2])
    assert project.sessions(status=Status.RUNNING) == []


def test_the_function_of_a_script_is_found(tmp_path: Path) -> None:
    done = run_script(
        tmp_path,
        """
        if __name__ == "__main__":
            print(Project("results").run(train, [{"lr": 1}, {"lr": 2}]))
        """,
    )
    assert done.stdout.startswith("2 done, 0 skipped, 0 failed"), done.stderr


def test_a_script_without_its_guard_is_told_so(tmp_path: Path) -> None:
    done = run_script(tmp_path, 'print(Project("results").run(train, [{"lr": 1}]))')
    assert done.stdout.startswith("0 done, 0 skipped, 1 failed"), done.stderr
    assert "if __name__ == '__main__'" in done.stdout


def test_without_gpus_the_devices_are_left_alone(
    executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert executor.submit(devices).result() == os.environ.get("CUDA_VISIBLE_DEVICES")


def test_no_device_is_given_to_two_at_once(tmp_path: Path) -> None:
    with LocalExecutor(8, gpus=2, devices=["0", "1", "2", "3", "4"]) as executor:
        assert executor.workers == 2
        futures = [executor.submit(hold_devices, tmp_path, 2) for _ in range(6)]
        assert {future.result() for future in futures} == {"0,1", "2,3"}


def test_more_gpus_than_there_are_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(ValueError, match="gpus=2, and 1 devices are known"):
        LocalExecutor(1, gpus=2)


def test_all_that_is_printed_stands_in_the_folder_and_its_end_in_the_error(
    project: Project,
) -> None:
    project.run(print_in_every_way, [{}])
    (run,) = project.sessions()
    printed = run.path("stdout.log").read_text()
    assert set(printed.splitlines()) >= {"from Python", "from C", "from a child"}
    assert run.error_text is not None
    assert "RuntimeError: after printing" in run.error_text
    assert "from a child" in run.error_text.partition("The end of stdout.log:")[2]


def test_cancelling_ends_what_runs(tmp_path: Path) -> None:
    executor = LocalExecutor(1)
    mark = tmp_path / "mark"
    future: Future[None] = executor.submit(wait_for_ever, mark)
    wait_until(mark.exists)
    executor.shutdown(cancel_futures=True)
    assert isinstance(future.exception(), WorkerDiedError)


def test_cancelling_begins_nothing_more(tmp_path: Path) -> None:
    executor = LocalExecutor(2)
    marks = [tmp_path / str(number) for number in range(6)]
    futures: list[Future[None]] = [executor.submit(wait_for_ever, mark) for mark in marks]
    wait_until(lambda: marks[0].exists() and marks[1].exists())
    executor.shutdown(cancel_futures=True)
    assert [mark.exists() for mark in marks] == [True, True, False, False, False, False]
    assert all(future.cancelled() or future.exception() for future in futures)


@pytest.mark.parametrize("timeout_s", [None, 60.0])
def test_a_death_is_told_while_what_it_has_forked_lives_on(
    tmp_path: Path, timeout_s: float | None
) -> None:
    mark = tmp_path / "mark"
    with LocalExecutor(1, timeout_s=timeout_s) as executor:
        with pytest.raises(WorkerDiedError, match="ended by SIGKILL"):
            executor.submit(leave_a_child_behind, mark).result()
        os.kill(int(mark.read_text()), signal.SIGKILL)


def leave_a_child_behind(mark: Path) -> None:
    pid = os.fork()
    if pid == 0:
        threading.Event().wait()
    mark.write_text(str(pid))
    kill_itself(signal.SIGKILL)


def test_an_answer_counts_though_its_process_does_not_end_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pycaddy.executors.local._GRACE_S", 0.2)
    for timeout_s in (2.0, 8.0, 32.0, 128.0):
        # On a busy machine the answer itself may come too late: give it longer.
        with suppress(WorkerTimeoutError), LocalExecutor(1, timeout_s=timeout_s) as executor:
            assert executor.submit(leave_a_thread_behind, 8).result() == 8
            return
    pytest.fail("An answer that came in time was not accepted.")


def leave_a_thread_behind(answer: int) -> int:
    threading.Thread(target=threading.Event().wait).start()
    return answer


def test_a_fork_ends_though_a_process_was_just_begun(tmp_path: Path) -> None:
    done = run_script(
        tmp_path,
        """
        if __name__ == "__main__":
            import os
            from pycaddy.executors.local import LocalExecutor
            executor = LocalExecutor(1)
            executor._mutex.acquire()  # as a thread has it while it begins a process
            pid = os.fork()
            if pid:
                executor._mutex.release()
                print(os.waitpid(pid, 0)[1])
        """,
    )
    assert done.stdout == "0\n", done.stderr


def wait_for_ever(mark: Path) -> None:
    mark.touch()
    threading.Event().wait()


@pytest.mark.parametrize("name", ["nope", "Local"])
def test_a_name_that_is_not_known_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(ValueError, match="local, threads, serial"), open_executor(name):
        pass


@pytest.mark.parametrize("options", [{"timeout_s": 1.0}, {"gpus": 1}])
def test_options_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="local"), open_executor("threads", **options):
        pass


def test_ctrl_c_ends_the_runs_in_progress_and_the_next_call_goes_on(tmp_path: Path) -> None:
    with driver(tmp_path) as process:
        project = wait_for_two(tmp_path)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        assert "KeyboardInterrupt" in errors
        assert "Call run() again to go on with the rest." in errors
    assert {run.status for run in project.sessions()} == {Status.ERROR}
    (tmp_path / "gate").touch()
    check_all_done(tmp_path, attempts={1: 4, 2: 2})


def test_workers_outlive_a_killed_driver_and_count_once(tmp_path: Path) -> None:
    with driver(tmp_path) as process:
        project = wait_for_two(tmp_path)
        process.kill()
        (tmp_path / "gate").touch()  # its workers hold its output open
        _, printed = process.communicate()
    assert "Traceback" not in printed
    wait_until(lambda: len([run for run in project.sessions() if run.is_done()]) == 2)
    check_all_done(tmp_path, attempts={1: 6})


def test_workers_that_die_with_their_driver_are_taken_over(tmp_path: Path) -> None:
    with driver(tmp_path) as process:
        project = wait_for_two(tmp_path)
        owners = [run.record.owner for run in project.sessions(status=Status.RUNNING)]
        process.kill()
        for owner in owners:
            assert owner is not None
            os.kill(owner.pid, signal.SIGKILL)
        process.communicate()
    wait_until(lambda: all(run.is_stale for run in project.sessions()))
    (tmp_path / "gate").touch()
    check_all_done(tmp_path, attempts={1: 4, 2: 2})


def driver(folder: Path) -> subprocess.Popen[str]:
    """`project.run` of six runs, two at a time, that wait for a gate to open."""
    command = [sys.executable, "-m", "tests.executors.local_driver", str(folder)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_two(folder: Path) -> Project:
    wait_until(lambda: len(list(folder.glob("results/gated/*/began"))) == 2)
    return Project(folder / "results")


def check_all_done(folder: Path, attempts: dict[int, int]) -> None:
    """Call it once more, and see that each run was finished by one attempt only."""
    with driver(folder) as process:
        process.communicate()
    runs = Project(folder / "results").sessions()
    assert all(run.is_done() for run in runs)
    assert {n: sum(run.attempt == n for run in runs) for n in attempts} == attempts
    assert sum(attempts.values()) == len(runs) == 6
    for run in runs:
        assert run.path("finished").read_text() == "x"


def run_script(folder: Path, calls: str) -> subprocess.CompletedProcess[str]:
    from textwrap import dedent

    script = folder / "study.py"
    head = "from pycaddy.project import Project\n\ndef train(run):\n    return {'x': 1}\n\n"
    script.write_text(head + dedent(calls))
    return subprocess.run(
        [sys.executable, script], check=False, capture_output=True, text=True, cwd=folder
    )
