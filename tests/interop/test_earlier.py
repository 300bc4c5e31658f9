"""A project of pycaddy 0.2, made by hand in the shape that it wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pycaddy import ExistingRun, Project, Status
from pycaddy.errors import ArchiveError
from pycaddy.interop import import_earlier
from pycaddy.params import VERSION
from pycaddy.params._earlier import earlier_hashes

AT = "2025-05-01T12:00:0"


def told(*statuses: str) -> list[list[str]]:
    return [[f"{AT}{second}.000250", status] for second, status in enumerate(statuses)]


def entry(status: str, *before: str, param_hash: str | None = None, **files: Path) -> Any:
    return {
        "status": status,
        "param_hash": param_hash,
        "files": {key: str(path) for key, path in files.items()},
        "timestamp_status_lst": told(*before, status),
    }


@pytest.fixture
def old(tmp_path: Path) -> Path:
    root = tmp_path / "old"
    model, scores = root / "000/train_model.pt", root / "imagenet/000_eval_scores.txt"
    for path in (model, scores):
        path.parent.mkdir(parents=True)
        path.write_text(path.name)
    same_name = root / "other/train_model.pt"
    same_name.parent.mkdir()
    same_name.write_text("another")
    runs = {
        "train": {
            "": {
                "000": entry(
                    "done", "pending", "running", param_hash="ab" * 32, model=model, more=same_name
                ),
                "001": entry("error", "pending", "running"),
                "002": entry("running", "pending"),
                "010": entry("pending"),
            }
        },
        "eval": {
            "imagenet": {
                "000": entry("done", "pending", "running", scores=scores, hosts=Path("/etc/hosts"),
                             gone=root / "gone.pt"),
            }
        },
    }  # fmt: skip
    (root / "metadata.json").write_text(json.dumps(runs, indent=2))
    (root / "metadata.lock").write_text("")
    return root


def test_runs_and_files_are_copied_into_a_new_project(old: Path, tmp_path: Path) -> None:
    before = sorted(old.rglob("*"))
    project = Project(tmp_path / "new")
    report = import_earlier(project, old)
    assert (report.added, report.files, report.known, report.renumbered) == (5, 3, 0, {})
    assert [line.split(":")[0] for line in report.missing] == [
        "imagenet/eval/0000 hosts",
        "imagenet/eval/0000 gone",
    ]
    done, failed, lost, waiting = project.sessions("train")
    assert [run.uid for run in (done, failed, lost, waiting)] == ["0000", "0001", "0002", "0010"]
    assert done.status is Status.DONE
    assert done.files["model"] == project.root / "train/0000/train_model.pt"
    assert done.files["model"].read_text() == "train_model.pt"
    assert done.files["more"].read_text() == "another"
    assert done.record.seconds == 1
    assert (lost.status, waiting.status) == (Status.ERROR, Status.PENDING)
    assert "was running" in (lost.error_text or "")
    assert sorted(old.rglob("*")) == before
    scores = project.sub("imagenet").session_of("eval/000").files["scores"]
    assert scores.read_text() == "000_eval_scores.txt"


def test_what_is_known_of_params_is_their_hash(old: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "new")
    import_earlier(project, old)
    done, failed = project.sessions("train")[:2]
    assert (done.params, done.record.param_hash, done.record.param_version) == ({}, "ab" * 32, 0)
    assert (failed.params, failed.record.param_version) == ({}, VERSION)
    assert done.record.capture["origin"] == {
        "project": f"pycaddy 0.2: {old}",
        "run": "train/000",
        "param_hash": "ab" * 32,
    }


def test_params_become_known_in_another_project_as_well(old: Path, tmp_path: Path) -> None:
    [hashed] = earlier_hashes({"lr": 0.1})
    path = old / "metadata.json"
    path.write_text(path.read_text().replace("ab" * 32, hashed))
    project = Project(tmp_path / "new")
    project.session("train", {"lr": 1}, ExistingRun.RESUME)  # so that the handle has looked
    import_earlier(project, old)
    assert project.session("train", {"lr": 0.1}, ExistingRun.RESUME).uid == "0000"


def test_an_imported_project_can_be_rebuilt(old: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "new")
    import_earlier(project, old)
    before = [run.record for run in project.sessions("train", status=Status.DONE)]
    project.ledger.store.close()
    shutil.rmtree(project.root / ".pycaddy")
    rebuilt = Project(project.root)
    assert rebuilt.rebuild().problems == ()
    after = [run.record for run in rebuilt.sessions("train", status=Status.DONE)]
    assert [(run.params, run.files, run.history) for run in after] == [
        (run.params, run.files, run.history) for run in before
    ]


@pytest.mark.parametrize("place", ["here", "elsewhere"])
def test_runs_whose_number_is_taken_get_the_next_one(old: Path, tmp_path: Path, place: str) -> None:
    hidden = (old / "metadata.json").rename(tmp_path / "metadata.json")
    project = Project(old if place == "here" else tmp_path / "new")
    for _ in range(3):
        project.session("train", {"mine": True})
    hidden.rename(old / "metadata.json")
    report = import_earlier(project, old)
    assert report.added == 5
    assert report.renumbered == {"train/0001": "train/0011", "train/0002": "train/0012"}
    assert [run.uid for run in project.sessions("train")] == [
        "0000", "0001", "0002", "0003", "0010", "0011", "0012",
    ]  # fmt: skip
    moved = project.session_of("train/0011")
    assert moved.record.capture["origin"]["run"] == "train/001"
    assert project.session("train").uid == "0013"
    kept = project.session_of("train/0000").files["model"]
    assert kept == project.root / ("000" if place == "here" else "train/0000") / "train_model.pt"
    assert (report.files == 0) == (place == "here")
    again = import_earlier(project, old)
    assert (again.added, again.known, again.renumbered) == (0, 5, {})
    assert [str(one) for one in project.doctor() if one.severe] == []


def test_in_its_own_folder_a_new_project_needs_no_import(old: Path) -> None:
    report = import_earlier(Project(old), old)
    assert (report.added, report.known, report.files, report.missing) == (5, 0, 0, ())
    assert import_earlier(Project(old), old).known == 5


def test_a_folder_without_a_ledger_of_0_2_is_refused(tmp_path: Path) -> None:
    project = Project(tmp_path / "new")
    with pytest.raises(ArchiveError, match=r"metadata.json is not a ledger of pycaddy 0.2"):
        import_earlier(project, tmp_path)


def test_two_old_projects_go_into_one(old: Path, tmp_path: Path) -> None:
    other = shutil.copytree(old, tmp_path / "other")
    path = other / "metadata.json"
    path.write_text(path.read_text().replace("2025-05-01", "2025-06-01"))
    project = Project(tmp_path / "new")
    assert [import_earlier(project, folder).added for folder in (old, other, old)] == [5, 5, 0]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"train": {"": {"000": {"status": "odd", "timestamp_status_lst": []}}}}']
)
def test_a_ledger_that_cannot_be_read_is_refused(old: Path, tmp_path: Path, text: str) -> None:
    (old / "metadata.json").write_text(text)
    project = Project(tmp_path / "new")
    with pytest.raises(ArchiveError):
        import_earlier(project, old)
    assert project.sessions() == []
