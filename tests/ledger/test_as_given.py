"""Paths and param hashes are read back as the caller gave them, wherever the run has been."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy import codec
from pycaddy.codec import FileRecord
from pycaddy.errors import FileKeyError
from pycaddy.interop.archive import export_archive, import_archive
from pycaddy.ledger import Ledger, RunRecord, Status, sidecar
from pycaddy.ledger.copy import copy_ledger
from pycaddy.params import freeze
from pycaddy.project import Project
from pycaddy.web._facts import run as web_run

HASHES = [12345, 0, -7, 2**63, -(10**40), hash(frozenset({"lr": 0.1}.items())), "12345", "größe"]
GIVEN = {
    "model": "model.pt",
    "up": "../data/x.csv",
    "inside": "results/train/0001/a.txt",
    "far": "/data/set.csv",
    "dots": "./results/../b.txt",
}


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ledger]:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("PYCADDY_LEDGER", raising=False)
    address = request.getfixturevalue("ledger_url") if request.param == "postgres" else "results"
    made = Ledger(address, root="results")
    for value in HASHES:
        uid = made.allocate("train", param_hash=value)
        made.log("train", uid, Status.RUNNING)
    made.log("train", "0001", path_dict=GIVEN)
    for number in range(1, len(HASHES) + 1):
        made.log("train", number, Status.DONE)
    yield made
    made.store.close()


def check(ledger: Ledger) -> None:
    runs = list(ledger.get_uid_record_dict("train").values())
    assert [(type(run.param_hash), run.param_hash) for run in runs] == [
        (type(value), value) for value in HASHES
    ]
    assert runs[0].files == {key: Path(path) for key, path in GIVEN.items()}
    for run in runs:
        hit = ledger.find_by_param_hash("train", run.param_hash)
        assert hit is not None
        assert hit[0] == run.uid


def test_the_ledger_has_them(ledger: Ledger) -> None:
    check(ledger)
    record = ledger.read("train", 1)
    shown = json.loads(json.dumps(record.model_dump()))["files"]
    assert {key: Path(path) for key, path in shown.items()} == record.files
    assert record.artifacts["model"].path == str(Path("model.pt").absolute())
    assert record.artifacts["inside"].path == "train/0001/a.txt"
    assert [file.given for file in record.artifacts.values()] == list(GIVEN.values())


def test_run_json_has_them(ledger: Ledger) -> None:
    for number, value in enumerate(HASHES, 1):
        text = Path(f"results/train/{number:04d}/run.json").read_text()
        assert json.loads(text)["param_hash"] == value
        record = ledger.read("train", number)
        assert sidecar.parse(text.encode())[0].params_key == record.params_key
    assert json.loads(Path("results/train/0001/run.json").read_text())["files"]["model"] == {
        "path": str(Path("model.pt").absolute()),
        "given": "model.pt",
    }


def test_a_rebuild_has_them(tmp_path: Path, ledger: Ledger) -> None:
    shutil.copytree("results", "copy", ignore=shutil.ignore_patterns(".pycaddy"))
    project = Project("copy")
    assert project.rebuild().added == len(HASHES)
    check(project.ledger)


def test_a_renamed_run_keeps_them(ledger: Ledger) -> None:
    shutil.copytree("results/train/0001", "copy/eval/0007")
    project = Project("copy")
    project.rebuild()
    record = project.ledger.read("eval", 7)
    assert (record.param_hash, record.files["inside"]) == (12345, Path(GIVEN["inside"]))
    assert record.artifacts["inside"].path == "eval/0007/a.txt"


def test_an_archive_has_them(tmp_path: Path, ledger: Ledger) -> None:
    project = Project("results", ledger=ledger)
    export_archive(project, tmp_path / "runs.zip")
    target = Project("target")
    import_archive(target, tmp_path / "runs.zip")
    check(target.ledger)


def test_a_copied_ledger_has_them(ledger: Ledger) -> None:
    copy_ledger(ledger, "lab.db", root="results")
    check(Ledger("lab.db", root="results"))


def test_copying_to_postgresql_keeps_them(ledger: Ledger, postgres: str, ledger_url: str) -> None:
    copy_ledger(ledger, f"{ledger_url}_copy", root="results")
    copy = Ledger(f"{ledger_url}_copy", root="results")
    check(copy)
    copy.store.close()


@pytest.mark.parametrize("value", [True, False, 1.5, None, b"x", ("a",), [1]], ids=repr)
def test_other_types_are_refused(tmp_path: Path, value: object) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(TypeError, match="param_hash must be an int or a str, not"):
        ledger.find_by_param_hash("train", value)  # type: ignore[arg-type]
    if value is not None:  # the default
        with pytest.raises(TypeError, match="param_hash must be an int or a str, not"):
            ledger.allocate("train", param_hash=value)  # type: ignore[arg-type]
    assert ledger.load() == {}


def test_a_text_that_reads_as_an_integer_of_the_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'int:5' begins with 'int:', which marks integers"):
        Ledger(tmp_path).allocate("train", param_hash="int:5")


def test_keys_of_params_are_stored_as_before(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    record = ledger.read("train", ledger.allocate("train", params={"lr": 0.1}))
    assert record.params_key == record.param_hash == freeze({"lr": 0.1}).key
    numbered = ledger.read("train", ledger.allocate("train", param_hash=12345))
    assert numbered.params_key == "int:12345"


def test_a_session_and_the_web_api_have_the_value(tmp_path: Path) -> None:
    project = Project(tmp_path)
    run = project.session_of(f"train/{project.ledger.allocate('train', param_hash=2**62 + 1)}")
    assert run.param_hash == 2**62 + 1
    # A text: JavaScript would round the number.
    shown = web_run(run.record, stale=False, folder="", log=None)
    assert shown["param_hash"] == "4611686018427387905"


def test_runs_from_before_have_the_stored_path(ledger: Ledger) -> None:
    old: RunRecord = ledger.read("train", 1)
    files = {"model": FileRecord("train/0001/model.pt", 7, 1)}
    old = old._replace(files_text=codec.encode_files(files))
    assert old.files_text == '{"model":{"path":"train/0001/model.pt","size":7,"mtime_ns":1}}'
    assert old.files == {"model": Path("train/0001/model.pt")}
    read, _ = sidecar.parse(sidecar.render(old, "project"))
    assert (read.files, read.artifacts) == (old.files, files)


def test_the_path_given_last_counts(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    for given in ("model.pt", "./model.pt", Path("model.pt").absolute()):
        ledger.log("train", uid, path_dict={"model": given})
        assert ledger.read("train", uid).files == {"model": Path(given)}
    with pytest.raises(FileKeyError, match="has a file 'model' already"):
        ledger.log("train", uid, path_dict={"model": "other.pt"})


def test_a_path_that_no_ledger_can_keep_is_refused_as_it_was_given(ledger: Ledger) -> None:
    uid = ledger.allocate("train")
    with pytest.raises(FileKeyError, match="not Unicode text"):
        ledger.log("train", uid, path_dict={"model": "\udcff/../model.pt"})


def test_the_files_of_a_session_are_absolute_after_a_move(tmp_path: Path) -> None:
    run = Project(tmp_path / "old").session("train").start()
    path = run.path("model.pt")
    run.attach_files({"model": path}).done()
    (tmp_path / "old").rename(tmp_path / "new")
    moved = Project(tmp_path / "new").session_of("train/0001")
    assert moved.files == {"model": tmp_path / "new/train/0001/model.pt"}
    assert moved.record.files == {"model": path}
