"""The runs that a project finds: which, in which order, and what can be made of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

from pycaddy import params
from pycaddy.errors import FilterError, MissingExtraError
from pycaddy.project import Project, Session
from pycaddy.query import Rows, Runs
from pycaddy.query._student import quantile


def uids(runs: Runs[Session]) -> list[str]:
    return [run.uid for run in runs]


def test_runs_are_found_by_what_they_are(grid: Project) -> None:
    assert uids(grid.runs("train", where="opt.lr < 0.05 and seed in [1, 3]")) == ["0004", "0006"]
    assert uids(grid.runs(where="result.loss > 0.15", sort="-loss")) == ["0003", "0002"]
    assert uids(grid.runs("eval")) == []


def test_runs_come_in_any_order_and_a_few_at_a_time(grid: Project) -> None:
    assert uids(grid.runs("train", sort="-seed,opt.lr", limit=3)) == ["0006", "0003", "0005"]
    assert uids(grid.runs("train", sort="-seed,opt.lr", limit=2, offset=1)) == ["0003", "0005"]
    assert uids(grid.runs("train", sort=["-seed", "opt.lr"], limit=1)) == ["0006"]


def test_runs_are_of_one_namespace_or_of_all_below(project: Project) -> None:
    for name in ("a", "a/b"):
        project.sub(name).session("train", {"x": 1}).done()
    assert len(project.runs(where="x == 1")) == 0
    assert [str(run.key) for run in project.runs(recursive=True)] == [
        "a/train/0001",
        "a/b/train/0001",
    ]
    assert [str(run.key) for run in project.runs("a/train")] == ["a/train/0001"]
    assert [str(run.key) for run in project.sub("a").runs("b/train")] == ["a/b/train/0001"]


def test_the_trash_is_searched_when_asked_for(grid: Project) -> None:
    grid.session_of("train/0002").remove()
    assert uids(grid.runs("train", where="seed == 2")) == ["0005"]
    assert uids(grid.runs("train", where="seed == 2", trashed=True)) == ["0002"]


def test_stale_runs_are_found(grid: Project) -> None:
    script = (
        "import os; from pycaddy.project import Project\n"
        f"Project({str(grid.root)!r}).session('train', {{'seed': 9}}).start(); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    ours = grid.session("train", {"seed": 10}).start()
    assert uids(grid.runs("train", where="stale")) == ["0007"]
    assert uids(grid.runs("train", where="not stale and status == 'running'")) == [ours.uid]
    assert uids(grid.runs("train", where="stale", limit=0)) == []


def test_runs_are_a_sequence_of_sessions(grid: Project) -> None:
    runs = grid.runs("train")
    assert isinstance(runs[0], Session)
    assert runs[-1].uid == "0006"
    assert uids(runs[1:3]) == ["0002", "0003"]
    assert [record.uid for record in runs[:2].records] == ["0001", "0002"]
    assert len(runs) == 6
    assert repr(runs) == "Runs(6: 6 done)"
    assert repr(runs[:0]) == "Runs(0)"


def test_what_is_no_filter_is_refused_before_anything_is_read(grid: Project) -> None:
    with pytest.raises(FilterError):
        grid.runs("train", where="lr <")
    with pytest.raises(FilterError):
        grid.runs("train", sort="lr,,")


def test_a_table_has_a_flat_row_for_each_run(grid: Project) -> None:
    run = grid.session("train", {"status": 1, "opt": {}})
    row = grid.runs("train").table()[0]
    assert row["run"] == "train/0001"
    assert row["opt.lr"] == 0.1
    assert row["result.loss"] == 0.1
    assert row["tags"] == []
    last = grid.runs("train").table()[-1]
    assert (last["uid"], last["status"], last["params.status"], last["opt"]) == (
        run.uid, "pending", 1, {}
    )  # fmt: skip


def test_metrics_are_in_the_table_by_their_last_least_and_greatest(grid: Project) -> None:
    summary = {"val/acc": {"last": 0.8, "min": 0.1, "max": 0.9}}
    run = grid.session("train")
    grid.ledger.change(run.record, lambda seen: seen.changed(summary_text=params.dump(summary)))
    row = grid.runs("train", where="metrics['val/acc'].max > 0.85").table()[0]
    assert [row["metrics.val/acc"], row["metrics.val/acc.min"], row["metrics.val/acc.max"]] == [
        0.8, 0.1, 0.9
    ]  # fmt: skip


def test_columns_are_as_long_as_the_table(grid: Project) -> None:
    grid.session("train", {"new": True})
    columns = grid.runs("train").columns()
    assert columns["new"] == [None] * 6 + [True]
    assert columns["seed"] == [1, 2, 3, 1, 2, 3, None]


def test_a_table_becomes_one_of_arrow_pandas_or_polars(grid: Project) -> None:
    grid.session("train", {"seed": "odd", "opt": {"lr": 2}, "layers": [1, "a"], "big": 10**30})
    runs = grid.runs("train")
    table = runs.to_arrow()
    assert isinstance(table, pa.Table)
    assert table["opt.lr"].to_pylist() == [0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 2]
    assert table["seed"].to_pylist() == ["1", "2", "3", "1", "2", "3", "odd"]
    assert table["layers"].to_pylist()[-1] == '[1,"a"]'
    assert table["big"].to_pylist()[-1] == str(10**30)
    frame = runs.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert frame["result.loss"].sum() == pytest.approx(0.66)
    assert str(frame["created_at"].dtype).startswith("datetime64")
    polars = runs.to_polars()
    assert isinstance(polars, pl.DataFrame)
    assert polars["uid"].to_list()[0] == "0001"
    assert len(grid.runs("nothing").to_pandas()) == 0


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
def test_a_library_that_is_missing_is_asked_for(
    grid: Project, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    make = {"pyarrow": "to_arrow"}.get(library, f"to_{library}")
    with pytest.raises(MissingExtraError, match=f"needs {library}.*'pycaddy\\[data\\]'"):
        getattr(grid.runs("train"), make)()


def test_a_table_is_shown_in_a_notebook_and_as_text(grid: Project) -> None:
    grid.session("train", {"<b>": "<i>"})
    html = grid.runs("train")._repr_html_()
    assert html.count("<tr>") == 8
    assert "<th>&lt;b&gt;</th>" in html
    assert "<i>" not in html
    rows = Rows([{"a": 1, "b": "x"}, {"a": 0.123456789, "c": [1, 2]}])
    assert str(rows).splitlines() == ["a         b  c", "1         x", "0.123457     1, 2"]
    assert repr(rows) == "Rows(2 of a, b, c)"
    assert str(Rows([])) == ""
    many = Rows({"a": number} for number in range(103))._repr_html_()
    assert "3 more rows" in many


def test_rows_are_a_sequence() -> None:
    rows = Rows([{"a": 1}, {"a": 2}])
    assert rows[1] == {"a": 2}
    assert rows[1:] == [{"a": 2}]
    assert list(rows) == [{"a": 1}, {"a": 2}]
    assert rows == Rows([{"a": 1}, {"a": 2}])
    assert rows != 3


def test_params_that_vary_are_named_with_their_values(grid: Project) -> None:
    assert grid.params_that_vary("train") == {"opt.lr": [0.1, 0.01], "seed": [1, 2, 3]}
    assert grid.params_that_vary("train", where="seed == 1") == {"opt.lr": [0.1, 0.01]}
    grid.session("train", {"opt": {"lr": 0.1}, "seed": 1, "data": "a", "x": True})
    assert grid.params_that_vary("train")["x"] == [None, True]
    assert grid.params_that_vary("nothing") == {}


def test_groups_have_the_mean_and_how_sure_it_is(grid: Project) -> None:
    rows = grid.runs("train").group_by("opt.lr", over="seed")
    assert [row["opt.lr"] for row in rows] == [0.1, 0.01]
    first = rows[0]
    low, high = stats.t.interval(0.95, 2, loc=0.2, scale=stats.sem([0.1, 0.2, 0.3]))
    assert first["n"] == 3
    assert first["result.loss"] == pytest.approx(0.2)
    assert first["result.loss.std"] == pytest.approx(0.1)
    assert (first["result.loss.low"], first["result.loss.high"]) == pytest.approx((low, high))
    assert "result.note" not in first


def test_groups_are_by_what_varies_if_nothing_is_said(grid: Project) -> None:
    runs = grid.runs("train")
    assert runs.group_by(over="seed") == runs.group_by("opt.lr", over="seed")
    assert [row["n"] for row in runs.group_by(over="seed, opt.lr")] == [6]
    with pytest.raises(ValueError, match="group_by"):
        runs.group_by()


def test_a_group_does_not_differ_in_what_nobody_named(grid: Project) -> None:
    runs = grid.runs("train")
    with pytest.raises(ValueError, match=r"data='a' differ in opt\.lr, too"):
        runs.group_by("data", over="seed")
    assert [row["n"] for row in runs.group_by("data")] == [6]


def test_a_group_of_one_or_without_numbers_has_no_interval(project: Project) -> None:
    for x, loss in ((1, 0.5), (2, None), (3, float("nan")), (3, 1.0)):
        with project.session("train", {"x": x}) as run:
            run.result = {"loss": loss}
    one, none, nan = project.runs("train").group_by("x")
    assert (one["result.loss"], one["result.loss.std"]) == (0.5, None)
    assert (none["result.loss"], none["n"]) == (None, 1)
    assert nan["result.loss"] != nan["result.loss"]
    assert nan["result.loss.low"] is None


def test_numbers_of_groups_may_be_chosen(grid: Project) -> None:
    row = grid.runs("train").group_by("opt.lr", of="seconds, seed")[0]
    assert row["seed"] == 2
    assert row["seconds"] > 0
    assert "result.loss" not in row


def test_metrics_are_averaged_by_their_last_value(project: Project) -> None:
    for seed, last in ((1, 0.25), (2, 0.75)):
        run = project.session("train", {"seed": seed})
        text = json.dumps({"val/acc": {"last": last, "max": 1.0}})
        project.ledger.change(run.record, lambda seen, text=text: seen.changed(summary_text=text))
    row = project.runs("train").group_by(over="seed")[0]
    assert row["metrics.val/acc"] == 0.5
    assert project.runs("train").group_by(over="seed", of="val/acc.max")[0]["val/acc.max"] == 1.0


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 29, 30, 200, 201, 1000])
def test_students_t_is_that_of_scipy(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-6)


@pytest.fixture
def pair(project: Project) -> Project:
    for lr in (0.1, 0.01):
        for kind in ("train", "eval"):
            with project.session(kind, {"lr": lr, "kind": kind}) as run:
                run.result = {"loss": lr if kind == "train" else 2 * lr}
    return project


def test_runs_are_joined_by_their_params(grid: Project) -> None:
    with grid.session("eval", {"opt": {"lr": 0.1}, "seed": 2, "data": "a"}) as run:
        run.result = {"acc": 0.5}
    (row,) = grid.join("train", "eval")
    assert row == {
        "opt.lr": 0.1, "seed": 2, "data": "a",
        "train.uid": "0002", "train.status": "done", "train.result.loss": 0.2,
        "train.result.note": "fine",
        "eval.uid": "0001", "eval.status": "done", "eval.result.acc": 0.5,
    }  # fmt: skip


def test_runs_are_joined_by_some_params_or_by_uid(pair: Project) -> None:
    by_lr = pair.join("train", "eval", on="lr")
    assert [(row["lr"], row["train.result.loss"], row["eval.result.loss"]) for row in by_lr] == [
        (0.1, 0.1, 0.2), (0.01, 0.01, 0.02)
    ]  # fmt: skip
    assert by_lr[0]["eval.kind"] == "eval"
    assert by_lr == pair.join("train", "eval", on=["lr"])
    assert [row["uid"] for row in pair.join("train", "eval", on="uid")] == ["0001", "0002"]
    assert pair.join("train", "eval") == []
    assert pair.join("train", "eval", on="missing") == []


def test_only_done_runs_are_joined_unless_asked(pair: Project) -> None:
    pair.session("train", {"lr": 0.1, "kind": "train"}).start()
    assert len(pair.join("train", "eval", on="lr")) == 2
    assert len(pair.join("train", "eval", on="lr", where=None)) == 3


def values(part: Any) -> dict[str, Any]:
    return dict(part)


def test_a_diff_has_only_what_differs(grid: Project, tmp_path: Path) -> None:
    one, other = grid.session_of("train/0001"), grid.session_of("train/0005")
    for run, size in ((one, 3), (other, 5)):
        path = run.path("model.pt")
        path.write_bytes(b"x" * size)
        run.reopen()
        run.attach_files({"model": path})
        run.done()
    found = grid.diff("train/0001", other.key)
    assert values(found.params) == {"opt.lr": (0.1, 0.01), "seed": (1, 2)}
    assert values(found.result) == {"loss": (0.1, 0.02)}
    assert values(found.files) == {"model": ("3 bytes", "5 bytes")}
    assert str(found).splitlines()[:2] == [
        "                train/0001  train/0005",
        "params: opt.lr  0.1         0.01",
    ]


def test_a_diff_shows_what_one_lacks_and_what_was_captured(project: Project) -> None:
    for values, commit in (({"x": 1.0, "y": 1}, "abc"), ({"x": 1, "z": True}, "def")):
        run = project.session("train", values)
        capture = json.dumps({"git": {"commit": commit}, "machine": {"host": "a"}})
        project.ledger.change(
            run.record, lambda seen, text=capture: seen.changed(capture_text=text)
        )
    found = project.diff("train/0001", "train/0002")
    assert str(found).splitlines()[1:] == [
        "params: y     1           -",
        "params: z     -           True",
        "code: commit  abc         def",
    ]
    assert not found.environment


def test_equal_runs_differ_in_nothing(project: Project) -> None:
    for _ in range(2):
        project.session("train", {"x": float("nan")}).done()
    found = project.diff("train/0001", "train/0002")
    assert not found
    assert str(found) == "train/0001 and train/0002 differ in nothing."


def test_a_param_that_is_dotted_in_some_runs_and_nested_in_others_is_one(tmp_path: Path) -> None:
    project = Project(tmp_path / "mixed")
    for values in ({"opt.lr": 1}, {"opt": {"lr": 2}}, {"opt": {"lr": 1}}, {"other": 3}):
        run = project.session("train", values).start()
        run.result = {"loss": 1.0}
        run.done()
    runs = project.runs("train")
    assert runs.params_that_vary()["opt.lr"] == [1, 2, None]
    grouped = runs.group_by(over="other")
    assert [(row["opt.lr"], row["n"]) for row in grouped] == [(1, 2), (2, 1), (None, 1)]
