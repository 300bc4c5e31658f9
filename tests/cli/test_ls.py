from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_stale_run
from tests.scripts import answer

ALL = ["train/0001", "train/0002", "train/0003", "imagenet/train/0001", "eval/0001"]


def names(*words: str) -> list[str]:
    return [run["run"] for run in document("ls", *words)["runs"]]


def test_all_runs_of_the_project_are_listed_the_newest_last(project: Project) -> None:
    assert names() == ALL


def test_standing_in_a_namespace_narrows_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("imagenet")
    assert names() == ALL


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eval", ["eval/0001"]),
        ("train", ALL[:4]),
        ("imagenet", ["imagenet/train/0001"]),
        ("imagenet/train", ["imagenet/train/0001"]),
        ("./train", ALL[:3]),
        ("./imagenet/", ["imagenet/train/0001"]),
        (".", ALL),
    ],
)
def test_a_name_or_a_folder_chooses_runs(project: Project, name: str, expected: list[str]) -> None:
    assert names(name) == expected


def test_a_dot_means_the_current_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("imagenet")
    assert names(".") == ["imagenet/train/0001"]


def test_a_folder_is_found_from_outside_the_project(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root.parent)
    assert names("results/imagenet") == ["imagenet/train/0001"]


def test_part_of_a_name_chooses_nothing(project: Project) -> None:
    result = invoke("ls", "image")
    assert result.exit_code == 3
    assert "No identifier or namespace 'image'" in result.stderr
    assert "It has runs of eval, train, imagenet/train." in result.stderr


def test_a_namespace_is_not_taken_for_one_that_begins_alike(project: Project) -> None:
    project.sub("imagenet2").session("train")
    assert names("./imagenet") == ["imagenet/train/0001"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [("done", ALL[:3]), ("error", [ALL[3]]), ("pending", [ALL[4]]), ("running", [])],
)
def test_a_status_chooses_runs(project: Project, status: str, expected: list[str]) -> None:
    assert names("--status", status) == expected


def test_a_run_whose_process_is_gone_is_shown_as_stale(project: Project) -> None:
    make_stale_run(project.root)
    assert names("--status", "stale") == names("--status", "running") == ["train/0004"]
    (run,) = document("ls", "-s", "stale")["runs"]
    assert (run["status"], run["stale"]) == ("running", True)
    assert " stale " in invoke("ls").stdout


def test_a_run_of_a_living_process_is_not_stale(project: Project) -> None:
    project.session("train").start()
    assert names("--status", "stale") == []
    assert names("--status", "running") == ["train/0004"]


@pytest.mark.parametrize("words", [[], ["train"], ["--status", "done"]], ids=" ".join)
def test_a_limit_keeps_the_newest_and_says_how_many_are_left_out(
    project: Project, words: list[str]
) -> None:
    every = names(*words)
    result = invoke("ls", *words, "--limit", "1")
    assert every[-1] in result.stdout
    assert every[-2] not in result.stdout
    assert f"{len(every) - 1} older runs left out; --all lists them too." in result.stderr
    assert document("ls", *words, "-n", "1")["left_out"] == len(every) - 1
    assert document("ls", *words, "--all")["left_out"] == 0


def test_the_limit_counts_stale_runs_too(project: Project) -> None:
    make_stale_run(project.root)
    make_stale_run(project.root)
    found = document("ls", "--status", "stale", "-n", "1")
    assert [run["run"] for run in found["runs"]] == ["train/0005"]
    assert found["left_out"] == 1


def test_fifty_runs_are_listed_unless_told_otherwise(project: Project) -> None:
    for _ in range(50):
        project.ledger.allocate("many")
    assert len(names()) == 50
    assert len(names("-n", "52")) == 52
    assert len(names("--all")) == len(names("-a")) == 55


def test_a_limit_and_all_do_not_go_together(project: Project) -> None:
    assert invoke("ls", "--all", "--limit", "3").exit_code == 2
    assert invoke("ls", "--limit", "0").exit_code == 2


def test_runs_in_the_trash_are_not_listed(project: Project) -> None:
    project.session_of("train/0002").remove()
    assert names("./train") == ["train/0001", "train/0003"]


