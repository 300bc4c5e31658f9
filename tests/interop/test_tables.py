from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet
import pytest

from pycaddy import Project
from pycaddy.interop import export_runs
from pycaddy.ledger import sidecar
from pycaddy.stores import Selection


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path / "results")
    for lr in (0.1, 0.01):
        with project.session("train", {"opt": {"lr": lr}, "size": 3}) as run:
            run.log("loss", lr)
            run.result = {"accuracy": 1 - lr}
    return project


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_a_csv_has_a_row_for_each_run_and_a_column_for_each_value(
    project: Project, tmp_path: Path
) -> None:
    assert export_runs(project, tmp_path / "runs.csv") == 2
    rows = read_csv(tmp_path / "runs.csv")
    assert [row["opt.lr"] for row in rows] == ["0.1", "0.01"]
    assert [row["metrics.loss"] for row in rows] == ["0.1", "0.01"]
    assert rows[0]["run"] == "train/0001"
    assert rows[0]["result.accuracy"] == "0.9"


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    project = Project(tmp_path / "results")
    project.session("train", {"text": f"{start}cmd|' /C calc'!A0", f"{start}name": -5})
    export_runs(project, tmp_path / "runs.csv")
    (row,) = read_csv(tmp_path / "runs.csv")
    assert row["text"] == f"'{start}cmd|' /C calc'!A0"
    key = f"params[{f'{start}name'!r}]" if start.isspace() else f"'{start}name"
    assert row[key] == "-5", "a number is no formula"


def test_json_lines_lose_nothing(project: Project, tmp_path: Path) -> None:
    project.session("odd", {"nan": float("nan"), "big": 10**30, "text": "\n\u2028"})
    export_runs(project, tmp_path / "runs.jsonl")
    lines = (tmp_path / "runs.jsonl").read_text().split("\n")[:-1]
    records = project.ledger.records(Selection())
    id_ = project.ledger.store.project
    for line, record in zip(lines, records, strict=True):
        assert json.loads(line)["project"] == id_
        read, _ = sidecar.parse(line.encode())
        assert sidecar.render(read, id_) == sidecar.render(record, id_)


def test_parquet_keeps_kinds_and_makes_text_of_what_is_mixed(
    project: Project, tmp_path: Path
) -> None:
    project.session("train", {"size": "large", "big": 2**70, "net": {}})
    export_runs(project, tmp_path / "runs.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "runs.parquet").to_pydict()
    assert table["opt.lr"] == [0.1, 0.01, None]
    assert table["size"] == ["3", "3", '"large"']
    assert table["big"] == [None, None, str(2**70)]
    assert table["net"] == [None, None, "{}"]
    assert table["created_at"][0].tzinfo is not None


def test_a_format_that_is_not_known_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="csv, jsonl, parquet"):
        export_runs(project, tmp_path / "runs.xlsx")
    assert not (tmp_path / "runs.xlsx").exists()
