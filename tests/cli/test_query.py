"""Runs found, compared and migrated from a terminal."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete

from pycaddy.cli._program import program
from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_stale_run


def names(*words: str) -> list[str]:
    return [run["run"] for run in document(*words)["runs"]]


def offered(*words: str) -> list[str]:
    """What the Tab key offers for the last of *words*."""
    complete = ShellComplete(program, {}, "pycaddy", "_PYCADDY_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


def test_runs_are_listed_that_a_filter_describes(project: Project) -> None:
    assert names("ls", "--where", "optimizer.lr < 0.05") == ["train/0002", "train/0003"]
    assert names("ls", "train", "-w", "seed == 1") == ["imagenet/train/0001"]
    assert names("ls", "--status", "error", "-w", "epochs is None") == ["imagenet/train/0001"]
    result = invoke("ls", "--where", "seed == 7")
    assert result.stdout == ""
    assert "No such runs in" in result.stderr


def test_stale_runs_are_filtered_and_sorted_as_well(project: Project) -> None:
    make_stale_run(project.root)
    assert names("ls", "--where", "stale") == ["train/0004"]
    assert names("ls", "--status", "stale", "--sort", "uid") == ["train/0004"]
    assert names("ls", "--status", "stale", "--where", "epochs == 10") == []


def test_sorted_runs_are_the_first_of_all_identifiers(project: Project) -> None:
    assert names("ls", "--sort", "-loss", "-n", "2") == ["train/0001", "train/0002"]
    assert names("ls", "train", "--sort", "loss", "-n", "3") == [
        "train/0003", "train/0002", "train/0001"
    ]  # fmt: skip
    assert names("ls", "train", "--sort", "seed,loss", "-n", "2") == [
        "imagenet/train/0001", "train/0003"
    ]  # fmt: skip
    result = invoke("ls", "--sort", "loss", "-n", "2")
    assert "3 more runs left out" in result.stderr
    assert "1 older run left out" in invoke("ls", "-w", "epochs == 10", "-n", "2").stderr


def test_columns_replace_params_and_result(project: Project) -> None:
    lines = invoke("ls", "train", "--columns", "optimizer.lr,loss,note", "-w", "epochs").stdout
    assert lines == ""
    lines = invoke("ls", "--columns", "optimizer.lr,loss,note", "-w", "epochs == 10").stdout
    header, first, *_ = lines.splitlines()
    assert header.split()[-3:] == ["optimizer.lr", "loss", "note"]
    assert first.split()[-2:] == ["0.1", "0.2"]
    found = document("ls", "--columns", "optimizer.lr,created_at", "--where", "uid == 2")
    assert found["runs"][0]["columns"]["optimizer.lr"] == 0.01
    assert found["runs"][0]["columns"]["created_at"].endswith("+00:00")


def test_a_csv_file_has_all_that_is_known(project: Project) -> None:
    project.session("eval", {"text": "=1+1", "layers": [1, 2], "minus": -1, "n\n": "a,b"})
    rows = list(csv.DictReader(io.StringIO(invoke("ls", "--all", "--csv").stdout)))
    assert [row["run"] for row in rows][-1] == "eval/0002"
    assert rows[0]["result.loss"] == "0.2"
    assert rows[0]["created_at"].startswith("20")
    last = rows[-1]
    assert (last["text"], last["layers"], last["minus"]) == ("'=1+1", "[1,2]", "-1")
    some = invoke("ls", "--csv", "--columns", "run,loss", "-w", "loss is None or uid == 1")
    assert some.stdout.splitlines()[:2] == ["run,loss", "train/0001,0.2"]
    assert invoke("ls", "--csv", "--json").exit_code == 2


@pytest.mark.parametrize("words", [["ls"], ["best", "loss"], ["migrate", "train", "--drop", "x"]])
def test_what_is_no_filter_is_wrong_usage_and_pointed_at(
    project: Project, words: list[str]
) -> None:
    result = invoke(*words, "--where", "optimizer.lr <")
    assert result.exit_code == 2
    assert "    optimizer.lr <\n                  ^" in result.stderr


def test_what_has_no_order_is_wrong_usage(project: Project) -> None:
    assert invoke("ls", "--sort", "tags").exit_code == 2


def test_the_best_runs_are_listed_the_best_first(project: Project) -> None:
    assert names("best", "loss") == ["train/0003", "train/0002", "train/0001"]
    assert names("best", "loss", "--highest", "-n", "1") == ["train/0001"]
    assert names("best", "optimizer.lr", "train") == ["train/0001", "train/0002", "train/0003"]
    assert names("best", "optimizer.lr", "--lowest", "-w", "uid > 1", "-n", "1") == ["train/0003"]
    header = invoke("best", "loss").stdout.splitlines()[0]
    assert header.split()[-2:] == ["loss", "optimizer.lr"]
    assert "Did you mean 'loss'?" in invoke("best", "los").stderr
    assert names("best", "los") == []
    assert "No run in" in invoke("best", "los", "-w", "epochs == 11").stderr
    assert invoke("best", "loss", "--highest", "--lowest").exit_code == 2


def test_a_diff_shows_what_differs(project: Project) -> None:
    lines = invoke("diff", "train/0001", "imagenet/train/0001").stdout.splitlines()
    assert lines[0].split() == ["what", "train/0001", "imagenet/train/0001"]
    assert ["params:", "optimizer.lr", "0.1", "-"] in [line.split() for line in lines]
    found = document("diff", "train/0001", "train/0002")
    assert found["params"] == {"optimizer.lr": {"run": 0.1, "other": 0.01}}
    found = document("diff", "train/0001", "eval/0001")
    assert found["params"]["k"] == {"other": 5}
    same = invoke("diff", "train/0001", "train/0001")
    assert (same.stdout, same.exit_code) == ("", 0)


def test_runs_of_two_projects_are_not_compared(project: Project) -> None:
    other = Project(project.root.parent / "other")
    other.session("train").done()
    assert invoke("diff", "train/0001", "../other/train/0001").exit_code == 2


def test_runs_are_migrated(project: Project) -> None:
    dry = document("migrate", "train", "--add", "wd=0.0", "--dry-run")
    assert (dry["changed"], dry["backup"]) == (["train/0001", "train/0002", "train/0003"], None)
    found = document(
        "migrate", "train", "--add", "wd=0.0", "--add", "name=adam", "--rename",
        "optimizer.lr=lr", "--drop", "epochs", "--where", "uid == 1",
    )  # fmt: skip
    assert found["before"] == {"epochs": 10, "optimizer.lr": 0.1}
    assert found["after"] == {"lr": 0.1, "wd": 0.0, "name": "adam"}
    assert found["backup"] is not None
    assert project.session_of("train/0001").params == {"lr": 0.1, "wd": 0.0, "name": "adam"}
    assert "1 run changed" in invoke("migrate", "imagenet/train", "--drop", "seed").stdout


@pytest.mark.parametrize("words", [[], ["--add", "wd"], ["--rename", "=x"], ["--add", "x="]])
def test_a_migration_that_says_nothing_is_wrong_usage(project: Project, words: list[str]) -> None:
    assert invoke("migrate", "train", *words).exit_code == 2


def test_a_plain_list_loads_no_filters_and_no_tables(project: Project) -> None:
    code = "import sys; from pycaddy.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "ls"],
        cwd=project.root, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert not {"pycaddy.filters", "pycaddy.query", "csv"} & set(done.stdout.split())


def test_tab_offers_what_there_is(project: Project) -> None:
    assert offered("ls", "im") == ["imagenet", "imagenet/train"]
    assert offered("diff", "train/0") == ["train/0003", "train/0002", "train/0001"]
    assert offered("diff", "train/0001", "imagenet/") == ["imagenet/train/0001"]
    assert offered("best", "opt") == ["optimizer.lr"]
    assert offered("ls", "--sort", "loss,opt") == ["loss,optimizer.lr"]
    assert offered("ls", "--where", "epochs == 10 and opt") == ["epochs == 10 and optimizer.lr"]
    assert offered("ls", "--where", "sta") == ["status", "started_at", "stale"]
    assert offered("migrate", "ev") == ["eval"]


def test_tab_offers_metrics_as_a_filter_has_them(project: Project) -> None:
    run = project.session("train")
    text = json.dumps({"val/acc": {"last": 1.0, "max": 1.0}})
    project.ledger.change(run.record, lambda seen: seen.changed(summary_text=text))
    assert offered("ls", "--where", "metrics") == [
        "metrics['val/acc']", "metrics['val/acc'].min", "metrics['val/acc'].max"
    ]  # fmt: skip


def test_tab_offers_nothing_where_there_is_no_project(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    for words in (["ls", "t"], ["diff", "t"], ["ls", "--where", "l"]):
        assert offered(*words) == []


def test_a_diff_shows_files_by_the_beginning_of_their_hash(project: Project) -> None:
    for content in ("one", "two"):
        run = project.session("files").start()
        run.path("a.txt").write_text(content)
        run.attach_files({"a": run.path("a.txt")}, hash=True)
        run.done()
    line = next(
        each
        for each in invoke("diff", "files/0001", "files/0002").stdout.splitlines()
        if each.startswith("files: a")
    )
    assert line.split("  ")[1:] == [
        "3 bytes, sha256 7692c3ad3540…",
        "3 bytes, sha256 3fc4ccfe7458…",
    ]
