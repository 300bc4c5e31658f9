"""`with session:` starts the run, and ends it whatever happens inside."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from pycaddy.errors import LeaseLostError, LedgerMissingError, RunBusyError, RunFinishedError
from pycaddy.project import ExistingRun, Project, Status
from tests.scripts import Talk
from tests.scripts import run as run_program


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def test_a_block_that_ends_is_done(project: Project) -> None:
    with project.session("train", {"lr": 0.1}) as run:
        assert run.status is Status.RUNNING
        assert run.attempt == 1
    assert run.is_done()
    assert run.error_text is None


def test_the_block_gets_the_session_itself(project: Project) -> None:
    session = project.session("train")
    with session as run:
        assert run is session


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_whatever_a_block_raises_is_kept_and_raised_again(
    project: Project, kind: type[BaseException]
) -> None:
    run = project.session("train")
    error = kind("no data")
    with pytest.raises(kind) as caught, run:
        raise error
    assert caught.value is error
    assert run.status is Status.ERROR
    assert "Traceback" in (run.error_text or "")
    assert f"{kind.__name__}: no data" in (run.error_text or "")
    assert Path(__file__).name in (run.error_text or "")


def test_a_block_may_end_its_run_itself(project: Project) -> None:
    with project.session("train") as done:
        done.done()
    with project.session("train") as failed:
        failed.error("no data")
    assert done.is_done()
    assert failed.status is Status.ERROR
    assert failed.error_text == "no data"
    assert len(done.history) == len(failed.history) == 3


def test_an_exception_after_done_means_a_bad_result(project: Project) -> None:
    run = project.session("train")

    def block() -> None:
        with run:
            run.done()
            raise ValueError

    with pytest.raises(ValueError):
        block()
    assert run.status is Status.ERROR


def test_an_exception_after_error_keeps_the_first_reason(project: Project) -> None:
    run = project.session("train")

    def block() -> None:
        with run:
            run.error("first")
            raise ValueError("second")

    with pytest.raises(ValueError, match="second"):
        block()
    assert run.error_text == "first"


def test_a_block_may_remove_its_run(project: Project) -> None:
    with project.session("train") as run:
        run.done().remove()
    assert len(project.trash()) == 1


def test_a_block_may_start_itself(project: Project) -> None:
    with project.session("train").start() as run:
        pass
    assert run.is_done()
    assert run.attempt == 1


def test_a_run_that_failed_gets_another_attempt(project: Project) -> None:
    run = project.session("train")
    with pytest.raises(ValueError), run:
        raise ValueError
    with run:
        pass
    assert run.is_done()
    assert run.attempt == 2


def test_a_done_run_is_not_begun_again(project: Project) -> None:
    project.session("train").start().done()
    run = project.session("train", existing_run_strategy=ExistingRun.RESUME)
    began = False
    with pytest.raises(RunFinishedError, match=r"is DONE.*NEW.*reopen\(\)"), run:
        began = True
    assert not began
    assert run.is_done()


def test_a_block_that_was_taken_over_says_so(project: Project) -> None:
    with pytest.raises(LeaseLostError), project.session("train") as run:
        project.session_of("train/0001").error("given up").start()
    assert run.status is Status.RUNNING


def test_a_failure_to_record_does_not_hide_what_went_wrong(project: Project) -> None:
    def block() -> None:
        with project.session("train"):
            project.ledger.store.close()
            for path in (project.root / ".pycaddy").glob("ledger.db*"):
                path.unlink()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        block()
    (note,) = caught.value.__notes__
    assert note.startswith("The run could not be marked as ERROR: The ledger ")
    with pytest.raises(LedgerMissingError):
        project.sessions()


def test_a_run_that_lost_its_folder_still_ends(project: Project) -> None:
    with project.session("train") as run:
        shutil.rmtree(run.folder)
    assert run.is_done()
    assert (run.folder / "run.json").exists()


WORKER = """
    from pycaddy.project import Project

    with Project("results").session("train", {"lr": 0.1}) as run:
        run.path("checkpoint.txt").write_text("half")
        print("there", flush=True)
        import signal
        signal.pause()
"""


def test_ctrl_c_ends_the_run_in_error(tmp_path: Path) -> None:
    with Talk(WORKER, tmp_path) as worker:
        worker.line()
        worker.signal(signal.SIGINT)
        code, errors = worker.end()
    assert code == -signal.SIGINT
    assert errors.rstrip().endswith("KeyboardInterrupt")
    run = Project(tmp_path / "results").session_of("train/0001")
    assert run.status is Status.ERROR
    assert (run.error_text or "").endswith("KeyboardInterrupt\n")
    again = Project(tmp_path / "results").session("train", {"lr": 0.1}, ExistingRun.CONTINUE)
    assert again.uid == "0001"
    assert again.path("checkpoint.txt").read_text() == "half"


def test_a_run_in_another_process_is_not_begun(tmp_path: Path) -> None:
    with Talk(WORKER, tmp_path) as worker:
        worker.line()
        run = Project(tmp_path / "results").session_of("train/0001")
        with pytest.raises(RunBusyError, match=r"RUNNING in pid \d+ on .*Wait for it"), run:
            pass
        assert run.status is Status.RUNNING
        assert run.attempt == 1


@pytest.mark.parametrize("code", [0, 3])
def test_sys_exit_ends_the_run_in_error_and_the_program_with_its_code(
    tmp_path: Path, code: int
) -> None:
    program = """
        import sys
        from pycaddy.project import Project

        with Project("results").session("train"):
            sys.exit(int(sys.argv[1]))
    """
    done = run_program(program, tmp_path, str(code))
    assert done.returncode == code, done.stderr
    run = Project(tmp_path / "results").session_of("train/0001")
    assert run.status is Status.ERROR
    assert run.history[-1].detail == f"SystemExit: {code}"


def test_a_killed_block_leaves_a_stale_run(tmp_path: Path) -> None:
    with Talk(WORKER, tmp_path) as worker:
        worker.line()
        worker.signal(signal.SIGKILL)
        worker.end()
    run = Project(tmp_path / "results").session_of("train/0001")
    assert run.is_stale
    assert run.path("checkpoint.txt").read_text() == "half"
    with run:
        pass
    assert run.attempt == 2
