from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import pytest

from pycaddy import ExistingRun
from pycaddy.layout import StorageMode
from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_project, make_stale_run


def shown(*words: str | Path) -> str:
    return str(document("show", *words)["run"])


@pytest.mark.parametrize(
    ("name", "run"),
    [
        ("train/0002", "train/0002"),
        ("train/2", "train/0002"),
        ("train/0002/", "train/0002"),
        ("0003", "train/0003"),
        ("imagenet/train/0001", "imagenet/train/0001"),
        ("train/0001", "train/0001"),  # though imagenet/train/0001 ends so, too
    ],
)
def test_a_run_is_named_by_its_name_or_the_end_of_it(project: Project, name: str, run: str) -> None:
    assert shown(name) == run


def test_the_end_of_a_name_must_be_whole_parts_and_of_one_run_only(project: Project) -> None:
    several = invoke("show", "0001")
    assert several.exit_code == 3
    assert "eval/0001, train/0001, imagenet/train/0001. Write more of the name." in several.stderr
    assert invoke("show", "rain/0001").exit_code == 3


@pytest.mark.parametrize(
    "path",
    ["train/0002", "train/0002/run.json", "train/0002/model.pt", "train/0002/not/there/yet"],
)
def test_a_run_is_named_by_a_path_of_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert shown(f"./{path}") == "train/0002"
    monkeypatch.chdir("imagenet")
    assert shown(f"../{path}") == "train/0002"
    monkeypatch.chdir("/")
    assert shown(project.root / path) == "train/0002"


def test_a_path_needs_no_dot_where_nothing_has_that_name(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root.parent)
    assert shown("results/train/0002") == "train/0002"
    assert shown("results/train/0002/model.pt") == "train/0002"
    monkeypatch.chdir("results/train")
    assert shown("0001") == "train/0001"  # the uid of several, and a folder here


def test_a_name_counts_from_the_root_wherever_one_stands(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("imagenet")
    assert shown("train/0001") == "train/0001"
    assert shown("./train/0001") == "imagenet/train/0001"


def test_a_file_with_a_prefix_names_its_run(project: Project) -> None:
    run = project.session("flat", storage_mode=StorageMode.PREFIX).start()
    run.path("log.txt").write_text("")
    for path in ("flat/0001", "./flat/0001", "./flat/0001_log.txt", "flat/0001_run.json"):
        assert shown(path) == "flat/0001"


def test_a_path_in_another_project_than_the_one_named_is_wrong_usage(
    project: Project, tmp_path: Path
) -> None:
    other = make_project(tmp_path / "other")
    result = invoke("show", f"{other.root}/train/0001", "-p", project.root)
    assert result.exit_code == 2
    assert f"lies in the project {other.root}, not in {project.root}" in result.stderr


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("train/0042", "No run '0042' of 'train'. `pycaddy ls train` lists the runs there are."),
        ("nix/0001", "No single run 'nix/0001' in"),
        ("train", "is not the folder or a file of a run"),
        ("nix", "'nix' names no run: a run's name ends in its uid"),
        ("train/" + "9" * 5000, "No run can have the uid"),
        ("./imagenet", "is not the folder or a file of a run"),
        ("./train/0042/model.pt", "No run '0042' of 'train'"),
        (".pycaddy/ledger.db", "is not the folder or a file of a run"),
    ],
)
def test_what_names_no_run_is_told_in_a_sentence(project: Project, run: str, sentence: str) -> None:
    result = invoke("show", run)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert sentence in result.stderr


@pytest.mark.parametrize("name", ["train/0002", "0002"])
def test_a_run_in_the_trash_is_said_to_be_there(project: Project, name: str) -> None:
    project.session_of("train/0002").remove()
    result = invoke("show", name)
    assert result.exit_code == 3
    assert "It is in the trash" in result.stderr


def test_the_document_tells_all_that_is_known(project: Project) -> None:
    run = document("show", "train/0003")
    session = project.session_of("train/0003")
    folder = str(project.root / "train/0003")
    assert run["project"] == str(project.root)
    assert run["folder"] == folder
    assert run["params"] == {"epochs": 10, "optimizer": {"lr": 0.001}}
    assert run["param_hash"] == session.param_hash
    assert run["param_version"] == 2
    assert run["result"] == {"loss": 0.002}
    assert run["storage_mode"] == "subfolder"
    assert run["error"] is None
    assert run["owner"]["pid"] > 0
    assert [move["status"] for move in run["history"]] == ["pending", "running", "done"]
    assert run["history"][1]["attempt"] == 1
    model = run["files"]["model"]
    assert model.pop("sha256") is not None
    assert model == {"path": f"{folder}/model.pt", "size": 7, "exists": True, "problem": None}


