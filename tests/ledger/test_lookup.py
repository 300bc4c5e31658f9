"""A run is found by its identifier and uid, without its relpath."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy.errors import RunNotFoundError
from pycaddy.ledger import Ledger, RunRecord, Status
from pycaddy.ledger.lookup import Allocated
from pycaddy.project import Project
from pycaddy.stores import Selection


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    address = request.getfixturevalue("ledger_url") if request.param == "postgres" else None
    made = Ledger(address or tmp_path, root=tmp_path)
    yield made
    made.store.close()


def again(ledger: Ledger) -> Ledger:
    """Return another handle, as another process has one."""
    return pickle.loads(pickle.dumps(ledger))


def test_the_run_that_the_handle_allocated_comes_first(ledger: Ledger) -> None:
    for relpath in ("", "a", "b"):
        uid = ledger.allocate("train", relpath)
        ledger.log("train", uid, Status.RUNNING)
        ledger.log("train", uid, Status.DONE, {"model": "model.pt"})
        record = ledger.get_record("train", uid)
        assert record is not None
        assert (record.relpath, record.status) == (relpath, Status.DONE)
    assert {run.status for run in ledger.records(Selection())} == {Status.DONE}


def test_the_latest_allocation_counts_in_the_root_as_well(ledger: Ledger) -> None:
    ledger.allocate("train", "a")
    ledger.allocate("train")
    assert ledger.read("train", "0001").relpath == ""


def test_another_handle_finds_the_run_in_the_root(ledger: Ledger) -> None:
    ledger.allocate("train")
    ledger.allocate("train", "a")
    assert ledger.read("train", 1).relpath == "a"
    assert again(ledger).read("train", 1).relpath == ""


def test_another_handle_finds_the_only_match(ledger: Ledger) -> None:
    ledger.allocate("train")
    ledger.allocate("train", "a")
    ledger.allocate("train", "a")
    ledger.allocate("eval", "b")
    assert again(ledger).read("train", "0002").relpath == "a"
    assert again(ledger).read("eval", "0001").relpath == "b"
    again(ledger).log("eval", 1, Status.DONE)
    assert ledger.read("eval", 1, relpath="b").status is Status.DONE


def test_several_matches_are_listed(ledger: Ledger) -> None:
    for relpath in ("a", "b/c"):
        ledger.allocate("train", relpath)
    other = again(ledger)
    calls = (
        lambda: other.read("train", 1),
        lambda: other.get_record("train", "0001"),
        lambda: other.log("train", "1", Status.DONE),
    )
    for call in calls:
        with pytest.raises(RunNotFoundError) as refused:
            call()
        assert str(refused.value) == (
            "'train' has 2 runs with the uid '0001': a/train/0001, b/c/train/0001. Pass "
            "relpath='b/c', or the relpath of the run that you mean."
        )
        assert refused.value.run == "train/0001"
    assert {run.status for run in ledger.records(Selection())} == {Status.PENDING}
    assert other.read("train", 1, relpath="b/c").relpath == "b/c"


def test_the_error_does_not_list_a_thousand_matches(ledger: Ledger) -> None:
    for n in range(8):
        ledger.allocate("train", f"n{n}")
    with pytest.raises(RunNotFoundError, match=r"has 8 runs .*n4/train/0001 and 3 more\. Pass"):
        again(ledger).read("train", 1)


def test_a_relpath_that_is_given_is_literal(ledger: Ledger) -> None:
    ledger.allocate("train", "a")
    assert ledger.get_record("train", "0001", relpath="") is None
    assert ledger.get_record("train", "0001", relpath=Path()) is None
    with pytest.raises(RunNotFoundError):
        ledger.log("train", "0001", Status.DONE, relpath="")
    assert ledger.read("train", "0001", relpath=Path("a")).status is Status.PENDING


def test_the_trash_does_not_count_as_a_match(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for relpath in ("a", "b"):
        project.sub(relpath).session("train")
    project.session("train").remove()
    project.sub("a").session_of("train/0001").remove()
    assert Ledger(tmp_path).read("train", "0001").relpath == "b"


def test_a_removed_run_does_not_lead_to_another_one_of_its_name(tmp_path: Path) -> None:
    """The handle allocated it: its caller means this run, and not the root's."""
    ledger = Ledger(tmp_path)
    ledger.allocate("train")
    ledger.allocate("train", "a")
    Project(tmp_path, "a").session_of("train/0001").remove()
    assert ledger.get_record("train", "0001") is None
    with pytest.raises(RunNotFoundError, match=r"under 'a'\. It is in the trash"):
        ledger.log("train", "0001", Status.DONE)


