"""The digits grid, killed halfway and started again, as seen from outside."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import pytest
from matplotlib.image import imread
from sklearn.datasets import load_digits

from pycaddy import Project, RunRecord, Session, Status
from tests.processes import finished, killed_in_a_run

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples/digits_grid.py"

CONFIGURATIONS = 28
HALF = CONFIGURATIONS // 2


@dataclass(frozen=True, slots=True)
class Seen:
    """The DONE runs at one moment, and every file in their folders."""

    runs: dict[str, RunRecord]
    files: dict[Path, tuple[int, bytes]]

    @classmethod
    def now(cls, folder: Path) -> Seen:
        runs = Project(folder).sessions("train", status=Status.DONE)
        paths = [path for run in runs for path in run.folder.iterdir()]
        return cls(
            {run.uid: run.record for run in runs},
            {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in paths},
        )


@dataclass(frozen=True, slots=True)
class Story:
    """What happened in a folder."""

    folder: Path
    first: Sequence[str]
    """The lines of the first start, which was killed."""
    killed: Session
    between: Seen
    second: Sequence[str]

    @property
    def done(self) -> list[Session]:
        return Project(self.folder).sessions("train", status=Status.DONE)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    cwd = tmp_path_factory.mktemp("digits")
    folder = cwd / "results"
    command = (sys.executable, "-W", "error", SCRIPT, folder)
    first, killed = killed_in_a_run(*command, project=folder, done=HALF, cwd=cwd)
    between = Seen.now(folder)
    again = finished(*command, cwd=cwd)
    assert again.returncode == 0, again.stdout
    return Story(folder, first, killed, between, again.stdout.splitlines())


def trained(lines: Sequence[str]) -> dict[str, str]:
    """What the lines say was trained, by uid: "svc C=0.1 gamma=0.01"."""
    return dict(re.findall(r"^train/(\d+) (.+)$", "\n".join(lines), re.MULTILINE))


def test_the_kill_came_halfway_and_left_its_run_unfinished(story: Story) -> None:
    assert HALF <= len(story.between.runs) < CONFIGURATIONS - 1
    assert story.killed.status is Status.RUNNING
    assert story.killed.is_stale
    assert story.killed.attempt == 1


def test_each_configuration_is_done_once(story: Story) -> None:
    assert len(story.done) == CONFIGURATIONS
    assert len({run.param_hash for run in story.done}) == CONFIGURATIONS


def test_the_second_start_trains_only_what_is_missing(story: Story) -> None:
    first, second = trained(story.first), trained(story.second)
    done_before = {first[uid] for uid in story.between.runs}
    assert not done_before & set(second.values())
    assert len(done_before | set(second.values())) == CONFIGURATIONS
    assert len(second) == CONFIGURATIONS - len(story.between.runs)


def test_the_ledger_knows_of_no_other_start(story: Story) -> None:
    runs = Project(story.folder).sessions("train")
    assert len(runs) == CONFIGURATIONS + 1
    for run in runs:
        ends = [Status.DONE] if run.uid != story.killed.uid else []
        moves = [(move.status, move.attempt) for move in run.history]
        assert moves == [
            (Status.PENDING, 0),
            (Status.RUNNING, 1),
            *((status, 1) for status in ends),
        ]


def test_a_fresh_run_takes_the_place_of_the_killed_one(story: Story) -> None:
    heirs = [run for run in story.done if run.param_hash == story.killed.param_hash]
    assert [int(run.uid) for run in heirs] == [int(story.killed.uid) + 1]


def test_what_was_done_before_the_kill_is_as_it_was(story: Story) -> None:
    now = Seen.now(story.folder)
    assert story.between.runs.items() <= now.runs.items()
    assert story.between.files.items() <= now.files.items()
    assert len(story.between.files) == 4 * len(story.between.runs)  # three, and run.json


def test_each_run_keeps_its_model_a_picture_and_its_metrics(story: Story) -> None:
    for run in story.done:
        assert set(run.files) == {"model", "confusion", "metrics"}
        assert run.files["confusion"].read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        height, width, _ = imread(run.files["confusion"]).shape
        assert height == width == 600
        metrics = json.loads(run.files["metrics"].read_text())
        assert run.result == {name: metrics[name] for name in ("accuracy", "wrong", "fit_s")}
        total, hits = 0, 0
        for digit, answers in enumerate(metrics["confusion"]):
            total, hits = total + sum(answers), hits + answers[digit]
        assert (total, total - hits) == (540, metrics["wrong"])
        assert metrics["accuracy"] == pytest.approx(hits / total)


def test_a_kept_model_still_reads_digits(story: Story) -> None:
    best = max(story.done, key=lambda run: (run.result or {})["accuracy"])
    images, digits = load_digits(return_X_y=True)
    assert joblib.load(best.files["model"]).score(images / 16, digits) > 0.99


def test_each_file_has_its_hash_and_nothing_differs(story: Story) -> None:
    for run in story.done:
        for file in run.record.artifacts.values():
            content = (story.folder / file.path).read_bytes()
            assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert Project(story.folder).verify(data=True) == []


def test_the_table_lists_all_runs_best_first(story: Story) -> None:
    rows = re.findall(r"^\s*(\d{4}) .* (\d+\.\d\d)% ", "\n".join(story.second), re.MULTILINE)
    assert sorted(uid for uid, _ in rows) == [run.uid for run in story.done]
    accuracies = [float(accuracy) for _, accuracy in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[0] > 98


def test_the_demo_of_a_finished_grid_trains_nothing_and_says_so(story: Story) -> None:
    before = Seen.now(story.folder)
    demo = finished(sys.executable, "-W", "error", SCRIPT, "--demo", story.folder, cwd=ROOT)
    assert demo.returncode == 0, demo.stdout
    assert "was done already" in demo.stdout
    assert "NOT SO" not in demo.stdout
    assert Seen.now(story.folder) == before
    assert len(Project(story.folder).sessions("train")) == CONFIGURATIONS + 1


def test_the_demo_kills_the_grid_and_shows_that_nothing_is_trained_twice(
    story: Story, tmp_path: Path
) -> None:
    folder = tmp_path / "results"
    shutil.copytree(story.folder, folder)
    for run in Project(folder).sessions("train", status=Status.DONE)[-6:]:
        run.remove()
    before = Seen.now(folder)

    demo = finished(sys.executable, "-W", "error", SCRIPT, "--demo", folder, cwd=ROOT)

    assert demo.returncode == 0, demo.stdout
    assert "NOT SO" not in demo.stdout
    assert "\x1b" not in demo.stdout  # no colours where there is no terminal
    killed_before, killed = [run for run in Project(folder).sessions("train") if run.is_stale]
    assert killed_before.key == story.killed.key
    assert f"SIGKILL in the middle of {killed.key}" in demo.stdout
    now = Seen.now(folder)
    assert len(now.runs) == CONFIGURATIONS
    assert before.runs.items() <= now.runs.items()
    assert before.files.items() <= now.files.items()
