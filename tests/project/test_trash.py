"""Runs put aside and brought back: nothing of another run moves, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.errors import FolderTakenError, RunBusyError, RunNotFoundError
from pycaddy.project import ExistingRun, Project, Session, Status, StorageMode
from tests.scripts import Talk, killed


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def files_below(folder: Path) -> dict[str, str]:
    """The text of every file below *folder*, the project's own left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".pycaddy" not in path.parts
    }


def finished(project: Project, identifier: str = "train") -> Session:
    """A run that wrote a file, a nested one and one that the identifier's runs may share."""
    run = project.session(identifier, {"lr": 0.1}).start()
    run.path("model.txt").write_text(f"model of {run.uid}")
    run.path("ckpt/last.txt").write_text(f"checkpoint of {run.uid}")
    run.path("log.txt", include_identifier=False).write_text("log")
    run.attach_files({"model": run.path("model.txt")})
    run.result = {"loss": 0.5}
    return run.done()


def test_a_removed_run_is_in_no_list_and_its_files_are_out_of_the_way(project: Project) -> None:
    run = finished(project)
    run.remove()
    assert project.sessions() == []
    assert [record.key for record in project.trash()] == [run.key]
    left = {"train/log.txt": "log"} if project.storage_mode is StorageMode.PREFIX else {}
    assert files_below(project.root) == left


def test_restore_brings_back_everything(project: Project) -> None:
    run = finished(project)
    before, record = files_below(project.root), run.record
    run.remove()
    restored = project.restore("train/0001")
    assert files_below(project.root) == before
    assert project.trash() == []
    for fact in ("params", "status", "attempt", "files", "result", "history", "ended_at"):
        assert getattr(restored.record, fact) == getattr(record, fact)


def test_remove_and_restore_may_be_repeated(project: Project) -> None:
    run = finished(project)
    before = files_below(project.root)
    for _ in range(3):
        run.remove()
        run = project.restore("train", 1)
    assert files_below(project.root) == before


def test_other_runs_keep_their_files(project: Project) -> None:
    runs = [finished(project) for _ in range(3)]
    others = finished(project, "train2"), finished(project.sub("train"), "eval")
    before = files_below(project.root)
    runs[1].remove()
    gone = {name for name in before if "/0002" in name and not name.startswith("train/eval")}
    after = files_below(project.root)
    assert after == {name: text for name, text in before.items() if name not in gone}
    assert len(gone) == 3 + (project.storage_mode is StorageMode.SUBFOLDER)
    for run in (runs[0], runs[2], *others):
        assert run.path("model.txt").read_text() == f"model of {run.uid}"


def test_run_1000_does_not_take_the_files_of_run_10000_with_it(project: Project) -> None:
    project.ledger.store.load((), {("", "train"): 999})
    thousand = finished(project)
    project.ledger.store.load((), {("", "train"): 9_999})
    large = finished(project)
    assert (thousand.uid, large.uid) == ("1000", "10000")
    thousand.remove()
    assert large.path("model.txt").read_text() == "model of 10000"
    assert large.path("ckpt/last.txt").read_text() == "checkpoint of 10000"


def test_files_in_folders_of_other_owners_stay(tmp_path: Path) -> None:
    """0001_x in a folder that the identifier's runs do not share is no file of run 0001."""
    project = Project(tmp_path, storage_mode=StorageMode.PREFIX)
    run = finished(project)
    foreign = tmp_path / "train" / "scans"
    foreign.mkdir()
    (foreign / "0001_brain.txt").write_text("scan")
    run.remove()
    assert (foreign / "0001_brain.txt").read_text() == "scan"


