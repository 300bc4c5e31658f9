from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest

from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_others


def test_a_csv_goes_to_the_standard_output(project: Project) -> None:
    result = invoke("export", "train", "--format", "csv", "--where", "optimizer.lr < 0.05")
    assert result.exit_code == 0
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["run"] for row in rows] == ["train/0002", "train/0003"]


def test_json_lines_are_what_the_descriptions_say(project: Project) -> None:
    lines = invoke("export", "--format", "jsonl").stdout.splitlines()
    said = json.loads((project.root / "train/0001/run.json").read_text())
    assert said in map(json.loads, lines)


def test_a_table_goes_to_a_file(project: Project) -> None:
    found = document("export", "--format", "parquet", "-o", "runs.parquet")
    assert found == {"project": str(project.root), "path": "runs.parquet", "runs": 5}
    assert Path("runs.parquet").read_bytes()[:4] == b"PAR1"


def test_words_that_do_not_go_together_are_refused(project: Project) -> None:
    for words in ([], ["--format", "csv", "--archive", "a.zip"], ["--format", "parquet"]):
        assert invoke("export", *words).exit_code == 2


def test_an_archive_goes_from_one_project_to_another(project: Project) -> None:
    packed = document("export", "--archive", "../runs.zip")
    assert (packed["runs"], packed["files"], packed["left_out"]) == (5, 3, [])
    taken = document("import", "../runs.zip", "-p", "../another")
    assert (taken["added"], taken["renumbered"]) == (5, {})
    result = invoke("import", "../runs.zip", "-p", "../another")
    assert result.stdout.startswith("0 runs added, 0 replaced by a later attempt, 5 known")
    assert Project("../another").session_of("train/0001").files["model"].exists()


def test_what_stays_behind_is_told_and_the_exit_code_is_1(project: Project) -> None:
    run = project.session("train").start()
    result = invoke("export", "--archive", "runs.zip")
    assert result.exit_code == 1
    assert "train/0004 is RUNNING" in result.stdout
    run.done()


def test_renumbered_runs_are_told(project: Project) -> None:
    other = Project("../other")
    with other.session("train", {"x": 1}):
        pass
    invoke("export", "-p", "../other", "--archive", "other.zip")
    result = invoke("import", "other.zip")
    assert "train/0001 is train/0004 here" in result.stdout


def test_a_zip_of_somebody_else_is_refused_in_a_sentence(project: Project) -> None:
    with zipfile.ZipFile("other.zip", "w") as other:
        other.writestr("a.txt", "a")
    result = invoke("import", "other.zip")
    assert result.exit_code == 3
    assert "it has no manifest" in result.stderr


def test_an_old_project_is_taken_in(project: Project) -> None:
    make_others(project)
    words = ("import", "../old", "--from", "pycaddy-0.2", "-p", "../newer")
    assert document(*words)["added"] == 1
    again = document("import", "../old", "-p", "../newer")
    assert (again["added"], again["known"]) == (0, 1)


def test_an_old_project_is_taken_over_in_its_own_folder(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_others(project)
    monkeypatch.chdir("../old")
    refused = invoke("ls")
    assert refused.exit_code == 2
    assert "`pycaddy import" in refused.stderr
    taken = invoke("import", ".")
    assert "1 run added, 0 known, 0 files copied." in taken.stdout
    assert "become known" in taken.stdout
    assert "0 runs added, 1 known" in invoke("import", ".").stdout
    assert invoke("show", "train/000").stdout.startswith("train/0000")


def test_a_report_and_pictures_are_written(project: Project) -> None:
    assert document("report", "-o", "report.html")["runs"] == 5
    assert Path("report.html").read_text().startswith("<!doctype html>")
    assert document("plot", "scatter", "epochs", "result.loss", "-o", "a.png")["path"] == "a.png"
    result = invoke("plot", "heatmap", "epochs", "-o", "a.png")
    assert result.exit_code == 2
    assert "heatmap takes three COLUMNS" in result.stderr
