"""A ledger is made again from the folders of its runs, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pycaddy.errors import LedgerDamagedError, LedgerError, PycaddyError
from pycaddy.ledger import RunRecord, sidecar
from pycaddy.ledger.scan import scan
from pycaddy.project import Project, Session, Status, StorageMode
from pycaddy.stores import Selection
from tests.scripts import killed

MODES = list(StorageMode)


def delete_the_database(root: Path) -> None:
    for path in (root / ".pycaddy").glob("ledger.db*"):
        path.unlink()


def delete_the_whole_folder(root: Path) -> None:
    shutil.rmtree(root / ".pycaddy")


def damage_the_database(root: Path) -> None:
    for path in (root / ".pycaddy").glob("ledger.db-*"):
        path.unlink()
    (root / ".pycaddy" / "ledger.db").write_bytes(b"\x00damaged" * 500)


LOSSES = [delete_the_database, delete_the_whole_folder, damage_the_database]


def lost(project: Project, loss: Callable[[Path], None] = delete_the_whole_folder) -> Project:
    """The project in a new process, so to speak, whose ledger was lost."""
    project.ledger.store.close()
    loss(project.root)
    return Project(project.root, storage_mode=project.storage_mode)


def everything(project: Project) -> dict[tuple[str, bool], RunRecord]:
    """All that is known of each run that described itself, the ledger's own numbers left out."""
    records = [
        record
        for trashed in (False, True)
        for record in project.ledger.records(Selection(trashed=trashed))
    ]
    return {
        (str(record.key), record.trashed_us is not None): record._replace(
            row=0, revision=0, beat=0, trashed_us=None
        )
        for record in records
        if sidecar.has_one(record)
    }


# What people do to a project, as one step each.

NAMES = st.sampled_from(["train", "eval", "ünï"])
SPACES = st.sampled_from(["", "a", "a/train", "2026"])
PARAMS = st.dictionaries(
    st.sampled_from(["lr", "net", "ü"]),
    st.floats() | st.integers() | st.text("aé🚀\n\"'", max_size=5) | st.none() | st.just([{}]),
    max_size=3,
)
WHICH = st.integers(0, 30)
STEPS = st.one_of(
    st.tuples(st.just("make"), SPACES, NAMES, PARAMS, st.sampled_from(MODES)),
    st.tuples(st.sampled_from(["start", "start", "done", "reopen", "remove", "restore"]), WHICH),
    st.tuples(st.just("error"), WHICH, st.sampled_from(["no", "", "two\nlines", "\x1b[31m\0"])),
    st.tuples(st.just("result"), WHICH, PARAMS),
    st.tuples(
        st.just("file"),
        WHICH,
        st.sampled_from(["model.txt", "ckpt/last.txt", "log.txt"]),
        st.booleans(),
        st.booleans(),
    ),
)


def live(project: Project, steps: list[tuple[Any, ...]]) -> list[Session]:
    """Take the steps; the table refuses some of them."""
    runs: list[Session] = []
    for kind, *details in steps:
        if kind == "make":
            relpath, name, params, mode = details
            home = project.sub(relpath) if relpath else project
            runs.append(home.session(name, params, storage_mode=mode))
        elif runs:
            which, *rest = details
            run = runs[which % len(runs)]
            with suppress(PycaddyError):
                step(project, run, kind, *rest)
    return runs