def test_a_param_hash_that_was_given_as_a_number_is_one(project: Project) -> None:
    uid = project.ledger.allocate("train", param_hash=-12345)
    assert document("show", f"train/{uid}")["param_hash"] == -12345
    assert "-12345" in invoke("show", f"train/{uid}").stdout


def test_what_show_and_ls_both_tell_is_the_same(project: Project) -> None:
    listed = document("ls", "./train", "-n", "1")["runs"][0]
    assert listed.items() <= document("show", listed["run"]).items()


def test_people_read_the_same_with_local_times(project: Project) -> None:
    text = invoke("show", "train/0003").stdout
    run = document("show", "train/0003")
    local = datetime.fromisoformat(run["created_at"]).astimezone()
    assert local.isoformat(" ", "seconds") in text
    for expected in (
        "train/0003  done",
        str(project.root / "train/0003"),
        run["param_hash"],
        "optimizer.lr  0.001",
        "loss  0.002",
        "7 bytes",
        "attempt 1",
    ):
        assert expected in text


def test_an_error_is_shown_in_all_its_lines(project: Project) -> None:
    text = invoke("show", "imagenet/train/0001").stdout
    assert text.endswith("error\nfirst line\nout of memory\n")


def test_a_file_that_is_gone_or_was_changed_is_said_to_be(project: Project) -> None:
    (project.root / "train/0001/model.pt").unlink()
    (project.root / "train/0002/model.pt").write_text("longer than before")
    assert "is missing" in invoke("show", "train/0001").stdout
    assert document("show", "train/0001")["files"]["model"]["exists"] is False
    assert "has 18 bytes, and had 7" in invoke("show", "train/0002").stdout


def test_a_file_that_a_running_run_has_not_written_yet_is_said_to_be_missing(
    project: Project,
) -> None:
    run = project.session("train").start()
    run.attach_files({"model": run.path("model.pt")})
    assert "is missing" in invoke("show", "train/0004").stdout
    model = document("show", "train/0004")["files"]["model"]
    assert (model["exists"], model["size"], model["problem"]) == (False, None, None)


def test_a_stale_run_is_shown_as_stale(project: Project) -> None:
    make_stale_run(project.root)
    assert invoke("show", "train/0004").stdout.startswith("train/0004  stale\n")
    assert document("show", "train/0004")["stale"] is True


def test_the_metrics_of_a_run_are_shown_by_their_summary(project: Project) -> None:
    with project.session("train") as run:
        for step, value in ((0, 0.5), (10, 0.25), (20, float("nan"))):
            run.log("loss/train", value, step=step)
    found = document("show", "train/0004")["metrics"]["loss/train"]
    assert (found["count"], found["min"], found["min_step"]) == (3, 0.25, 10)
    assert found["last"] == {"__float__": "nan"}
    text = invoke("show", "train/0004").stdout
    words = text.partition("\nmetrics\n")[2].split()
    assert " ".join(words[:13]) == "loss/train last nan at 20 min 0.25 at 10 max 0.5 at 0"
    assert "3 points" in text
    assert "\nmetrics\n" not in invoke("show", "train/0001").stdout


def test_points_that_were_lost_are_shown(project: Project) -> None:
    run = project.session("train").start()
    (run.folder / "metrics.db").mkdir()
    run.log("loss", 1.0)
    run.done()
    assert "1 point lost" in invoke("show", "train/0004").stdout


def test_the_ignored_params_that_an_attempt_changed_are_told(project: Project) -> None:
    def attempt(**params: object) -> None:
        run = project.session("device", params, ExistingRun.CONTINUE, ignore=["device", "top.k"])
        run.start().error("cut off")

    attempt(device="cpu", top={"k": math.inf})
    attempt(device="cuda", top={})
    assert "device: cpu -> cuda, top.k: inf -> none" in invoke("show", "device/0001").stdout
    changed = [move["changed_params"] for move in document("show", "device/0001")["history"]]
    assert changed == [
        *[None] * 3,
        {"device": {"before": "cpu", "now": "cuda"}, "top.k": {"before": {"__float__": "inf"}}},
        None,
    ]
