"""Attached files are compared with what they were; every difference is found."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.ledger import RunKey
from pycaddy.ledger.verify import Difference
from pycaddy.project import Project, Session, StorageMode
from tests.scripts import answer


@pytest.fixture(params=list(StorageMode), ids=lambda mode: mode.value)
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    return Project(tmp_path / "results", storage_mode=request.param)


def finished(project: Project, content: bytes = b"weights", *, hash: bool = True) -> Session:
    run = project.session("train").start()
    run.path("model.pt").write_bytes(content)
    return run.attach_files({"model": run.path("model.pt")}, hash=hash).done()


def rewrite(path: Path, content: bytes) -> None:
    """Change a file and put its times back, as a bad disk would."""
    facts = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_files_that_are_as_they_were_do_not_differ(project: Project) -> None:
    for _ in range(3):
        finished(project)
    assert project.verify() == project.verify(data=True) == []


def test_a_file_may_change_until_the_run_is_done(project: Project) -> None:
    run = project.session("train").start()
    run.attach_files({"model": run.path("model.pt")}, hash=True)
    run.path("model.pt").write_bytes(b"first")
    assert project.verify(data=True) == []  # it is still written
    run.path("model.pt").write_bytes(b"second")
    run.done()
    assert project.verify(data=True) == []


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


# What happens to the file, what a glance says to that, and what reading it says.
CHANGES: dict[str, tuple[Callable[[Path], object], str | None, str | None]] = {
    "deleted": (Path.unlink, "is missing", "is missing"),
    "emptied": (lambda path: path.write_bytes(b""), "has 0 bytes, and had 7", "has 0 bytes"),
    "cut": (lambda path: os.truncate(path, 6), "has 6 bytes, and had 7", "has 6 bytes"),
    "grown": (lambda path: path.write_bytes(b"weights2"), "has 8 bytes", "has 8 bytes"),
    "a folder": (replaced_by_a_folder, "is no file any more", "is no file any more"),
    "written": (lambda path: path.write_bytes(b"WEIGHTS"), "was written again", "has SHA"),
    "touched": (lambda path: os.utime(path, (1, 1)), "was written again", None),
    "rotten": (lambda path: rewrite(path, b"weighty"), None, "has SHA-256"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("data", [False, True], ids=["at a glance", "by reading"])
def test_each_way_to_differ_is_found(project: Project, change: str, data: bool) -> None:
    change_file, at_a_glance, by_reading = CHANGES[change]
    run, _ = finished(project), finished(project)
    change_file(run.path("model.pt"))
    problem = by_reading if data else at_a_glance
    if problem is None:
        assert project.verify(data=data) == []
        return
    (difference,) = project.verify(data=data)
    assert (difference.run, difference.key) == (run.key, "model")
    assert difference.path == str(run.path("model.pt"))
    assert problem in difference.problem
    assert str(difference).startswith(f"train/0001 model: {difference.path} {problem}")


def test_every_one_of_1000_flipped_bytes_is_found(tmp_path: Path) -> None:
    project = Project(tmp_path, durability="process")
    content = random.Random(0).randbytes(64 * 1024)
    run = project.session("train").start()
    paths = [run.path(f"{number}.bin") for number in range(1000)]
    for path in paths[:10]:
        path.write_bytes(content)
    run.attach_files({path.name: path for path in paths[:10]}, hash=True).done()
    chosen = random.Random(1)
    for _ in range(100):
        for path in paths[:10]:
            position = chosen.randrange(len(content))
            flipped = bytearray(content)
            flipped[position] ^= 1 << chosen.randrange(8)
            rewrite(path, bytes(flipped))
        assert len(project.verify(data=True)) == 10
        assert project.verify() == []
        for path in paths[:10]:
            rewrite(path, content)
        assert project.verify(data=True) == []


def test_without_a_hash_only_size_and_time_are_compared(project: Project) -> None:
    run = finished(project, hash=False)
    rewrite(run.path("model.pt"), b"weighty")
    assert project.verify(data=True) == []
    run.path("model.pt").write_bytes(b"weights")
    assert len(project.verify(data=True)) == 1


def test_a_file_that_never_came_is_missing(project: Project) -> None:
    run = project.session("train").start()
    run.attach_files({"model": run.path("model.pt")}).done()
    (difference,) = project.verify()
    assert difference == Difference(run.key, "model", str(run.path("model.pt")), "is missing")
    run.path("model.pt").write_bytes(b"late")
    assert project.verify() == []  # nothing is known of it to compare


def test_what_failed_is_compared_as_well(project: Project) -> None:
    run = project.session("train").start()
    run.path("log.txt").write_text("x")
    run.attach_files({"log": run.path("log.txt")}).error("no")
    run.path("log.txt").write_text("xx")
    assert [difference.key for difference in project.verify()] == ["log"]


def test_runs_that_are_under_way_or_removed_are_left_out(project: Project) -> None:
    run = project.session("train").start()
    run.attach_files({"model": run.path("model.pt")})
    gone = finished(project)
    gone.remove()
    pending = project.session("train")
    pending.attach_files({"model": pending.path("model.pt")})
    assert project.verify(data=True) == []


def test_files_elsewhere_and_below_are_compared(project: Project, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1,2,3")
    inner = project.sub("imagenet")
    inner.session("train").start().attach_files({"data": data}, hash=True).done()
    rewrite(data, b"1,2,4")
    (difference,) = project.verify(data=True)
    assert difference.run == RunKey("imagenet", "train", "0001")
    assert difference.path == str(data)
    assert inner.verify(data=True) == [difference]
    assert project.sub("other").verify(data=True) == []


def test_a_file_that_cannot_be_read_is_reported(project: Project) -> None:
    run = finished(project)
    path = run.path("model.pt")
    path.unlink()
    path.symlink_to(path)  # a loop
    (difference,) = project.verify(data=True)
    assert "cannot be read" in difference.problem


def test_another_process_finds_the_same(project: Project, tmp_path: Path) -> None:
    run = finished(project)
    rewrite(run.path("model.pt"), b"weighty")
    program = """
        from pycaddy.project import Project

        print(*Project("results").verify(data=True), sep="\\n")
    """
    assert answer(program, tmp_path) == str(project.verify(data=True)[0])
