"""The low-level registry: what programs call that have no use for sessions."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

import pytest

import pycaddy.ledger
from pycaddy.errors import (
    FileKeyError,
    InvalidNameError,
    LedgerError,
    LedgerStorageError,
    ParamsError,
    PycaddyError,
    RunBusyError,
    RunNotFoundError,
    RunStateError,
)
from pycaddy.layout import StorageMode
from pycaddy.ledger import Ledger, RunKey, Status
from pycaddy.params import freeze
from pycaddy.project import ExistingRun, Project


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "results")


def test_the_rooms_names_are_the_documented_ones() -> None:
    assert set(pycaddy.ledger.__all__) >= {"Ledger", "RunRecord", "RunKey", "Status"}


@pytest.mark.parametrize(
    ("address", "root", "path"),
    [
        ("results", "results", "results/.pycaddy/ledger.db"),
        ("results/.pycaddy/ledger.db", "results", "results/.pycaddy/ledger.db"),
        ("lab.db", "", "lab.db"),
        ("a/lab.sqlite", "a", "a/lab.sqlite"),
        ("a/lab.sqlite3", "a", "a/lab.sqlite3"),
    ],
)
def test_a_ledger_is_found_by_folder_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, root: str, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for given in (address, Path(address)):
        ledger = Ledger(given)
        monkeypatch.chdir("/")
        assert ledger.root == str(tmp_path / root)
        assert ledger.address == str(tmp_path / path)
        assert ledger.allocate("train") in ("0001", "0002")
        assert (tmp_path / path).is_file()
        monkeypatch.chdir(tmp_path)


def test_a_folder_may_be_called_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs.db").mkdir()
    assert Ledger(tmp_path / "runs.db").root == str(tmp_path / "runs.db")


def test_a_root_may_be_given(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "lab.db", root=tmp_path / "results")
    ledger.log("train", ledger.allocate("train"), status=Status.DONE)
    assert (tmp_path / "results/train/0001/run.json").exists()


@pytest.mark.parametrize("url", ["mysql://me:secret@host/db", "s3://bucket", "http://x"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(LedgerError, match=r"is of no known kind\. Use the path of") as refused:
        Ledger(url)
    assert "secret" not in str(refused.value)
    assert "secret" not in str(refused.value.ledger)


def test_a_folder_that_is_a_file_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((LedgerStorageError, PycaddyError), match="file"):
        Ledger(tmp_path / "file").allocate("train")


def test_a_ledger_and_a_project_of_one_root_agree(tmp_path: Path) -> None:
    project, ledger = Project(tmp_path), Ledger(tmp_path)
    run = project.sub("a").session("train", {"lr": 0.1})
    assert ledger.allocate("train", relpath="a") == "0002"
    assert ledger.get_record("train", "0001", relpath="a").params == {"lr": 0.1}
    ledger.log("train", 1, relpath="a", status=Status.DONE)
    assert run.is_done()
    assert project.ledger.load() == ledger.load()


def test_allocate_counts_in_each_identifier_and_namespace(ledger: Ledger) -> None:
    given = [
        ledger.allocate("train"),
        ledger.allocate("train"),
        ledger.allocate("eval"),
        ledger.allocate("train", relpath="a/b"),
        ledger.allocate("train", relpath=Path("a/b")),
        ledger.allocate("train", relpath=""),
    ]
    assert given == ["0001", "0002", "0001", "0001", "0002", "0003"]


def test_an_allocated_run_is_pending_and_in_nobodys_hands(ledger: Ledger) -> None:
    record = ledger.get_record("train", ledger.allocate("train", params={"lr": 0.1}))
    assert record.status is Status.PENDING
    assert record.owner is None
    assert record.attempt == 0
    assert record.mode is StorageMode.SUBFOLDER
    assert record.params == {"lr": 0.1}
    assert record.param_hash == freeze({"lr": 0.1}).key
    assert record.key == RunKey("", "train", "0001")
    assert record.files == {}
    assert record.result is None
    assert record.seconds is None
    assert record.trashed_us is None


def test_a_key_of_ones_own_may_be_given(ledger: Ledger) -> None:
    uid = ledger.allocate("train", params={"lr": 0.1}, param_hash="my key")
    assert ledger.get_record("train", uid).param_hash == "my key"
    assert ledger.find_by_param_hash("train", freeze({"lr": 0.1}).key) is None


@pytest.mark.parametrize("status", list(Status))
def test_a_run_may_begin_with_any_status(ledger: Ledger, status: Status) -> None:
    record = ledger.get_record("train", ledger.allocate("train", status=status))
    assert record.status is status
    sidecar = Path(ledger.root) / record.layout.sidecar
    assert sidecar.exists() == (status is not Status.PENDING)


@pytest.mark.parametrize("status", ["done", None, 1])
def test_a_status_is_a_status(ledger: Ledger, status: object) -> None:
    with pytest.raises(TypeError, match=r"status must be a Status, not .*Use Status\.PENDING"):
        ledger.allocate("train", status=status)  # type: ignore[arg-type]
    assert ledger.load() == {}


def test_what_cannot_be_allocated_is_not(ledger: Ledger) -> None:
    for identifier, relpath in (("a/b", ""), ("", ""), ("train", ".."), ("0001", "a")):
        with pytest.raises(InvalidNameError):
            ledger.allocate(identifier, relpath=relpath)
    with pytest.raises(ParamsError, match=r"params\['f'\]"):
        ledger.allocate("train", params={"f": print})
    assert ledger.load() == {}
    assert ledger.allocate("train") == "0001"


def test_log_moves_a_run_along_the_table(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    for status in (Status.RUNNING, Status.ERROR, Status.RUNNING, Status.DONE, Status.ERROR):
        assert ledger.log("train", uid, status=status) is None
        assert ledger.get_record("train", uid).status is status
    history = ledger.get_record("train", uid).history
    assert [move.status.name for move in history] == [
        "PENDING", "RUNNING", "ERROR", "RUNNING", "DONE", "ERROR",
    ]  # fmt: skip


def test_log_takes_a_number_too(ledger: Ledger) -> None:
    ledger.allocate("train", relpath="a")
    ledger.log("train", 1, relpath="a", status=Status.DONE)
    assert ledger.get_record("train", "1", relpath="a").status is Status.DONE


def test_log_attaches_files(ledger: Ledger, tmp_path: Path) -> None:
    uid = ledger.allocate("train")
    model = tmp_path / "results" / "model.pt"
    model.parent.mkdir(exist_ok=True)
    model.write_text("weights")
    ledger.log("train", uid, path_dict={"model": model, "data": "/data/x.csv"})
    ledger.log("train", uid, status=Status.DONE, path_dict={"log": tmp_path / "results/log.txt"})
    record = ledger.get_record("train", uid)
    assert {key: file.path for key, file in record.artifacts.items()} == {
        "model": "model.pt",
        "data": "/data/x.csv",
        "log": "log.txt",
    }
    assert record.artifacts["model"].size == 7
    assert record.files == {
        "model": model,
        "data": Path("/data/x.csv"),
        "log": tmp_path / "results/log.txt",
    }


def test_log_without_anything_changes_nothing(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    before = ledger.get_record("train", uid)
    ledger.log("train", uid)
    ledger.log("train", uid, path_dict={})
    assert ledger.get_record("train", uid) == before


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (Status.PENDING, r"is DONE, and no run becomes PENDING again\. Allocate a new one\."),
        (Status.RUNNING, r"is DONE and keeps its result\."),
    ],
)
def test_log_refuses_what_the_table_refuses(ledger: Ledger, status: Status, message: str) -> None:
    uid = ledger.allocate("train", status=Status.DONE)
    before = ledger.get_record("train", uid)
    with pytest.raises(RunStateError, match=message):
        ledger.log("train", uid, status=status)
    assert ledger.get_record("train", uid) == before


def test_a_wrong_status_leaves_the_files_alone(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    with pytest.raises(TypeError, match="status must be a Status, not 'done'"):
        ledger.log("train", uid, status="done", path_dict={"a": "b"})  # type: ignore[arg-type]
    assert ledger.get_record("train", uid).files == {}


def test_log_wants_a_run_and_good_files(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    with pytest.raises(RunNotFoundError, match=r"No run '0002' of 'train'\. `pycaddy ls train`"):
        ledger.log("train", "0002", status=Status.DONE)
    ledger.log("train", uid, path_dict={"model": "a.pt"})
    with pytest.raises(FileKeyError, match="has a file 'model' already"):
        ledger.log("train", uid, path_dict={"model": "b.pt"})


def test_get_record_returns_none_for_a_missing_run_and_read_raises(ledger: Ledger) -> None:
    ledger.allocate("train")
    for identifier, uid, relpath in (("train", "0002", ""), ("x", 1, ""), ("train", 1, "a")):
        assert ledger.get_record(identifier, uid, relpath=relpath) is None
        with pytest.raises(RunNotFoundError) as missing:
            ledger.read(identifier, uid, relpath=relpath)
        assert missing.value.run.endswith(f"{identifier}/{uid}")
    with pytest.raises(RunNotFoundError, match=r"No run '1' of 'train' under 'a'\. `pycaddy ls"):
        ledger.read("train", 1, relpath="a")


@pytest.mark.parametrize("uid", ["", "x", "-7", -1, 1.5, True, None])
def test_a_uid_that_no_run_can_have_is_a_missing_run(ledger: Ledger, uid: object) -> None:
    ledger.allocate("train")
    assert ledger.get_record("train", uid) is None  # type: ignore[arg-type]
    with pytest.raises(RunNotFoundError, match="No run can have the uid"):
        ledger.read("train", uid)  # type: ignore[arg-type]


def test_a_removed_run_is_missing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train").remove()
    project.sub("a").session("eval").remove()
    for identifier, relpath in (("train", ""), ("train", None), ("eval", "a"), ("eval", None)):
        assert project.ledger.get_record(identifier, "0001", relpath=relpath) is None
        with pytest.raises(RunNotFoundError, match=r"It is in the trash; project\.restore\(\)"):
            project.ledger.read(identifier, "0001", relpath=relpath)
    assert project.ledger.load() == project.ledger.get_uid_record_dict("train") == {}


def test_get_uid_record_dict_is_ordered_by_number(ledger: Ledger) -> None:
    ledger.store.load((), {("", "train"): 9_998})
    for _ in range(3):
        ledger.allocate("train")
    ledger.allocate("train", relpath="a")
    found = ledger.get_uid_record_dict("train")
    assert list(found) == ["9999", "10000", "10001"]
    assert [record.uid for record in found.values()] == list(found)
    assert list(ledger.get_uid_record_dict("train", relpath="a")) == ["0001"]
    assert ledger.get_uid_record_dict("nothing") == {}


def test_find_by_param_hash_returns_the_newest(ledger: Ledger) -> None:
    key = freeze({"lr": 0.1}).key
    assert ledger.find_by_param_hash("train", key) is None
    for params in ({"lr": 0.1}, {"lr": 0.1}, {"lr": 0.2}):
        ledger.allocate("train", params=params, relpath="a")
    found = ledger.find_by_param_hash("train", key, relpath="a")
    assert found is not None
    assert (found[0], found[1].uid, found[1].params) == ("0002", "0002", {"lr": 0.1})
    assert ledger.find_by_param_hash("train", key) is None
    assert ledger.find_by_param_hash("eval", key, relpath="a") is None


def test_load_returns_every_run_by_identifier_relpath_and_uid(ledger: Ledger) -> None:
    for identifier, relpath in (("train", ""), ("train", ""), ("eval", "a/b"), ("train", "a")):
        ledger.allocate(identifier, relpath=relpath)
    loaded = ledger.load()
    assert {
        identifier: {relpath: list(runs) for relpath, runs in namespaces.items()}
        for identifier, namespaces in loaded.items()
    } == {"train": {"": ["0001", "0002"], "a": ["0001"]}, "eval": {"a/b": ["0001"]}}
    assert loaded["eval"]["a/b"]["0001"] == ledger.read("eval", "0001").model_dump()


def test_load_is_strict_json(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session("train", {"lr": 0.1, "bound": float("inf")}).start()
    run.attach_files({"model": "model.pt"})
    run.result = {"loss": float("nan")}
    run.done()
    run.tag("best").note("a note")
    assert json.loads(json.dumps(project.ledger.load(), allow_nan=False)) == project.ledger.load()
    facts = project.ledger.load()["train"][""]["0001"]
    assert (facts["status"], facts["files"]) == ("done", {"model": "model.pt"})
    assert (facts["params"]["bound"], facts["tags"]) == ({"__float__": "inf"}, ["best"])
    assert (facts["note"], facts["param_hash"]) == ("a note", run.param_hash)
    assert [status for _, status in facts["timestamp_status_lst"]] == ["pending", "running", "done"]
    assert facts["timestamp_status_lst"][-1][0] == facts["ended_at"]


def test_the_older_name_of_the_history_has_times_and_statuses(ledger: Ledger) -> None:
    record = ledger.read("train", ledger.allocate("train", status=Status.DONE))
    assert record.timestamp_status_lst == [(move.at, move.status) for move in record.history]
    assert [status for _, status in record.timestamp_status_lst] == [Status.PENDING, Status.DONE]


def test_a_record_is_a_value(ledger: Ledger) -> None:
    uid = ledger.allocate("train", params={"layers": [1]})
    record = ledger.get_record("train", uid)
    assert record == ledger.get_record("train", uid)
    record.params["layers"].append(2)
    assert record.params == {"layers": [1]}
    with pytest.raises(AttributeError):
        record.status = Status.DONE  # type: ignore[misc]
    ledger.log("train", uid, status=Status.DONE)
    assert record.status is Status.PENDING


def test_public_methods_have_docstrings_that_begin_with_a_sentence() -> None:
    for name, member in inspect.getmembers(Ledger):
        if not name.startswith("_"):
            first = (inspect.getdoc(member) or "").partition("\n")[0]
            assert first.endswith((".", ":")), name


def test_run_json_says_what_the_record_says(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.sub("a").session("train", {"lr": 0.1, "x": float("inf")}).start()
    run.path("model.pt").write_text("weights")
    run.attach_files({"model": run.path("model.pt")}, hash=True)
    run.result = {"loss": 0.5}
    run.done()
    facts = json.loads((run.folder / "run.json").read_text())
    record = run.record
    assert list(facts) == [
        "schema", "project", "relpath", "identifier", "uid", "status", "attempt", "params",
        "param_hash", "param_version", "result", "files", "error", "tags", "note", "metrics",
        "capture", "created_at", "started_at", "ended_at", "owner", "storage_mode", "history",
    ]  # fmt: skip
    assert facts["schema"] == 1
    assert facts["project"] == json.loads((tmp_path / ".pycaddy/project.json").read_text())["id"]
    assert (facts["relpath"], facts["identifier"], facts["uid"]) == ("a", "train", "0001")
    assert (facts["status"], facts["attempt"], facts["storage_mode"]) == ("done", 1, "subfolder")
    assert facts["params"] == {"lr": 0.1, "x": {"__float__": "inf"}}
    assert facts["param_hash"] == record.param_hash
    assert facts["result"] == {"loss": 0.5}
    assert facts["files"]["model"]["path"] == "a/train/0001/model.pt"
    assert facts["files"]["model"]["size"] == 7
    assert facts["error"] is None
    assert facts["created_at"] == record.created_at.isoformat(timespec="microseconds")
    assert facts["ended_at"] == record.ended_at.isoformat(timespec="microseconds")
    assert facts["owner"]["pid"] == os.getpid()
    assert [move[0] for move in facts["history"]] == ["pending", "running", "done"]


@pytest.mark.parametrize("mode", list(StorageMode), ids=lambda mode: mode.value)
def test_run_json_is_there_from_the_start_on_and_not_before(
    tmp_path: Path, mode: StorageMode
) -> None:
    project = Project(tmp_path, storage_mode=mode)
    run = project.session("train")
    run.path("notes.txt").touch()
    sidecar = tmp_path / run.record.layout.sidecar
    assert not sidecar.exists()
    run.start()
    for change, status in ((lambda: run, "running"), (run.error, "error"), (run.start, "running")):
        change()
        assert json.loads(sidecar.read_text())["status"] == status
    run.attach_files({"notes": run.path("notes.txt")})
    assert list(json.loads(sidecar.read_text())["files"]) == ["notes"]


def test_a_busy_run_is_told_from_one_of_nobody(tmp_path: Path) -> None:
    """What `allocate` made is anybody's; what `session` made waits for its process."""
    project = Project(tmp_path)
    ledger = Ledger(tmp_path)
    ledger.log("train", ledger.allocate("train"), status=Status.RUNNING)
    with pytest.raises(RunBusyError, match="RUNNING in this process"):
        project.session("train", None, ExistingRun.CONTINUE)
