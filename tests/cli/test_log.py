"""`pycaddy log` shows what a run has logged, and `pycaddy query` is `ls --where`."""

from __future__ import annotations

import pytest

from pycaddy.project import Project
from tests.cli.sample import document, invoke


@pytest.fixture(autouse=True)
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root)
    run = project.session("curves").start()
    for step in range(30):
        run.log({"loss": 1 / (step + 1), "val/acc": float("nan") if step == 29 else step / 100})
    run.done()


def test_the_series_are_listed_with_what_they_come_down_to() -> None:
    lines = invoke("log", "curves/0001").stdout.splitlines()
    assert lines[0].split() == ["series", "points", "last", "min", "max", "mean", "lost"]
    assert lines[1].split()[:5] == ["loss", "30", "0.0333333", "0.0333333", "1"]
    assert lines[2].split()[:5] == ["val/acc", "30", "nan", "0", "0.28"]


def test_the_last_points_are_printed_and_the_others_counted() -> None:
    result = invoke("log", "curves/0001", "loss", "-n", "2")
    assert [line.split()[:2] for line in result.stdout.splitlines()[1:]] == [
        ["28", "0.0344828"],
        ["29", "0.0333333"],
    ]
    assert result.stderr == "28 earlier points left out; --all prints them too.\n"
    assert len(invoke("log", "curves/0001", "loss", "--all").stdout.splitlines()) == 31


def test_the_document_has_strict_json() -> None:
    found = document("log", "curves/0001", "val/acc", "-n", "2", "--json")
    assert (found["run"], found["series"], found["left_out"]) == ("curves/0001", "val/acc", 28)
    assert found["steps"] == [28, 29]
    assert found["values"] == [0.28, {"__float__": "nan"}]
    assert len(found["times"]) == 2
    summaries = document("log", "curves/0001", "--json")["series"]
    assert summaries["val/acc"]["last"] == {"__float__": "nan"}
    assert summaries["loss"]["min_step"] == 29


def test_points_of_a_run_at_work_are_read(project: Project) -> None:
    run = project.session("live").start()
    run.log("loss", 0.5)
    run.flush()
    assert document("log", "live/0001", "loss", "--json")["values"] == [0.5]
    run.done()


def test_a_series_that_is_not_there_is_named_with_those_that_are() -> None:
    result = invoke("log", "curves/0001", "los")
    assert result.exit_code == 3
    assert "no series 'los'. It has loss, val/acc" in result.stderr


def test_a_run_without_metrics_says_so() -> None:
    result = invoke("log", "eval/0001")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "logged nothing" in result.stderr


def test_query_lists_what_ls_lists_with_the_filter() -> None:
    words = ("train", "--sort", "-loss", "--json")
    asked = document("query", "optimizer.lr < 0.05", *words)
    assert [run["run"] for run in asked["runs"]] == ["train/0002", "train/0003"]
    assert asked == document("ls", "--where", "optimizer.lr < 0.05", *words)


def test_a_filter_that_cannot_be_read_is_wrong_usage() -> None:
    result = invoke("query", "lr <")
    assert result.exit_code == 2
    assert "Usage: pycaddy query" in result.stderr
    assert "    lr <\n        ^" in result.stderr
