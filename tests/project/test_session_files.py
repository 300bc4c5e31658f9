"""The paths of a run, its folder, and the files that it remembers."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycaddy.errors import (
    FileKeyError,
    FolderTakenError,
    InvalidNameError,
    NameClashError,
    ProjectFolderError,
    PycaddyError,
)
from pycaddy.ledger import FileRecord, Ledger
from pycaddy.project import Project, Session, StorageMode

PREFIX = StorageMode.PREFIX


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


@pytest.mark.parametrize(
    ("mode", "filename", "include_identifier", "path"),
    [
        (StorageMode.SUBFOLDER, "model.pt", True, "train/0001/model.pt"),
        (StorageMode.SUBFOLDER, "model.pt", False, "train/0001/model.pt"),
        (StorageMode.SUBFOLDER, "a/b/c.pt", True, "train/0001/a/b/c.pt"),
        (PREFIX, "model.pt", True, "train/0001_model.pt"),
        (PREFIX, "model.pt", False, "train/model.pt"),
        (PREFIX, "ckpt/a.pt", True, "train/ckpt/0001_a.pt"),
        (PREFIX, "ckpt/a.pt", False, "train/ckpt/a.pt"),
    ],
)
def test_a_path_is_absolute_and_its_folder_is_there(
    tmp_path: Path, mode: StorageMode, filename: str, include_identifier: bool, path: str
) -> None:
    run = Project(tmp_path / "r", storage_mode=mode).session("train")
    found = run.path(filename, include_identifier)
    assert found == run.path(filename, include_identifier=include_identifier)
    assert found == tmp_path / "r" / path
    assert found.parent.is_dir()
    assert not found.exists()


def test_the_folder_is_made_when_asked_for(project: Project) -> None:
    run = project.session("train")
    home = project.root / "train"
    assert not home.exists()
    assert run.folder == (home if project.storage_mode is PREFIX else home / "0001")
    assert run.folder.is_dir()


def test_a_folder_that_was_deleted_is_made_again(project: Project) -> None:
    run = project.session("train").start()
    shutil.rmtree(run.folder)
    assert run.folder.is_dir()
    run.attach_files({"model": run.path("model.pt")})
    assert (project.root / run.record.layout.sidecar).exists()


def test_runs_keep_their_files_apart(project: Project) -> None:
    runs = [project.session("train") for _ in range(3)]
    for run in runs:
        run.path("model.txt").write_text(run.uid)
    assert [run.path("model.txt").read_text() for run in runs] == ["0001", "0002", "0003"]


def test_in_prefix_mode_a_plain_name_is_shared_by_the_identifiers_runs(tmp_path: Path) -> None:
    project = Project(tmp_path, storage_mode=PREFIX)
    one, two, other = (project.session(name) for name in ("train", "train", "eval"))
    one.path("log.txt", include_identifier=False).write_text("one")
    assert two.path("log.txt", include_identifier=False).read_text() == "one"
    assert not other.path("log.txt", include_identifier=False).exists()


def test_both_modes_in_one_identifier_keep_out_of_each_others_way(tmp_path: Path) -> None:
    project = Project(tmp_path)
    prefix = project.session("train", storage_mode=PREFIX).start()
    subfolder = project.session("train").start()
    for run in (prefix, subfolder):
        run.path("model.txt").write_text(run.uid)
        run.path("ckpt/last.txt").write_text(run.uid)
        run.done()
    assert prefix.path("model.txt") == tmp_path / "train" / "0001_model.txt"
    assert subfolder.path("model.txt") == tmp_path / "train" / "0002" / "model.txt"
    subfolder.remove()
    assert prefix.path("ckpt/last.txt").read_text() == "0001"
    prefix.remove()
    project.restore("train/0002")
    assert subfolder.path("model.txt").read_text() == "0002"
    assert sorted(os.listdir(tmp_path / "train")) == ["0002", "ckpt"]


def test_the_mode_of_a_run_outlives_that_of_its_project(tmp_path: Path) -> None:
    Project(tmp_path, storage_mode=PREFIX).session("train").path("model.pt").touch()
    run = Project(tmp_path).session_of("train/0001")
    assert run.path("model.pt") == tmp_path / "train" / "0001_model.pt"


def test_a_resumed_run_keeps_its_mode(tmp_path: Path) -> None:
    from pycaddy.project import ExistingRun

    first = Project(tmp_path).session("train", storage_mode=PREFIX).start().done()
    again = Project(tmp_path).session("train", None, ExistingRun.RESUME, StorageMode.SUBFOLDER)
    assert again.path("x") == first.path("x")


@pytest.mark.parametrize("name", ["..", "../x", "/etc/passwd", "a\\b", "", "a\0", "CON", "a/"])
def test_a_filename_that_is_none_is_refused(project: Project, name: str) -> None:
    run = project.session("train")
    with pytest.raises(InvalidNameError, match="The filename "):
        run.path(name)


def test_in_prefix_mode_a_folder_of_files_cannot_be_a_namespace_too(tmp_path: Path) -> None:
    project = Project(tmp_path, storage_mode=PREFIX)
    run = project.session("train")
    run.path("ckpt/a.pt")
    with pytest.raises(NameClashError, match=r"'train/ckpt' is used both.*Use another name"):
        project.sub("train").session("ckpt")
    project.sub("train").session("eval")
    with pytest.raises(NameClashError, match=r"'train/eval' is used both"):
        run.path("eval/a.pt")


def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(project: Project) -> None:
    run = project.session("train").start()
    run.path("ckpt").write_text("a file")
    if project.storage_mode is PREFIX:
        (project.root / "train" / "ckpt").touch()
    with pytest.raises(ProjectFolderError, match=r"ckpt.*is a file.*another name") as refused:
        run.path("ckpt/last.pt")
    assert refused.value.path == str(project.root / run.record.layout.folder / "ckpt")
    assert isinstance(refused.value, OSError)


@pytest.mark.parametrize("way", ["start", "path", "folder", "done"])
def test_a_file_in_the_place_of_a_namespace_is_said_to_be_one(project: Project, way: str) -> None:
    project.ensure_folder()
    (project.root / "imagenet").touch()
    run = project.sub("imagenet").session("train")
    use = {
        "start": run.start,
        "done": run.done,
        "path": lambda: run.path("x"),
        "folder": lambda: run.folder,
    }
    with pytest.raises(ProjectFolderError, match=r"imagenet.*is a file.*another name"):
        use[way]()


def test_a_path_that_is_too_long_for_the_system_is_an_error_of_ours(project: Project) -> None:
    run = project.session("train")
    with pytest.raises(ProjectFolderError, match=r"too long a path\. Use shorter names"):
        run.path("/".join(["d" * 100] * 50))


def test_files_are_kept_by_key_as_absolute_paths(project: Project, tmp_path: Path) -> None:
    run = project.session("train").start()
    outside = tmp_path / "data.csv"
    assert run.attach_files({"model": run.path("model.pt"), "data": outside}) is run
    run.attach_files(file_dict={"log": str(run.path("log.txt"))})
    assert run.files == {
        "model": run.path("model.pt"),
        "data": outside,
        "log": run.path("log.txt"),
    }
    assert list(run.files) == ["model", "data", "log"]
    assert project.session_of("train/0001").files == run.files


def test_a_relative_path_starts_at_the_current_directory(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = project.session("train").attach_files({"ckpt": Path("ckpt.pt"), "up": "x/../y"})
    monkeypatch.chdir("/")
    assert run.files == {"ckpt": tmp_path / "ckpt.pt", "up": tmp_path / "y"}


def test_below_the_project_paths_are_kept_relative_to_it(project: Project) -> None:
    run = project.session("train")
    run.attach_files({"model": run.path("model.pt")})
    assert run.record.artifacts["model"].path == run.record.layout.file("model.pt")


def test_a_project_behind_a_symbolic_link_keeps_its_own_files_relative(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    for root, other in (("link", "real"), ("real", "link")):
        run = Project(tmp_path / root).session("train")
        run.attach_files({"model": tmp_path / other / "train" / run.uid / "model.pt"})
        assert run.record.artifacts["model"].path == f"train/{run.uid}/model.pt"


def test_size_and_time_are_recorded_when_a_file_is_attached_and_when_the_run_is_done(
    project: Project,
) -> None:
    run = project.session("train").start()
    model = run.path("model.pt")
    run.attach_files({"model": model})
    assert run.record.artifacts["model"] == FileRecord(
        run.record.layout.file("model.pt"), given=str(run.path("model.pt"))
    )
    model.write_bytes(b"x" * 10)
    run.attach_files({"model": model})
    assert run.record.artifacts["model"].size == 10
    model.write_bytes(b"x" * 99)
    assert run.record.artifacts["model"].size == 10
    run.done()
    file = run.record.artifacts["model"]
    assert (file.size, file.mtime_ns) == (99, model.stat().st_mtime_ns)
    assert (file.hashed, file.sha256) == (False, None)


def test_a_hash_is_recorded_on_request_and_renewed_at_the_end(project: Project) -> None:
    run = project.session("train").start()
    model = run.path("model.pt")
    model.write_bytes(b"first")
    run.attach_files({"model": model}, hash=True)
    assert run.record.artifacts["model"].sha256 == hashlib.sha256(b"first").hexdigest()
    model.write_bytes(b"second")
    run.error("no")
    assert run.record.artifacts["model"].sha256 == hashlib.sha256(b"second").hexdigest()


def test_a_hash_once_asked_for_stays_asked_for(project: Project) -> None:
    run = project.session("train").start()
    run.path("a").write_bytes(b"a")
    run.attach_files({"model": run.path("a")}, hash=True)
    run.attach_files({"model": run.path("a")})
    assert run.record.artifacts["model"].sha256 == hashlib.sha256(b"a").hexdigest()


def test_a_folder_can_be_attached(project: Project) -> None:
    run = project.session("train").start()
    run.path("logs/events.out").touch()
    run.attach_files({"logs": run.path("logs/events.out").parent}).done()
    assert run.record.artifacts["logs"].size is None
    assert project.verify() == []


def test_attaching_the_same_again_changes_nothing(project: Project) -> None:
    run = project.session("train").start()
    run.path("model.pt").touch()
    run.attach_files({"model": run.path("model.pt")})
    before = run.record
    run.attach_files({"model": str(run.path("model.pt"))}).attach_files({})
    assert run.record == before


def test_files_may_be_attached_before_the_start_and_after_the_end(project: Project) -> None:
    run = project.session("train")
    run.attach_files({"before": run.path("before")})
    run.start().done()
    run.attach_files({"after": run.path("after")})
    assert list(project.session_of("train/0001").files) == ["before", "after"]


def test_a_key_that_is_taken_needs_replace(project: Project) -> None:
    run = project.session("train").attach_files({"model": "a.pt"})
    with pytest.raises(
        FileKeyError, match=r"train/0001 has a file 'model' already: .*a\.pt'.*replace=True"
    ) as refused:
        run.attach_files({"other": "c.pt", "model": "b.pt"})
    assert refused.value.key == "model"
    assert list(run.files) == ["model"]
    run.attach_files({"model": "b.pt"}, replace=True)
    assert run.files["model"].name == "b.pt"


def test_two_files_that_differ_only_by_case_are_refused(project: Project) -> None:
    run = project.session("train").attach_files({"a": "Model.pt"})
    with pytest.raises(FileKeyError, match=r"Model\.pt'.*differs only by case.*another name"):
        run.attach_files({"b": "model.pt"})
    with pytest.raises(FileKeyError, match="differs only by case"):
        run.attach_files({"x": "X.pt", "y": "x.pt"})
    run.attach_files({"a": "model.pt"}, replace=True)
    run.attach_files({"b": "model.pt"})
    assert run.files["a"] == run.files["b"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"": "x"}, r"key must be a text such as 'model', not ''"),
        ({5: "x"}, r"key must be a text such as 'model', not 5"),
        ({None: "x"}, r"key must be a text such as 'model', not None"),
        ({"model": None}, r"The file 'model' must be a path, not None\. Use session\.path"),
        ({"model": 3}, r"The file 'model' must be a path, not 3\. Use session\.path"),
        ({"model": ""}, r"The file 'model' must be a path, not ''\. Use session\.path"),
        ({"model": "a\0b"}, r"'model', 'a\\x00b', has a character.*Rename it"),
        ({"model": os.fsdecode(b"\xff.pt")}, r"'model', '\\udcff\.pt', has a char.*Rename it"),
        ({"m\ud800": "x"}, r"'m\\ud800', 'x', has a character in its key.*Rename it"),
    ],
    ids=str,
)
def test_what_cannot_be_attached_is_named(
    project: Project, files: dict[str, str], message: str
) -> None:
    run = project.session("train")
    with pytest.raises(FileKeyError, match=message) as refused:
        run.attach_files({"good": "x", **files})
    str(refused.value).encode()
    assert run.files == {}


@pytest.mark.parametrize("files", [None, [("a", "b")], "model.pt", 1])
def test_files_come_as_a_mapping(project: Project, files: object) -> None:
    with pytest.raises(TypeError, match=r"takes paths by key, such as \{'model': path\}, not "):
        project.session("train").attach_files(files)  # type: ignore[arg-type]


def test_a_path_of_bytes_is_a_path(project: Project) -> None:
    run = project.session("train").attach_files({"a": b"/data/x.pt"})  # type: ignore[dict-item]
    assert run.files == {"a": Path("/data/x.pt")}


@pytest.mark.parametrize(
    "name", [".pycaddy/ledger.db", ".pycaddy/ledger.db-wal", ".pycaddy/project.json", ".pycaddy"]
)
def test_the_ledgers_own_files_cannot_be_attached(project: Project, name: str) -> None:
    run = project.session("train")
    with pytest.raises(FileKeyError, match=r"belongs to the ledger.*session\.path"):
        run.attach_files({"x": project.root / name}, hash=True)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", ".lock"])
def test_a_ledger_elsewhere_cannot_be_attached_either(tmp_path: Path, ending: str) -> None:
    run = Project(tmp_path / "results", ledger=tmp_path / "lab.db").session("train")
    with pytest.raises(FileKeyError, match=r"lab\.db.*belongs to the ledger"):
        run.attach_files({"x": tmp_path / f"lab.db{ending}"}, hash=True)


def test_thousands_of_files_can_be_attached(project: Project) -> None:
    run = project.session("train")
    run.attach_files({f"f{n}": f"{n}.txt" for n in range(3000)})
    run.attach_files({"one more": "more.txt"})
    assert len(run.files) == 3001


def test_right_after_a_move_the_files_are_where_the_project_is(tmp_path: Path) -> None:
    run = Project(tmp_path / "old").session("train").start()
    run.path("model.txt").write_text("weights")
    outside = tmp_path / "data.csv"
    run.attach_files({"model": run.path("model.txt"), "data": outside}).done()
    os.rename(tmp_path / "old", tmp_path / "new")
    files = Project(tmp_path / "new").session_of("train/0001").files
    assert files == {"model": tmp_path / "new/train/0001/model.txt", "data": outside}
    assert files["model"].read_text() == "weights"


@pytest.fixture(scope="module", params=list(StorageMode), ids=lambda mode: mode.value)
def one_run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Session:
    root = tmp_path_factory.mktemp("results")
    return Project(root, storage_mode=request.param, durability="process").session("train")


PART = st.text(max_size=6) | st.sampled_from(["run.json", "0001", "..", ".", "con", "é", "É", "🚀"])
FILENAME = st.lists(PART, max_size=3).map("/".join) | st.text(min_size=100, max_size=260)


@given(FILENAME, FILENAME)
@settings(max_examples=150)
def test_any_text_is_a_good_filename_or_is_refused(one_run: Session, one: str, two: str) -> None:
    paths = {}
    for filename in (one, two):
        try:
            path = one_run.path(filename)
        except (InvalidNameError, ProjectFolderError) as error:
            str(error).encode()
            continue
        assert path.is_relative_to(one_run.folder)
        if not path.is_dir():  # as it is where an earlier example was nested
            path.write_bytes(filename.encode())
            paths[filename] = path
    for filename, path in paths.items():
        assert path.read_bytes() == filename.encode()
    assert len(set(paths.values())) == len(paths)


def test_no_filename_of_odd_type_is_taken(one_run: Session) -> None:
    for odd in (None, 1, b"x", Path("x")):
        with pytest.raises(TypeError, match="The filename must be a str, not "):
            one_run.path(odd)  # type: ignore[arg-type]


def test_errors_about_files_are_of_the_tree() -> None:
    for error in (FileKeyError, FolderTakenError, ProjectFolderError):
        assert issubclass(error, PycaddyError)


def test_a_ledger_that_is_given_as_such_is_known_by_its_address(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "lab.db", root=tmp_path / "results")
    run = Project(tmp_path / "results", ledger=ledger).session("train")
    with pytest.raises(FileKeyError, match="belongs to the ledger"):
        run.attach_files({"x": tmp_path / "lab.db"})
