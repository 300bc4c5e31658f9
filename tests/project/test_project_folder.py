"""A root that cannot hold a project, and what is said about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from pycaddy.errors import (
    LedgerDamagedError,
    LedgerStorageError,
    NameClashError,
    ProjectFolderError,
    PycaddyError,
)
from pycaddy.project import Project, Session, Status, StorageMode
from tests.mounts import full, read_only, small_disk

USES: dict[str, Callable[[Project], object]] = {
    "ensure_folder": Project.ensure_folder,
    "session": lambda project: project.session("train"),
    "sessions": Project.sessions,
    "verify": Project.verify,
    "doctor": Project.doctor,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("below", ["", "deep/inside"])
def test_a_root_that_is_a_file(
    tmp_path: Path, use: Callable[[Project], object], below: str
) -> None:
    (tmp_path / "results").write_text("a file")
    project = Project(tmp_path / "results" / below)
    expected = r"/results is a file, and a project needs a folder\. .*another root"
    with pytest.raises(ProjectFolderError, match=expected) as refused:
        use(project)
    assert refused.value.path == str(project.root)
    assert isinstance(refused.value, OSError)
    assert (tmp_path / "results").read_text() == "a file"


def test_a_root_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(ProjectFolderError, match=r"a\\x00b' has a NUL.*another root"):
        Project(tmp_path / "a\0b")


def test_a_root_whose_name_is_not_unicode(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"r\xe9sultats")
    run = Project(root).session("train").start()
    run.attach_files({"model": run.path("model.pt")}).done()
    assert Project(root).session_of("train/0001").files == {"model": root / "train/0001/model.pt"}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_root_on_a_read_only_disk(tmp_path: Path, use: Callable[[Project], object]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    reasons = r"(Read-only file system|Permission denied)"
    with (
        read_only(disk),
        pytest.raises(ProjectFolderError, match=rf"disk/results cannot be made: {reasons}\. C"),
    ):
        use(Project(disk / "results"))


def test_a_project_that_became_read_only_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    project.ledger.store.close()
    with read_only(tmp_path / "results"):
        attach = partial(run.attach_files, {"log": tmp_path / "train.log"})
        for write in (partial(project.session, "train"),):
            with pytest.raises(LedgerStorageError, match=r"results/\.pycaddy/ledger\.db .*kept"):
                write()
        for write in (run.done, attach):
            with pytest.raises(
                ProjectFolderError, match=r"results/train/0001/run.json .*not changed"
            ):
                write()
    assert run.status is Status.RUNNING
    run.done()


def test_a_disk_that_is_full_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=4096) as disk:
        project = Project(disk / "results")
        run, waiting = project.session("train").start(), project.session("train")
        with full(disk):
            for write in (
                lambda: project.session("train", {"big": "x" * 200_000}),
                lambda: run.error("x" * 60_000),
                lambda: run.attach_files({f"file {n}": str(n) for n in range(2000)}),
                waiting.start,
            ):
                with pytest.raises(
                    (LedgerStorageError, ProjectFolderError), match="was not changed"
                ):
                    write()
        assert [each.status.name for each in project.sessions()] == ["RUNNING", "PENDING"]
        assert run.done().is_done()
        assert waiting.start().done().is_done()
        assert project.ledger.store.check() == []
        project.ledger.store.close()


def test_a_new_project_on_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kib=2048) as disk:
        project = Project(disk / "results")
        with full(disk), pytest.raises(PycaddyError, match=r"disk/results.*(space|full|disk)"):
            project.session("train")
        assert project.session("train").uid == "0001"
        project.ledger.store.close()


def test_a_description_that_cannot_be_written_is_named_and_mended(tmp_path: Path) -> None:
    """The ledger has the change already: it decides, and the doctor writes the file."""
    project = Project(tmp_path)
    run = project.session("train").start()
    sidecar = run.folder / "run.json"
    sidecar.unlink()
    sidecar.mkdir()
    with pytest.raises(
        ProjectFolderError, match=r"run\.json cannot be written: .*The ledger has.*doctor --fix`"
    ) as refused:
        run.done()
    assert refused.value.path == str(sidecar)
    assert project.session_of("train/0001").is_done()
    sidecar.rmdir()
    project.doctor(fix=True)
    assert '"done"' in sidecar.read_text()


# -- names that differ only by case -----------------------------------------------------------


def test_two_roots_that_differ_only_by_case(tmp_path: Path) -> None:
    Project(tmp_path / "Results").ensure_folder()
    for make in (
        lambda: Project(tmp_path / "results").ensure_folder(),
        lambda: Project(tmp_path / "results").session("train"),
        lambda: Project(tmp_path / "RESULTS" / "deep").session("train"),
    ):
        with pytest.raises(NameClashError, match=r"differs only by case.*'Results'.*Use 'Results'"):
            make()
    assert os.listdir(tmp_path) == ["Results"]


def test_roots_that_are_there_already_are_used_as_they_are(tmp_path: Path) -> None:
    for name in ("Results", "results"):
        (tmp_path / name).mkdir()
        Project(tmp_path / name).session("train")


def test_two_sub_folders_that_differ_only_by_case(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.sub("ImageNet").ensure_folder()
    with pytest.raises(NameClashError, match=r"imagenet differs only by case from .*'ImageNet'"):
        project.sub("imagenet").ensure_folder()
    project.sub("ImageNet").session("train")
    with pytest.raises(NameClashError, match=r"'imagenet' differs only by case from 'ImageNet'"):
        project.sub("imagenet").session("train")


# -- ledgers that are none ----------------------------------------------------------------------


@pytest.mark.parametrize("use", ["session", "sessions", "doctor"])
def test_a_ledger_that_is_not_a_database(tmp_path: Path, use: str) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    project.ledger.store.close()
    ledger = tmp_path / ".pycaddy" / "ledger.db"
    ledger.write_bytes(b"no database" * 1000)
    with pytest.raises(LedgerDamagedError, match=r"ledger\.db is damaged.*`pycaddy rebuild`"):
        USES[use](Project(tmp_path))
    assert ledger.read_bytes() == b"no database" * 1000


@pytest.mark.parametrize("mode", list(StorageMode), ids=lambda mode: mode.value)
def test_what_a_user_does_in_a_bad_place_raises_errors_of_ours(
    tmp_path: Path, mode: StorageMode
) -> None:
    """Each with a message that is a sentence."""
    project = Project(tmp_path / "results", storage_mode=mode)
    run = project.session("train").start()
    project.ledger.store.close()
    uses: list[Callable[[], object]] = [
        lambda: project.session("other").folder,
        lambda: run.path("deeper/x"),
        lambda: run.attach_files({"x": "y"}),
        run.done,
        run.error,
        lambda: setattr(run, "result", {}),
        lambda: Session.remove(run),
    ]
    with read_only(tmp_path / "results"):
        for use in uses:
            with pytest.raises(PycaddyError) as refused:
                use()
            assert str(refused.value).endswith((".", "it")), str(refused.value)
