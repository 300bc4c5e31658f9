from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycaddy import ExistingRun, Project, RunRecord, Status, StorageMode, codec
from pycaddy.interop import export_archive, import_archive
from pycaddy.stores import Selection


def all_records(project: Project) -> list[RunRecord]:
    return project.ledger.records(Selection())


def carried(source: Project, target: Project, folder: Path) -> None:
    export_archive(source, folder / "runs.zip")
    import_archive(target, folder / "runs.zip")


def comparable(record: RunRecord) -> RunRecord:
    """A run without what is another ledger's: row, revision, beats, and where it was created."""
    capture = {name: fact for name, fact in record.capture.items() if name != "origin"}
    text = codec.encode(capture) if capture else None
    owner = None if record.status is Status.PENDING else record.owner_text
    return record._replace(row=0, revision=0, beat=0, capture_text=text, owner_text=owner)


def content(project: Project) -> dict[str, bytes]:
    """Every file of the project but databases and descriptions."""
    kept = ("run.json", "metrics.db", "metrics.db-wal", "metrics.db-shm")
    return {
        str(path.relative_to(project.root)): path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file() and ".pycaddy" not in path.parts and not path.name.endswith(kept)
    }


@pytest.fixture
def source(tmp_path: Path) -> Project:
    return Project(tmp_path / "source")


@pytest.fixture
def target(tmp_path: Path) -> Project:
    return Project(tmp_path / "target")


def make_run(project: Project, number: int, identifier: str = "train") -> None:
    with project.session(identifier, {"number": number}) as run:
        run.path("model.pt").write_text(f"weights {number}")
        run.attach_files({"model": run.path("model.pt")}, hash=True)
        run.result = {"loss": number / 7}


names = st.text(st.sampled_from("abcüñ漢_-1"), min_size=1, max_size=6).map(lambda t: f"n{t}")
values = st.one_of(st.integers(), st.floats(), st.text("äb/<=\n", max_size=9))
runs = st.lists(
    st.tuples(
        st.sampled_from(["", "imagenet", "imagenet/randaug"]),
        st.sampled_from(["train", "eval"]),
        st.sampled_from(list(StorageMode)),
        st.dictionaries(
            names, st.one_of(st.integers(), st.floats(), st.text("äb/<=\n", max_size=9))
        ),
        st.dictionaries(names, st.binary(max_size=40), max_size=3),
        st.sampled_from(["pending", "done", "error", "twice"]),
    ),
    max_size=7,
)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(runs)
def test_export_then_import_gives_the_same_runs(
    tmp_path_factory: pytest.TempPathFactory, made: list[tuple]
) -> None:
    folder = tmp_path_factory.mktemp("law")
    source = Project(folder / "source", durability="process")
    for relpath, identifier, mode, params, files, fate in made:
        project = source.sub(relpath) if relpath else source
        run = project.session(identifier, params, storage_mode=mode)
        if fate == "pending":
            continue
        run.start()
        for name, data in files.items():
            run.path(f"sub/{name}").write_bytes(data)
            run.attach_files({name: run.path(f"sub/{name}")}, hash=True)
        run.log("loss", 0.5)
        run.error("no luck") if fate != "done" else run.done()
        if fate == "twice":
            run.start().done()
    target = Project(folder / "target", durability="process")
    carried(source, target, folder)
    assert [*map(comparable, all_records(target))] == [*map(comparable, all_records(source))]
    assert content(target) == content(source)
    assert target.verify(data=True) == []
    before = all_records(target)
    carried(source, target, folder)
    assert all_records(target) == before


def test_metrics_come_along(source: Project, target: Project, tmp_path: Path) -> None:
    with source.session("train") as run:
        for value in (3.0, 1.0, 2.0):
            run.log("loss", value)
    carried(source, target, tmp_path)
    assert list(target.session_of("train/0001").metrics("loss").values) == [3.0, 1.0, 2.0]


def test_a_uid_that_is_taken_gives_way_and_the_files_follow(
    source: Project, target: Project, tmp_path: Path
) -> None:
    make_run(source, 1)
    make_run(target, 100)
    export_archive(source, tmp_path / "runs.zip")
    report = import_archive(target, tmp_path / "runs.zip")
    assert (report.added, report.renumbered) == (1, {"train/0001": "train/0002"})
    mine, theirs = target.sessions("train")
    assert mine.files["model"].read_text() == "weights 100"
    assert theirs.files["model"] == target.root / "train/0002/model.pt"
    assert theirs.files["model"].read_text() == "weights 1"
    origin = {"project": source.ledger.store.project, "run": "train/0001"}
    assert theirs.record.capture["origin"] == origin
    assert json.loads((theirs.folder / "run.json").read_text())["capture"]["origin"] == origin
    assert not [finding for finding in target.doctor() if finding.severe]


def test_a_second_import_adds_only_what_is_new(
    source: Project, target: Project, tmp_path: Path
) -> None:
    make_run(source, 1)
    make_run(target, 100)
    carried(source, target, tmp_path)
    make_run(source, 2)
    export_archive(source, tmp_path / "runs.zip")
    report = import_archive(target, tmp_path / "runs.zip")
    assert (report.added, report.same) == (1, 1)
    assert [run.params["number"] for run in target.sessions("train")] == [100, 1, 2]


