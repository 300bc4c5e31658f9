"""What a type checker infers of the public names. mypy reads this file, nothing runs it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from multiprocessing import Lock
from pathlib import Path
from typing import Any, assert_type

import pycaddy
import tracker
from pycaddy.codec import FileRecord
from pycaddy.errors import PycaddyError, RunNotFoundError
from pycaddy.ledger import Ledger, Move, Owner, RunKey, RunRecord
from pycaddy.ledger.cleanup import Cleanup
from pycaddy.ledger.doctor import Finding
from pycaddy.ledger.rebuild import RebuildReport
from pycaddy.ledger.usage import Usage
from pycaddy.ledger.verify import Difference
from pycaddy.metrics.series import Series
from pycaddy.project import ExistingRun, Project, Session, Status, StorageMode
from pycaddy.project.report import RunReport
from pycaddy.sweeper import DictSweep, OptunaSweep, Sweep, Uniform


def message_of_an_error(error: PycaddyError) -> None:
    assert_type(error.message, str)


def an_error_is_also_the_builtin_that_people_catch(error: RunNotFoundError) -> KeyError:
    return error


def what_is_made_of_a_sweep_is_a_sweep(grid: DictSweep) -> None:
    assert_type(grid + grid, Sweep)
    assert_type(grid.sample(3), Sweep)
    assert_type(grid[0], dict[str, Any])


def a_search_that_learns_stands_where_a_sweep_stands(project: Project) -> None:
    for run in project.claim("train", OptunaSweep({"lr": Uniform(0, 1)}, "loss")):
        assert_type(run, Session)


def every_way_to_make_a_project(path: Path, ledger: Ledger) -> None:
    assert_type(Project("results"), Project)
    assert_type(Project(path, path, StorageMode.PREFIX), Project)
    assert_type(Project(root="results", relpath="a", storage_mode=StorageMode.PREFIX), Project)
    assert_type(Project(path, ledger=ledger, durability="process", ignore=["seed"]), Project)
    assert_type(Project(path, ledger=path).sub("a").ensure_folder(), Project)
    assert_type(pycaddy.Project("results"), Project)
    assert_type(tracker.Project("results"), Project)


def what_a_project_tells(project: Project) -> None:
    assert_type(project.root, Path)
    assert_type(project.relpath, str)
    assert_type(project.folder, Path)
    assert_type(project.path, Path)
    assert_type(project.storage_mode, StorageMode)
    assert_type(project.ignore, tuple[str, ...])
    assert_type(project.ledger, Ledger)


def every_way_to_a_session(project: Project, key: RunKey, path: Path) -> None:
    assert_type(project.session("train"), Session)
    assert_type(project.session("train", {"lr": 0.1, "data": path}), Session)
    assert_type(project.session("t", None, ExistingRun.RESUME, StorageMode.PREFIX), Session)
    assert_type(project.session("t", existing_run_strategy=None, storage_mode=None), Session)
    assert_type(project.session("t", {"seed": 1}, ignore=("seed",)), Session)
    assert_type(project.session_of("train/0001"), Session)
    assert_type(project.session_of("train", 1), Session)
    assert_type(project.session_of(1), Session)
    assert_type(project.session_of(key), Session)
    assert_type(project.restore(key), Session)
    assert_type(project.sessions("train", status=Status.DONE, recursive=True), list[Session])
    assert_type(project.claim("train", [{"lr": 0.1}]), Iterator[Session])
    assert_type(project.reap(), list[Session])
    assert_type(project.trash(), list[RunRecord])


def what_a_project_finds_out(project: Project) -> None:
    assert_type(project.verify(data=True), list[Difference])
    assert_type(project.doctor(fix=True), list[Finding])
    assert_type(project.rebuild(), RebuildReport)


def a_function_of_a_session_is_run(project: Project) -> None:
    def train(run: Session) -> dict[str, float]:
        return {"loss": 0.5}

    def quiet(run: Session) -> None:
        run.path("model.pt").touch()

    assert_type(project.run(train, [{"lr": 0.1}]), RunReport)
    assert_type(project.run(quiet, [{"lr": 0.1}], identifier="quiet"), RunReport)


def methods_of_a_session_chain(run: Session, path: Path) -> None:
    assert_type(run.start(), Session)
    assert_type(run.done(), Session)
    assert_type(run.error(), Session)
    assert_type(run.error("no data"), Session)
    assert_type(run.error(ValueError()), Session)
    assert_type(run.reopen(), Session)
    assert_type(run.attach_files({"a": path, "b": "b.txt"}), Session)
    assert_type(run.attach_files(file_dict={"a": path}, hash=True, replace=True), Session)
    assert_type(run.start().attach_files({"a": path}).done(), Session)


def a_dict_of_paths_is_a_dict_of_files(run: Session, files: dict[str, Path]) -> None:
    run.attach_files(files)


def what_a_session_tells(run: Session) -> None:
    assert_type(run.uid, str)
    assert_type(run.identifier, str)
    assert_type(run.key, RunKey)
    assert_type(run.params, dict[str, Any])
    assert_type(run.param_hash, int | str)
    assert_type(run.status, Status)
    assert_type(run.is_done(), bool)
    assert_type(run.is_stale, bool)
    assert_type(run.attempt, int)
    assert_type(run.error_text, str | None)
    assert_type(run.created_at, datetime)
    assert_type(run.started_at, datetime | None)
    assert_type(run.ended_at, datetime | None)
    assert_type(run.history, tuple[Move, ...])
    assert_type(run.files, dict[str, Path])
    assert_type(run.folder, Path)
    assert_type(run.path("model.pt"), Path)
    assert_type(run.path("model.pt", False), Path)
    assert_type(run.path("model.pt", include_identifier=False), Path)
    assert_type(run.project, Project)
    assert_type(run.record, RunRecord)


def a_result_is_read_and_assigned(run: Session) -> None:
    assert_type(run.result, dict[str, Any] | None)
    run.result = {"loss": 0.5, "curve": [1, 2]}
    run.result = None


def a_block_has_the_session_and_does_not_swallow(project: Project) -> int:
    with project.session("train") as run:
        assert_type(run, Session)
        return 1  # a block that might swallow an exception would need another return


def what_a_ledger_answers(ledger: Ledger, path: Path) -> None:
    assert_type(Ledger("results"), Ledger)
    assert_type(Ledger(path, root=path, durability="power"), Ledger)
    assert_type(Ledger(path=path, lock=Lock()), Ledger)
    assert_type(Ledger(path, Lock(), root=path), Ledger)
    Ledger.set_global_lock(Lock())
    assert_type(ledger.allocate("train", relpath=path, params={"lr": 0.1}), str)
    assert_type(ledger.allocate("train", param_hash="x", status=Status.DONE), str)
    assert_type(ledger.allocate("train", path, 12345), str)
    ledger.log("train", "0001", relpath="a", status=Status.DONE, path_dict={"m": path, "n": "n"})
    ledger.log("train", "0001", Status.DONE, {"m": path})
    assert_type(ledger.get_record("train", 1), RunRecord | None)
    assert_type(ledger.read("train", 1, relpath="a"), RunRecord)
    assert_type(ledger.get_uid_record_dict("train"), dict[str, RunRecord])
    assert_type(ledger.get_uid_record_dict("train", path), dict[str, RunRecord])
    assert_type(ledger.find_by_param_hash("train", "x"), tuple[str, RunRecord] | None)
    assert_type(ledger.find_by_param_hash("train", 12345, path), tuple[str, RunRecord] | None)
    assert_type(ledger.load(), dict[str, dict[str, dict[str, dict[str, Any]]]])


def what_a_record_tells(record: RunRecord) -> None:
    assert_type(record.key, RunKey)
    assert_type(record.status, Status)
    assert_type(record.params, dict[str, Any])
    assert_type(record.result, dict[str, Any] | None)
    assert_type(record.files, dict[str, Path])
    assert_type(record.artifacts, dict[str, FileRecord])
    assert_type(record.param_hash, int | str)
    assert_type(record.timestamp_status_lst, list[tuple[datetime, Status]])
    assert_type(record.model_dump(), dict[str, Any])
    assert_type(record.owner, Owner | None)
    assert_type(record.history, tuple[Move, ...])
    assert_type(record.seconds, float | None)
    assert_type(record.created_at, datetime)


def what_cannot_be_meant_is_marked(project: Project, run: Session) -> None:
    """An ignore that is not needed is an error, too."""
    Project(1)  # type: ignore[arg-type]
    Project("results", storage_mode="prefix")  # type: ignore[arg-type]
    project.session(1)  # type: ignore[arg-type]
    project.session("train", [1])  # type: ignore[arg-type]
    project.session("train", {}, "resume")  # type: ignore[arg-type]
    project.sessions(status="done")  # type: ignore[arg-type]
    project.ledger.allocate("train", param_hash=1.5)  # type: ignore[arg-type]
    run.attach_files({"a": 1})  # type: ignore[dict-item]
    run.error(1)  # type: ignore[arg-type]
    run.path(1)  # type: ignore[arg-type]
    run.uid = "0002"  # type: ignore[misc]
    run.files = {}  # type: ignore[misc]


def what_a_run_logs(project: Project, run: Session) -> None:
    run.log("loss", 0.5)
    run.log({"loss": 0.5, "accuracy": 1}, step=3)
    assert_type(run.flush(), Session)
    assert_type(run.log_system(5.0), Session)
    assert_type(run.metrics("loss"), Series)
    assert_type(run.metrics("loss").values, array[float])
    assert_type(run.metrics(), dict[str, dict[str, Any]])
    assert_type(
        project.metrics([run, run.key, run.record, "train/0001"], "loss"), dict[RunKey, Series]
    )


def runs_are_captured_marked_and_cleaned_up(project: Project) -> None:
    assert_type(Project("results", capture="git,env"), Project)
    assert_type(Project("results", capture=None).capture, tuple[str, ...])
    run = project.session("train").tag("a", "b").untag("a").note("text").note(None)
    assert_type(run, Session)
    assert_type(run.tags, tuple[str, ...])
    assert_type(run.record.note, str | None)
    assert_type(run.capture, dict[str, Any])
    assert_type(project.gc(keep_best=("loss", 3, "min"), older_than="30d"), Cleanup)
    assert_type(project.empty_trash(older_than="30d", dry_run=True).runs, tuple[str, ...])
    assert_type(project.disk_usage(), Usage)
