"""A project of pycaddy 0.2, made by hand in the shape that it wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project, Status
from pycaddy.errors import ArchiveError, LedgerError
from pycaddy.interop import import_earlier

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
    assert (report.added, report.files) == (5, 3)
    assert [line.split(":")[0] for line in report.missing] == [
        "imagenet/eval/0001 hosts",
        "imagenet/eval/0001 gone",
    ]
    done, failed, lost, waiting = project.sessions("train")
    assert [run.uid for run in (done, failed, lost, waiting)] == ["0001", "0002", "0003", "0004"]
    assert done.status is Status.DONE
    assert done.files["model"] == project.root / "train/0001/train_model.pt"
    assert done.files["model"].read_text() == "train_model.pt"
    assert done.files["more"].read_text() == "another"
    assert done.record.seconds == 1
    assert (lost.status, waiting.status) == (Status.ERROR, Status.PENDING)
    assert "was running" in (lost.error_text or "")
    assert sorted(old.rglob("*")) == before
    scores = project.sub("imagenet").session_of("eval/0001").files["scores"]
    assert scores.read_text() == "000_eval_scores.txt"


def test_what_is_known_of_params_is_their_hash(old: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "new")
    import_earlier(project, old)
    done, failed = project.sessions("train")[:2]
    assert done.params == {"param_hash": "ab" * 32}
    assert failed.params == {}
    assert done.record.capture["origin"]["run"] == "/000/train"


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


def test_a_project_with_runs_is_refused(old: Path, tmp_path: Path) -> None:
    project = Project(tmp_path / "new")
    project.session("train")
    with pytest.raises(LedgerError, match="Name another folder"):
        import_earlier(project, old)


@pytest.mark.parametrize("text", ["", "[]", '{"train": {"": {"000": {"status": "odd"}}}}'])
def test_a_ledger_that_cannot_be_read_is_refused(old: Path, tmp_path: Path, text: str) -> None:
    (old / "metadata.json").write_text(text)
    project = Project(tmp_path / "new")
    with pytest.raises(ArchiveError):
        import_earlier(project, old)
    assert project.sessions() == []
