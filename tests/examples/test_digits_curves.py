"""The learning curves of 40 networks on the digits, as seen from outside."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pycaddy import Project, Session, Status
from tests.processes import finished

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-W", "error", ROOT / "examples/digits_curves.py")
pytestmark = pytest.mark.xdist_group("digits_curves")

SERIES = ["acc/val", "loss/train", "loss/val"]
STEPS = 1_100


@dataclass(frozen=True, slots=True)
class Story:
    """What lies in the folder after the first start, and what was printed."""

    folder: Path
    printed: str

    def runs(self, status: Status | None = None) -> list[Session]:
        return Project(self.folder).sessions("train", status=status)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    cwd = tmp_path_factory.mktemp("curves")
    first = finished(*COMMAND, cwd / "results", cwd=cwd)
    assert first.returncode == 0, first.stdout
    return Story(cwd / "results", first.stdout)


def test_forty_runs_log_more_than_a_hundred_thousand_points(story: Story) -> None:
    runs = story.runs()
    assert len(runs) == 40
    assert len({run.param_hash for run in runs}) == 40
    logged = [sum(len(run.metrics(name)) for name in SERIES) for run in runs]
    assert sum(logged) >= 100_000
    counted = [sum(series["count"] for series in run.record.summary.values()) for run in runs]
    assert counted == logged


def test_the_learning_rate_that_is_too_high_ends_in_an_error_that_says_so(story: Story) -> None:
    failed = story.runs(Status.ERROR)
    assert {(run.params["lr"], run.params["width"]) for run in failed} == {(10.0, 8), (10.0, 32)}
    assert len(failed) == 8
    for run in failed:
        assert list(run.metrics()) == SERIES
        losses = run.metrics("loss/train").values
        assert not math.isfinite(losses[-1])
        assert all(map(math.isfinite, losses[:-1]))
        assert run.record.error_text is not None
        assert f"at step {len(losses) - 1}: lr=10 is too high" in run.record.error_text
    assert story.printed.count("lr=10 is too high") == 8


def test_the_others_learn_and_keep_their_weights(story: Story) -> None:
    done = story.runs(Status.DONE)
    assert len(done) == 32
    for run in done:
        accuracies = run.metrics("acc/val").values
        assert len(accuracies) == STEPS
        assert run.result is not None
        assert (run.result["accuracy"], run.result["best"]) == (accuracies[-1], max(accuracies))
        assert accuracies[-1] > 0.3  # a guess is right once in ten times
        with np.load(run.files["weights"]) as weights:
            assert weights["hidden"].shape == (64, run.params["width"])
            assert np.isfinite(weights["output"]).all()
    assert Project(story.folder).verify(data=True) == []


def test_the_table_lists_the_finished_runs_best_first(story: Story) -> None:
    rows = re.findall(
        r"^\s*(\d{4}) .*?(\d+\.\d\d)% .*(\d+\.\d{4})\s*$", story.printed, re.MULTILINE
    )
    assert sorted(uid for uid, *_ in rows) == [run.uid for run in story.runs(Status.DONE)]
    order = [(-float(accuracy), float(loss)) for _, accuracy, loss in rows]
    assert order == sorted(order)
    assert order[0][0] < -96


def test_a_second_start_takes_up_only_what_failed(story: Story) -> None:
    done = {run.uid: run.record for run in story.runs(Status.DONE)}
    again = finished(*COMMAND, story.folder, cwd=story.folder.parent)
    assert again.returncode == 0, again.stdout
    assert "0 done, 32 skipped, 8 failed" in again.stdout
    assert {run.uid: run.record for run in story.runs(Status.DONE)} == done
    assert [run.attempt for run in story.runs(Status.ERROR)] == [2] * 8


def test_the_same_params_learn_the_same_again(story: Story, tmp_path: Path) -> None:
    first = story.runs()[0]
    twin = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from digits_curves import train\n"
        "from pycaddy import Project\n"
        "with Project('twin').session('train', "
        f"{first.params!r}) as run:\n    run.result = train(run)\n"
    )
    done = finished(sys.executable, "-c", twin, ROOT / "examples", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    (second,) = Project(tmp_path / "twin").sessions("train")
    assert second.result == first.result
    assert second.metrics("loss/train").values == first.metrics("loss/train").values