def test_the_only_match_is_one_query_and_reads_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path)
    for n in range(20):
        for _ in range(n + 1):
            ledger.allocate("train", f"n{n}")
    asked: list[list[RunRecord]] = []
    select = ledger.store.select

    def counted(selection: Selection) -> list[RunRecord]:
        asked.append(select(selection))
        return asked[-1]

    other = again(ledger)
    monkeypatch.setattr(other.store, "select", counted)
    assert other.read("train", "0020").relpath == "n19"
    assert [[str(run.key) for run in runs] for runs in asked] == [["n19/train/0020"]]


def test_what_a_handle_remembers_is_bounded() -> None:
    allocated = Allocated()
    for n in range(1, 100_001):
        allocated.add("a", "train", n)
    assert len(allocated._relpaths) < 10_000
    assert (allocated.relpath("train", 100_000), allocated.relpath("train", 1)) == ("a", None)
    assert not allocated.complete


def test_runs_in_the_root_take_no_memory() -> None:
    allocated = Allocated()
    allocated.add("a", "train", 7)
    for n in range(1, 100_001):
        allocated.add("", "train", n)
    assert (allocated.complete, len(allocated._relpaths)) == (True, 0)


def test_a_handle_that_has_forgotten_does_not_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have allocated a/train/0001, and takes the root's run for it no more."""
    monkeypatch.setattr("pycaddy.ledger.lookup._MOST", 1)
    ledger = Ledger(tmp_path)
    ledger.allocate("train")
    for _ in range(2):
        ledger.allocate("train", "a")
    with pytest.raises(RunNotFoundError, match="train/0001, a/train/0001"):
        ledger.log("train", "0001", Status.DONE)
    assert ledger.read("train", "0002").relpath == "a"
    assert ledger.read("train", "0001", relpath="a").status is Status.PENDING


def test_what_a_handle_remembers_is_not_pickled(ledger: Ledger) -> None:
    small = len(pickle.dumps(ledger))
    for _ in range(50):
        ledger.allocate("train", "a")
    assert len(pickle.dumps(ledger)) == small
    assert again(ledger)._allocated.relpath("train", 1) is None


@pytest.mark.parametrize("name", ["metadata.json", "runs.json"])
def test_the_path_of_a_json_file_means_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("results", name)
    for given in (path, str(path), path.absolute()):
        ledger = Ledger(given)
        assert ledger.address == Project("results").ledger.address
        assert ledger.root == str(tmp_path / "results")
    assert Ledger(name).root == str(tmp_path)
    run = Project("results").session("train")
    assert Ledger(path).read("train", run.uid) == run.record
    assert not path.exists()
    path.write_text("{}")  # a file of pycaddy 0.2 is left alone
    Ledger(path).allocate("train")
    assert path.read_text() == "{}"


def test_a_folder_that_is_called_like_the_file_is_a_project(tmp_path: Path) -> None:
    """An earlier version made one of `Ledger("results/metadata.json")`."""
    (tmp_path / "metadata.json").mkdir()
    assert Ledger(tmp_path / "metadata.json").root == str(tmp_path / "metadata.json")
    os.rmdir(tmp_path / "metadata.json")
    assert Ledger(tmp_path / "metadata.json").root == str(tmp_path)