def test_a_run_is_told_by_the_keys_of_the_documents(project: Project) -> None:
    run = document("ls", "train", "-n", "3")["runs"][1]
    assert {key: run[key] for key in ("run", "relpath", "identifier", "uid")} == {
        "run": "train/0003",
        "relpath": "",
        "identifier": "train",
        "uid": "0003",
    }
    assert run["params"] == {"epochs": 10, "optimizer": {"lr": 0.001}}
    assert run["result"] == {"loss": 0.002}
    assert run["attempt"] == 1
    assert run["seconds"] >= 0
    assert run["created_at"] <= run["started_at"] <= run["ended_at"]


def test_what_json_has_no_word_for_is_printed_as_it_is_stored(project: Project) -> None:
    project.session("eval", {"lr": float("nan")})
    assert document("ls", "-n", "1")["runs"][0]["params"] == {"lr": {"__float__": "nan"}}


def test_params_that_tell_runs_apart_come_first(project: Project) -> None:
    for line in invoke("ls", "./train").stdout.splitlines()[1:]:
        assert line.index("optimizer.lr=") < line.index("epochs=10")


def test_params_that_some_runs_lack_come_before_those_that_all_have_in_common(
    project: Project,
) -> None:
    project.session("train", {"epochs": 10, "note": "x", "optimizer": {"lr": 1}})
    last = invoke("ls", "./train").stdout.splitlines()[-1]
    assert last.split()[-3:] == ["optimizer.lr=1", "note=x", "epochs=10"]


def test_a_failed_run_shows_the_last_line_of_its_error(project: Project) -> None:
    (line,) = invoke("ls", "--status", "error").stdout.splitlines()[1:]
    assert line.endswith("out of memory")


def test_a_project_without_runs_is_no_error(tmp_path: Path) -> None:
    empty = Project(tmp_path / "empty")
    empty.ledger.store.counts()
    result = invoke("ls", "-p", empty.root)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == f"No runs in {empty.root}.\n"
    assert document("ls", "-p", empty.root)["runs"] == []
    assert "It has no runs yet." in invoke("ls", "train", "-p", empty.root).stderr


def test_a_moved_project_is_listed(project: Project, tmp_path: Path) -> None:
    project.ledger.store.close()
    shutil.move(project.root, tmp_path / "moved")
    assert document("ls", "-p", tmp_path / "moved")["project"] == str(tmp_path / "moved")


@pytest.mark.parametrize("content", [b"no database", b""], ids=["garbage", "empty"])
def test_a_damaged_ledger_is_told_in_a_sentence(project: Project, content: bytes) -> None:
    project.ledger.store.close()
    (project.root / ".pycaddy/ledger.db").write_bytes(content)
    for words in (["ls"], ["ls", "--json"], ["show", "train/0001"], ["verify"], ["doctor"]):
        result = invoke(*words)
        assert result.exit_code == 3
        assert result.stdout == ""
        assert result.stderr.startswith("Error: The ledger ")
        assert "Run `pycaddy rebuild" in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_the_ledger_of_a_newer_pycaddy_is_told_in_a_sentence(project: Project) -> None:
    project.ledger.store.close()
    ledger = sqlite3.connect(project.root / ".pycaddy/ledger.db")
    ledger.execute("PRAGMA user_version=999")
    ledger.close()
    for command in ("ls", "rebuild"):
        result = invoke(command)
        assert result.exit_code == 3
        assert "pip install --upgrade pycaddy" in result.stderr


def test_a_plain_list_loads_nothing_that_it_does_not_need(project: Project, tmp_path: Path) -> None:
    program = """
        import sys
        from pycaddy.cli import main

        sys.argv = ["pycaddy", "ls", "-p", sys.argv[1]]
        try:
            main()
        except SystemExit as end:
            assert not end.code
        print(*sys.modules)
    """
    loaded = set(answer(program, tmp_path, str(project.root)).splitlines()[-1].split())
    unneeded = {"rich", "pycaddy.filters", "pycaddy.query", "pycaddy.interop", "numpy", "asyncio"}
    assert "pycaddy.cli.ls" in loaded
    assert not loaded & (unneeded | {"pycaddy.web", "pycaddy.executors", "pycaddy.sweeper"})