def step(project: Project, run: Session, kind: str, *details: Any) -> None:
    match kind:
        case "error":
            run.error(*details)
        case "result":
            (run.result,) = details
        case "restore":
            project.restore(run.key)
        case "file":
            name, own, hashed = details
            path = run.path(name, include_identifier=own)
            path.write_text(run.uid)
            run.attach_files({f"{name} {own}": path, "data": "/data.csv"}, hash=hashed)
        case _:
            getattr(run, kind)()


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
@given(st.lists(STEPS, max_size=25))
@settings(max_examples=30)
def test_after_any_history_a_rebuilt_ledger_knows_every_run_as_before(
    loss: Callable[[Path], None], steps: list[tuple[Any, ...]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder, durability="process")
        made = Project(folder).sub("made").session("at least one").start().done()
        runs = [made, *live(project, steps)]
        before = everything(project)
        left_something = {run.key for run in runs if not in_trash(project, run) and has_files(run)}
        if loss is delete_the_whole_folder:  # the trash lies in it
            before = {name: record for name, record in before.items() if not name[1]}
        again = lost(project, loss)
        report = again.rebuild()
        assert everything(again) == before
        assert report.found == report.added == len(before)
        assert report.problems == ()
        assert (report.old_ledger is not None) == (loss is damage_the_database)
        assert again.rebuild().added == 0
        assert everything(again) == before
        assert not [finding for finding in again.doctor() if finding.severe]
        for run in runs:
            home = again.sub(run.key.relpath) if run.key.relpath else again
            fresh = home.session(run.identifier)
            assert fresh.key not in left_something
            assert (str(fresh.key), False) not in before
            assert (str(fresh.key), True) not in before
        again.ledger.store.close()


def in_trash(project: Project, run: Session) -> bool:
    return any(record.key == run.key for record in project.trash())


def has_files(run: Session) -> bool:
    layout = run.record.layout
    folder = run.project.root / layout.folder
    if layout.mode is StorageMode.SUBFOLDER:
        return folder.is_dir()
    return any(folder.glob(f"{layout.uid}_*"))


def test_the_database_is_missed_before_it_is_rebuilt(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    again = lost(project, delete_the_database)
    with pytest.raises(LedgerError, match=rf"is gone.*Run `pycaddy rebuild {tmp_path}`"):
        again.sessions()
    again.rebuild()
    assert again.session_of("train/0001").is_done()


def test_runs_of_a_dead_process_are_rebuilt_as_stale(tmp_path: Path) -> None:
    killed(
        "from pycaddy.project import Project; run = Project('results').session('t').start()",
        tmp_path,
    )
    delete_the_whole_folder(tmp_path / "results")
    project = Project(tmp_path / "results")
    project.rebuild()
    assert project.session_of("t/0001").is_stale


def test_a_rebuilt_project_keeps_its_id(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    id_ = project.ledger.store.project
    again = lost(project)
    again.rebuild()
    assert again.ledger.store.project == id_
    assert json.loads((tmp_path / ".pycaddy" / "project.json").read_text())["id"] == id_


def test_a_project_goes_on_after_a_rebuild_in_the_same_process(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start()
    damage_the_database(tmp_path)
    with pytest.raises(LedgerDamagedError, match="`pycaddy rebuild`"):
        Project(tmp_path).sessions()
    assert project.rebuild().added == 1
    run.done()
    assert project.session_of("train/0001").is_done()


def test_a_folder_that_is_no_project_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(LedgerError, match="holds no run's folder and is no project"):
        Project(tmp_path).rebuild()
    assert os.listdir(tmp_path) == ["data"]


def test_a_folder_within_a_project_is_not_rebuilt_by_itself(tmp_path: Path) -> None:
    Project(tmp_path).sub("a").session("train").start().done()
    with pytest.raises(LedgerError, match=rf"belongs to the project {tmp_path}\. Rebuild that"):
        Project(tmp_path / "a").rebuild()
    assert not (tmp_path / "a" / ".pycaddy").exists()


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_a_uid_is_not_given_again_to_a_run_that_left_a_file_and_was_never_started(
    tmp_path: Path, mode: StorageMode
) -> None:
    project = Project(tmp_path, storage_mode=mode)
    for name in ("pending", "both"):
        project.session(name).path("checkpoint.txt").write_text("of another run")
    project.session("both").start()
    project.session("both").path("x").touch()
    again = lost(project)
    again.rebuild()
    assert not again.session("pending").path("checkpoint.txt").exists()
    assert again.session("both").uid == "0004"


def test_time_stamps_and_other_numbers_are_no_uids(tmp_path: Path) -> None:
    project = Project(tmp_path, storage_mode=StorageMode.PREFIX)
    run = project.session("train").start()
    run.path("logs/events.txt").write_text("shared folder of files")
    (tmp_path / "train" / "logs" / "20260102030405").mkdir()
    (tmp_path / "train" / "logs" / "2026").mkdir()
    (tmp_path / "train" / "20260102030405").mkdir()
    (tmp_path / "train" / "20260102030405_x.txt").touch()
    assert project.rebuild().problems == ()
    again = lost(project)
    assert again.rebuild().problems == ()
    assert again.session("train").uid == "0002"
    again.session_of("train/0001").path("logs/more.txt").touch()


def test_a_healthy_ledger_takes_in_folders_from_elsewhere(tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    run = other.session("train", {"lr": 0.1}).start()
    run.path("model.txt").write_text("weights")
    run.attach_files({"model": run.path("model.txt")}).done()
    project = Project(tmp_path / "results")
    project.session("eval").start()
    waiting = project.session("eval")
    shutil.copytree(tmp_path / "other" / "train", tmp_path / "results" / "train")
    assert [finding.advice for finding in project.doctor() if finding.severe] == [
        "`pycaddy rebuild` takes it in"
    ]
    before = everything(project)
    report = project.rebuild()
    assert (report.found, report.added, report.problems) == (2, 1, ())
    assert everything(project).items() > before.items()
    assert waiting.status is Status.PENDING
    found = project.session_of("train/0001")
    assert found.params == {"lr": 0.1}
    assert found.files == {"model": tmp_path / "results/train/0001/model.txt"}
    assert project.session("train").uid == "0002"


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_a_renamed_folder_is_reported_and_taken_with_its_files(
    tmp_path: Path, mode: StorageMode
) -> None:
    project = Project(tmp_path, storage_mode=mode)
    run = project.session("train").start()
    for name in ("model.txt", "ckpt/last.txt"):
        run.path(name).write_text(name)
        run.attach_files({name: run.path(name)}, hash=True)
    run.attach_files({"data": "/data.csv"}).done()
    os.rename(tmp_path / "train", tmp_path / "trained")
    again = lost(project)
    report = again.rebuild()
    assert len(report.problems) == 1
    assert "says that it is run train/0001; it was taken for the run it lies as" in str(report)
    found = again.session_of("trained/0001")
    assert found.is_done()
    assert {key: file.read_text() for key, file in found.files.items() if key != "data"} == {
        "model.txt": "model.txt",
        "ckpt/last.txt": "ckpt/last.txt",
    }
    assert found.files["data"] == Path("/data.csv")
    assert [difference.key for difference in again.verify(data=True)] == ["data"]
    assert [finding.fixed for finding in again.doctor(fix=True) if finding.severe] == [True]
    assert again.rebuild().problems == ()


def test_a_copied_run_is_a_run_of_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start()
    run.path("model.txt").write_text("weights")
    run.attach_files({"model": run.path("model.txt")}).done()
    shutil.copytree(run.folder, tmp_path / "train" / "0005")
    report = project.rebuild()
    assert (report.found, report.added) == (2, 1)
    assert "train/0005" in report.problems[0]
    assert project.session_of("train/0005").files == {"model": tmp_path / "train/0005/model.txt"}
    assert run.files == {"model": tmp_path / "train/0001/model.txt"}
    assert project.session("train").uid == "0006"


def test_two_folders_of_one_run_are_reported(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start().done()
    shutil.copy(run.folder / "run.json", tmp_path / "train" / "0001_run.json")
    shutil.copytree(run.folder, tmp_path / "train" / "00002")
    (problem, long_one) = sorted(lost(project).rebuild().problems, reverse=True)
    assert problem.endswith("0001_run.json was left out: another folder is run train/0001")
    assert "00002/run.json was left out: run 2 would lie in 0002" in long_one


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b"[]", "it is not a run's description"),
        (b"{}", "it is not a run's description"),
        (b"\xff\xfe\x00", "codec can't decode"),
        (b"[" * 100_000, "recursion|Expecting value"),
        (b'{"schema": 2}', "schema 2 is newer than 1; upgrade pycaddy"),
    ],
    ids=["empty", "torn", "list", "nothing", "bytes", "deep", "newer"],
)
def test_a_description_that_cannot_be_read_is_reported_and_kept(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    project = Project(tmp_path)
    for _ in range(3):
        run = project.session("train").start().done()
    described = tmp_path / "train" / "0002" / "run.json"
    described.write_bytes(content)
    described.with_name("model.txt").write_text("weights")
    again = lost(project)
    report = again.rebuild()
    assert (report.found, report.added) == (2, 2)
    (problem,) = report.problems
    assert problem.startswith(f"{described} was left out: ")
    assert re.search(reason, problem)
    assert described.read_bytes() == content
    assert described.with_name("model.txt").read_text() == "weights"
    assert again.session("train").uid == "0004"
    assert run.uid == "0003"


@pytest.mark.parametrize(
    "facts",
    [
        {"pid": None},
        {"started": None},
        {"driver": 7},
        {"driver_started": 7},
        {"driver": "7", "driver_started": 7},
    ],
)
def test_an_owner_that_names_no_process_is_refused(tmp_path: Path, facts: dict[str, Any]) -> None:
    project = Project(tmp_path)
    described = project.session("train").start().folder / "run.json"
    content = json.loads(described.read_text())
    content["owner"].update(facts)
    described.write_text(json.dumps(content))
    (problem,) = lost(project).rebuild().problems
    assert "is no whole number" in problem


def test_a_project_of_which_only_the_ruins_are_left_counts_on(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start().done()
    (run.folder / "run.json").write_text("torn")
    again = lost(project)
    assert len(again.rebuild().problems) == 1
    assert again.session("train").uid == "0002"


def test_folders_that_no_ledger_could_take_in_are_reported(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for name in ("a", "b", "c", "d", "train"):
        project.session(name).start().done()
    project.ledger.store.close()
    names = {"a": "TRAIN", "b": "what?", "c": os.fsdecode(b"\xff"), "d": "ok"}
    for old, new in names.items():
        os.rename(tmp_path / old, tmp_path / new)
    for _ in range(2):  # a new ledger, then a healthy one
        again = lost(project)
        report = again.rebuild()
        text = "\n".join(report.problems)
        text.encode()
        assert "differs only by case from" in text
        assert "contains '?'" in text
        assert "lone surrogate" in text
        assert report.found == 2
        assert {run.identifier for run in again.sessions()} <= {"ok", "train", "TRAIN"}
    assert again.rebuild().added == 0


def test_of_two_that_differ_by_case_the_one_in_the_ledger_counts(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").start().done()
    shutil.copytree(tmp_path / "train", tmp_path / "TRAIN")
    report = project.rebuild()
    assert report.added == 0
    assert "TRAIN/0001 was left out: its name differs only by case from train" in str(report)
    assert any("TRAIN/0001" in str(finding) for finding in project.doctor())


def test_projects_within_are_left_alone(tmp_path: Path) -> None:
    Project(tmp_path / "results" / "inner").session("train").start().done()
    project = Project(tmp_path / "results")
    project.session("eval").start().done()
    again = lost(project)
    assert again.rebuild().found == 1
    assert Project(tmp_path / "results" / "inner").session_of("train/0001").is_done()


def test_what_a_run_holds_in_its_folder_is_its_own_business(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train").start()
    for name in ("0002/run.json", "sub/train/0001/run.json", "0001_run.json"):
        run.path(name).write_text('{"schema": 1}')
    assert lost(project).rebuild().problems == ()


def test_folders_on_another_disk_are_found_behind_their_links(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    for name in ("train", "eval"):
        project.session(name).start().done()
    (tmp_path / "large").mkdir()
    os.rename(tmp_path / "results/train", tmp_path / "large/train")
    os.rename(tmp_path / "results/eval/0001", tmp_path / "large/0001")
    (tmp_path / "results/train").symlink_to(tmp_path / "large/train")
    (tmp_path / "results/eval/0001").symlink_to("../../large/0001")
    (tmp_path / "results/all").symlink_to(".")
    (tmp_path / "results/latest").symlink_to("train")
    (tmp_path / "large/train/up").symlink_to("..")
    again = lost(project)
    report = again.rebuild()
    assert report.problems == ()
    assert [str(run.key) for run in again.sessions()] == ["eval/0001", "train/0001"]


KEYS = [
    "schema", "project", "relpath", "identifier", "uid", "status", "attempt", "params",
    "param_hash", "param_version", "result", "files", "error", "created_at", "started_at",
    "ended_at", "owner", "storage_mode", "history",
]  # fmt: skip
ODD = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", "2026-01-01", [], [[]], ["x"], {}, {"a": 1}]
)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    root = tmp_path_factory.mktemp("results")
    project = Project(root, durability="process")
    run = project.session("train", {"lr": 0.1}).start()
    run.path("model.txt").write_text("x")
    run.attach_files({"model": run.path("model.txt")})
    run.result = {"loss": 0.5}
    run.done()
    project.ledger.store.close()
    path = run.folder / "run.json"
    return path, json.loads(path.read_text())


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(KEYS), ODD, max_size=2), st.sampled_from([None, *KEYS]))
@settings(max_examples=300)
def test_whatever_a_description_says_is_read_or_reported(
    described: tuple[Path, dict[str, Any]], changes: dict[str, Any], missing: str | None
) -> None:
    """And what is read can be kept and shown."""
    path, facts = described
    changed = {key: value for key, value in {**facts, **changes}.items() if key != missing}
    path.write_text(json.dumps(changed))
    found = scan(str(path.parents[2]))
    if missing is not None:
        assert not found.records
    if not found.records:
        assert len(found.problems) == 1
        found.problems[0].encode("utf-8", "backslashreplace")
        return
    (record,) = found.records
    assert (record.relpath, record.identifier, record.uid) == ("", "train", "0001")
    content = sidecar.render(record, "id")
    again, _ = sidecar.parse(content)
    assert again == record._replace(revision=1)
    for part in (record.params, record.artifacts, record.result, record.owner, record.history):
        str(part).encode()
    _ = record.seconds, record.created_at


@given(st.integers(0, 2000), st.integers(0, 255))
@settings(max_examples=150)
def test_a_description_with_a_flipped_byte_is_read_or_reported(
    described: tuple[Path, dict[str, Any]], position: int, byte: int
) -> None:
    path, facts = described
    content = bytearray(json.dumps(facts).encode())
    content[position % len(content)] = byte
    path.write_bytes(content)
    found = scan(str(path.parents[2]))
    assert len(found.records) + len(found.problems) >= 1
    for record in found.records:
        sidecar.render(record, "id")


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(KEYS), ODD, min_size=1, max_size=2))
@example({"project": "\ud800"})
@settings(max_examples=40)
def test_a_ledger_takes_in_whatever_was_read(changes: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder, durability="process")
        run = project.session("train", {"lr": 0.1}).start().done()
        path = run.folder / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
        again = lost(project)
        report = again.rebuild()
        assert report.added + len(report.problems) >= 1
        for each in again.sessions():
            each._repr_html_()
            repr(each)
        assert again.ledger.store.check() == []
        again.ledger.store.close()


def test_what_a_run_has_logged_is_summed_up_in_the_ledger_and_in_its_folder(tmp_path: Path) -> None:
    project = Project(tmp_path / "results")
    run = project.session("train").start()
    run.log("loss", 0.5)
    run.flush()
    project = lost(project)
    assert project.rebuild().added == 1
    (again,) = project.sessions("train")
    assert again.record.summary["loss"]["last"] == 0.5
    assert [str(finding) for finding in project.doctor() if finding.severe] == []
    run.done()