def test_attached_files_elsewhere_stay(project: Project, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1,2,3")
    run = project.session("train").start().attach_files({"data": data}).done()
    run.remove()
    assert data.read_text() == "1,2,3"
    assert project.restore("train/0001").files == {"data": data}


def test_the_uid_of_a_removed_run_is_not_given_again(project: Project) -> None:
    finished(project).remove()
    assert project.session("train").uid == "0002"


def test_a_removed_run_is_not_resumed(project: Project) -> None:
    finished(project).remove()
    for strategy in (ExistingRun.RESUME, ExistingRun.CONTINUE):
        run = project.session("train", {"lr": 0.1}, strategy)
        assert run.status is Status.PENDING
        assert run.uid != "0001"


@pytest.mark.parametrize("began", [True, False])
def test_a_run_that_was_never_done_can_be_removed(project: Project, began: bool) -> None:
    run = project.session("train")
    run.path("notes.txt").write_text("notes")
    if began:
        run.start().error("no")
    run.remove()
    assert files_below(project.root) == {}
    restored = project.restore("train/0001")
    assert restored.path("notes.txt").read_text() == "notes"
    assert restored.status is (Status.ERROR if began else Status.PENDING)


def test_a_run_that_has_no_files_can_be_removed(project: Project) -> None:
    project.session("train").remove()
    assert project.restore("train/0001").status is Status.PENDING


def test_a_running_run_is_not_removed(project: Project) -> None:
    run = project.session("train").start()
    run.path("model.txt").write_text("half a model")
    with pytest.raises(RunBusyError, match=r"train/0001 is RUNNING in this process"):
        run.remove()
    assert run.path("model.txt").exists()
    assert project.trash() == []


WORKER = """
    import sys
    from pycaddy.project import Project

    run = Project("results").session("train")
    run.start() if sys.argv[1] == "start" else None
    print("there", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("state", ["start", "wait"])
def test_a_run_in_the_hands_of_another_process_is_not_removed(tmp_path: Path, state: str) -> None:
    with Talk(WORKER, tmp_path, state) as worker:
        worker.line()
        run = Project(tmp_path / "results").session_of("train/0001")
        with pytest.raises(RunBusyError, match=r"in pid \d+ on .*Wait for it"):
            run.remove()
    Project(tmp_path / "results").session_of("train/0001").remove()  # its process is gone


REMOVALS: dict[str, Callable[[Session], object]] = {
    "start": Session.start,
    "done": Session.done,
    "error": Session.error,
    "reopen": Session.reopen,
    "attach": lambda run: run.attach_files({"x": "x"}),
    "result": lambda run: setattr(run, "result", {"x": 1}),
    "status": lambda run: run.status,
    "files": lambda run: run.files,
}


@pytest.mark.parametrize("use", REMOVALS.values(), ids=REMOVALS)
@pytest.mark.parametrize("same", [True, False], ids=["the remover", "another handle"])
def test_a_removed_run_cannot_be_changed(
    project: Project, use: Callable[[Session], object], same: bool
) -> None:
    run = finished(project)
    other = project.session_of("train/0001")
    before = run.record
    run.remove()
    with pytest.raises(RunNotFoundError, match=r"'0001' of 'train'.*trash.*restore\(\)"):
        use(run if same else other)
    restored = project.restore("train/0001")
    assert restored.record.status is before.status
    assert restored.files == {"model": restored.path("model.txt")}


def test_the_remover_gets_no_more_paths(project: Project) -> None:
    run = finished(project)
    run.remove()
    for use in (lambda: run.folder, lambda: run.path("new.txt")):
        with pytest.raises(RunNotFoundError, match="trash"):
            use()


def test_an_empty_folder_does_not_block_a_restore(tmp_path: Path) -> None:
    project = Project(tmp_path)
    finished(project).remove()
    (tmp_path / "train" / "0001").mkdir()
    assert project.restore("train/0001").path("model.txt").exists()


def test_a_file_in_the_way_of_a_restore_is_not_overwritten(project: Project) -> None:
    run = finished(project)
    model = run.path("model.txt")
    run.remove()
    model.parent.mkdir(exist_ok=True)
    model.write_text("of somebody else")
    with pytest.raises(FolderTakenError, match=r"in the way of run train/0001\. Move it"):
        project.restore("train/0001")
    assert model.read_text() == "of somebody else"
    model.unlink()
    assert project.restore("train/0001").path("model.txt").read_text() == "model of 0001"


def test_a_removal_stopped_before_the_files_moved_is_undone_by_restore(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(project)
    before = files_below(project.root)

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", power_cut)
        with pytest.raises(KeyboardInterrupt):
            run.remove()
    assert files_below(project.root) == before
    assert project.sessions() == []
    project.restore("train/0001")
    assert files_below(project.root) == before
    assert project.session_of("train/0001").is_done()


@pytest.mark.parametrize("moves", [1, 2])
def test_a_removal_killed_between_two_files_is_undone_by_restore(
    tmp_path: Path, moves: int
) -> None:
    project = Project(tmp_path / "results", storage_mode=StorageMode.PREFIX)
    finished(project)
    before = files_below(project.root)
    killed(
        f"""
        import os
        from pycaddy.project import Project

        rename = os.rename
        left = [None] * {moves}
        os.rename = lambda *names: (left.pop(), rename(*names)) if left else os.kill(os.getpid(), 9)
        Project("results").session_of("train/0001").remove()
        """,
        tmp_path,
    )
    assert 0 < len(files_below(project.root)) < len(before)
    project.restore("train/0001")
    assert files_below(project.root) == before


def test_restore_wants_a_run_that_is_in_the_trash(project: Project) -> None:
    finished(project)
    with pytest.raises(RunNotFoundError, match=r"train/0001 is not in the trash.*trash\(\)"):
        project.restore("train/0001")
    with pytest.raises(RunNotFoundError, match=r"No run '0007' of 'train'"):
        project.restore("train/0007")


def test_restore_takes_the_same_forms_as_session_of(project: Project) -> None:
    inner = project.sub("imagenet")
    for form in ("imagenet/train/0001", "imagenet/train/1"):
        finished(inner) if not inner.sessions() else None
        inner.session_of("train/0001").remove()
        assert project.restore(form).uid == "0001"
    for restore in (
        lambda: project.restore("imagenet/train", "0001"),
        lambda: inner.restore("train", 1),
        lambda: inner.restore("0001"),
    ):
        inner.session_of("train/0001").remove()
        assert restore().is_done()


def test_the_trash_of_a_namespace_holds_those_below_or_only_its_own(project: Project) -> None:
    inner = project.sub("imagenet")
    finished(project).remove()
    finished(inner).remove()
    assert [str(record.key) for record in project.trash()] == ["train/0001", "imagenet/train/0001"]
    assert [str(record.key) for record in project.trash(recursive=False)] == ["train/0001"]
    assert [str(record.key) for record in inner.trash()] == ["imagenet/train/0001"]
    assert project.trash()[0].trashed_us is not None


@pytest.mark.parametrize("call", ["start", "done"])
def test_an_early_handle_that_is_refused_leaves_nothing_in_the_way(
    project: Project, call: str
) -> None:
    early = project.session("train")
    project.session_of("train/0001").done().remove()
    with pytest.raises(RunNotFoundError):
        getattr(early, call)()
    assert not (project.root / "train" / "0001").exists()
    assert project.restore("train/0001").is_done()
