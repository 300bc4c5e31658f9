"""Runs packed, taken in elsewhere and packed again make the same archive, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycaddy import Project, Status, StorageMode
from pycaddy.interop import ImportReport, export_archive, import_archive
from pycaddy.stores import Selection
from tests.histories import live
from tests.postgres import postgres_url, with_schema


def packed(project: Project, path: Path) -> bytes:
    export_archive(project, path)
    return path.read_bytes()


def taken_over(first: bytes, target: Project, folder: Path) -> tuple[bytes, bytes]:
    """Import an archive twice; return what the project packs after each."""
    (folder / "first.zip").write_bytes(first)
    once = import_archive(target, folder / "first.zip")
    second = packed(target, folder / "second.zip")
    before = target.ledger.records(Selection())
    twice = import_archive(target, folder / "first.zip")
    assert twice == ImportReport(same=once.added)
    assert target.ledger.records(Selection()) == before
    return second, packed(target, folder / "third.zip")


def worked_in(project: Project) -> None:
    """Leave runs of every kind: files, tags, notes, metrics, attempts, both modes, the trash."""
    for mode in StorageMode:
        for home in (project, project.sub("imagenet")):
            with home.session("train", {"lr": 0.1, "mode": mode.value}, storage_mode=mode) as run:
                run.path("ckpt/weights.bin").write_bytes(b"\x00weights\xff" * 99)
                run.attach_files({"weights": run.path("ckpt/weights.bin")}, hash=True)
                for step in range(1200):
                    run.log({"loss/train": 1 / (step + 1), "acc": float("nan")}, step=step)
                run.result = {"loss": 0.5, "text": "größer"}
            run.tag("baseline", "paper")
            run.note("The one of figure 3.\nWith a second line.")
            again = home.session("train", {"lr": 1.0, "mode": mode.value}, storage_mode=mode)
            again.start()
            again.log("loss/train", 3.0)
            again.error("RuntimeError: out of memory 💥")
            again.start()
            again.log("loss/train", 2.0)
            again.done()
            home.session("eval", {"x": float("inf")}, storage_mode=mode).start().error("no luck")
            home.session("eval", {"waits": True}, storage_mode=mode)
            home.session("eval", {"x": 2}, storage_mode=mode).start().done().remove()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_url() as url:
        yield url


def opened(engine: str, root: Path, server: str) -> Project:
    return Project(root, ledger=None if engine == "sqlite" else with_schema(server, root.name))


@pytest.mark.parametrize("source_in", ["sqlite", "postgres"])
@pytest.mark.parametrize("target_in", ["sqlite", "postgres"])
def test_a_project_that_was_worked_in_comes_out_as_it_went_in(
    tmp_path: Path, server: str, source_in: str, target_in: str
) -> None:
    source = opened(source_in, tmp_path / f"from_{source_in}_{target_in}", server)
    worked_in(source)
    first = packed(source, tmp_path / "from.zip")
    target = opened(target_in, tmp_path / f"to_{source_in}_{target_in}", server)

    second, third = taken_over(first, target, tmp_path)

    assert second == first
    assert third == first
    assert packed(source, tmp_path / "from.zip") == first
    assert target.verify(data=True) == []


@pytest.mark.slow
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 10**6))
def test_whatever_people_did_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("trip")
    source = Project(folder / "source", durability="process")
    live(source, seed, steps=40)
    for run in source.sessions(status=Status.RUNNING, recursive=True):
        run.error("stopped") if random.Random(seed).random() < 0.5 else run.done()
    first = packed(source, folder / "from.zip")
    second, third = taken_over(first, Project(folder / "target", durability="process"), folder)
    assert second == first
    assert third == first


def test_a_run_that_came_from_elsewhere_is_packed_as_at_home(tmp_path: Path) -> None:
    """By way of two projects, in the second of which its number was taken."""
    home, middle = Project(tmp_path / "home"), Project(tmp_path / "middle")
    for project in (home, middle):
        project.session("train").start().done()
    import_archive(middle, export_archive(home, tmp_path / "home.zip").path)
    first = packed(middle, tmp_path / "middle.zip")
    second, third = taken_over(first, Project(tmp_path / "far"), tmp_path)
    assert second == first
    assert third == first


def test_files_from_elsewhere_settle_once_and_then_stay(tmp_path: Path) -> None:
    """What a run attached outside of its folder lies in its folder afterwards."""
    source = Project(tmp_path / "source")
    source.root.mkdir()
    shared = source.root / "shared.csv"
    shared.write_text("x\n1\n")
    with source.session("train") as run:
        run.attach_files({"data": shared}, hash=True)
    settled, again = taken_over(
        packed(source, tmp_path / "from.zip"), Project(tmp_path / "target"), tmp_path
    )
    assert again == settled
    second, _ = taken_over(settled, Project(tmp_path / "further"), tmp_path)
    assert second == settled