def test_a_later_attempt_replaces_an_earlier_one_and_never_the_other_way(
    source: Project, target: Project, tmp_path: Path
) -> None:
    make_run(target, 100)
    run = source.session("train", {"number": 1}).start()
    run.path("log.txt").write_text("first")
    run.error("no luck")
    first = tmp_path / "first.zip"
    export_archive(source, first)
    import_archive(target, first)
    target.session_of("train/0002").path("mine.txt").write_text("a remark")
    run.start().path("log.txt").write_text("second")
    run.done()
    second = tmp_path / "second.zip"
    export_archive(source, second)
    report = import_archive(target, second)
    assert (report.replaced, report.added) == (1, 0)
    imported = target.session_of("train/0002")
    assert (imported.status, imported.attempt) == (Status.DONE, 2)
    assert imported.path("log.txt").read_text() == "second"
    assert imported.path("mine.txt").read_text() == "a remark"
    assert import_archive(target, first).kept == 1
    assert imported.path("log.txt").read_text() == "second"
    assert imported.status is Status.DONE


def test_copies_that_both_went_on_stay_two_runs(tmp_path: Path, source: Project) -> None:
    make_run(source, 1)
    source.ledger.store.close()
    shutil.copytree(source.root, tmp_path / "copy")
    copy = Project(tmp_path / "copy")
    make_run(source, 2)
    make_run(copy, 3)
    export_archive(copy, tmp_path / "runs.zip")
    report = import_archive(source, tmp_path / "runs.zip")
    assert (report.same, report.renumbered) == (1, {"train/0002": "train/0003"})
    assert [run.params["number"] for run in source.sessions("train")] == [1, 2, 3]
    assert import_archive(source, tmp_path / "runs.zip").same == 2


def test_a_run_comes_home_to_what_it_was(source: Project, target: Project, tmp_path: Path) -> None:
    source.session("train", {"number": 1}).start().error("no luck")
    make_run(target, 100)
    carried(source, target, tmp_path)
    target.session_of("train/0002").start().done()
    export_archive(target, tmp_path / "back.zip")
    report = import_archive(source, tmp_path / "back.zip")
    assert (report.replaced, report.added) == (1, 1)
    run = source.session_of("train/0001")
    assert (run.status, run.attempt) == (Status.DONE, 2)
    assert "origin" not in run.record.capture


def test_a_file_attached_from_elsewhere_comes_to_lie_with_the_run(
    source: Project, target: Project, tmp_path: Path
) -> None:
    make_run(source, 1)
    data = source.root / "data.csv"
    data.write_text("1,2")
    for mode in StorageMode:
        with source.session("eval", storage_mode=mode) as run:
            run.attach_files({"data": data, "model": source.root / "train/0001/model.pt"})
    make_run(target, 100)
    carried(source, target, tmp_path)
    assert not (target.root / "data.csv").exists()
    for run in target.sessions("eval"):
        assert run.files["data"].read_text() == "1,2"
        assert str(run.files["data"]).startswith(f"{target.root}/eval/")
        assert run.files["model"] == target.root / "train/0002/model.pt"
        assert run.files["model"].read_text() == "weights 1"


def test_what_cannot_travel_is_said(source: Project, tmp_path: Path) -> None:
    make_run(source, 1)
    folder = source.root / "train/0001"
    (folder / "hosts").symlink_to("/etc/hostname")
    (folder / "a:b").write_text("x")
    (folder / "again").symlink_to(folder / "model.pt")
    running = source.session("train").start()
    report = export_archive(source, tmp_path / "runs.zip")
    assert (report.runs, report.files) == (1, 2)
    first, second, third = report.left_out
    assert "a:b has a name" in first
    assert second == "train/0001/hosts is a link that leads out of the project."
    assert third.startswith("train/0002 is RUNNING")
    running.done()


def test_a_selection_can_be_packed(source: Project, target: Project, tmp_path: Path) -> None:
    for number in range(4):
        make_run(source, number)
    best = source.runs("train", where="number >= 2").records
    assert export_archive(source, tmp_path / "runs.zip", best).runs == 2
    import_archive(target, tmp_path / "runs.zip")
    assert [run.uid for run in target.sessions("train")] == ["0003", "0004"]
    export_archive(source, tmp_path / "runs.zip")
    assert import_archive(target, tmp_path / "runs.zip").renumbered == {}
    assert len(target.sessions("train")) == 4


def test_an_imported_run_is_resumed_and_never_waited_for(
    source: Project, target: Project, tmp_path: Path
) -> None:
    make_run(source, 1)
    source.session("train", {"number": 2})
    carried(source, target, tmp_path)
    assert target.session("train", {"number": 1}, ExistingRun.RESUME).uid == "0001"
    assert [run.done().uid for run in target.claim("train", [{"number": 2}])] == ["0002"]


def test_a_restart_keeps_where_the_run_is_from(
    source: Project, target: Project, tmp_path: Path
) -> None:
    source.session("train").start().error("no luck")
    carried(source, target, tmp_path)
    run = target.session_of("train/0001").start().done()
    assert run.record.capture["origin"]["project"] == source.ledger.store.project
    assert import_archive(target, tmp_path / "runs.zip").kept == 1


def test_a_removed_run_stays_removed(source: Project, target: Project, tmp_path: Path) -> None:
    make_run(source, 1)
    carried(source, target, tmp_path)
    target.session_of("train/0001").remove()
    assert import_archive(target, tmp_path / "runs.zip").kept == 1
    assert target.sessions() == []


def test_an_unpacked_archive_is_a_folder_to_rebuild_from(source: Project, tmp_path: Path) -> None:
    make_run(source, 1)
    export_archive(source, tmp_path / "runs.zip")
    zipfile.ZipFile(tmp_path / "runs.zip").extractall(tmp_path / "unpacked")
    unpacked = Project(tmp_path / "unpacked")
    assert unpacked.rebuild().added == 1
    assert unpacked.session_of("train/0001").files["model"].read_text() == "weights 1"
    assert unpacked.ledger.store.project == source.ledger.store.project
