"""What filters mean, by the pure evaluator that every store is held to."""

from __future__ import annotations

from typing import Any

import pytest

from pycaddy import codec, params
from pycaddy.codec import FileRecord
from pycaddy.filters import matches, parse, parse_order, sorted_runs
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.testing import started_record

NAN = float("nan")


def record(values: dict[str, Any] | None = None, **changes: Any) -> RunRecord:
    return started_record(7, values, **changes)


WHOLE = record(
    {
        "lr": 0.001,
        "seed": 1,
        "flag": True,
        "off": False,
        "name": "adam",
        "none": None,
        "nan": NAN,
        "inf": float("inf"),
        "layers": [64, 32],
        "opt": {"lr": 1.0, "name": "sgd"},
        "status": "mine",
        "big": 10**400,
    },
    relpath="imagenet",
    result_text=params.dump({"loss": 0.25, "best": {"epoch": 3}}),
    summary_text=params.dump({"val/acc": {"last": 0.8, "max": 0.95, "min": 0.1}}),
    capture_text='{"git":{"commit":"abc","dirty":true}}',
    tags_text=codec.encode_tags(["baseline", "paper"]),
    files_text=codec.encode_files({"model": FileRecord("train/0007/model.pt")}),
    note="looks good",
    attempt=2,
    ended_us=1_700_000_000_000_007 + 2_500_000,
)


@pytest.mark.parametrize(
    "text",
    [
        "lr < 1e-2",
        "lr <= 0.001 and lr >= 0.001",
        "0.0001 < lr < 0.01",
        "seed == 1.0",
        "opt.lr == 1",
        "opt['name'] == 'sgd'",
        "flag",
        "flag == True",
        "off == False",
        "not off",
        "name in ['adam', 'sgd']",
        "seed in [3, 1.0]",
        "name.startswith('ad') and name.endswith('am')",
        "'da' in name",
        "64 in layers and 65 not in layers",
        "'lr' in opt",
        "layers[1] == 32",
        "nan == float('nan')",
        "inf > 1e300",
        "inf == float('inf')",
        "big > 1e308",
        f"big == {10**400}",
        "none is None and missing is None and opt.missing is None and lr.x is None",
        "layers[2] is None and layers.x is None and opt[0] is None",
        "lr is not None",
        "params.status == 'mine'",
        "seed == opt.lr",
        "name > opt.name or name < opt.name",
        "result.loss < 0.3 and result.best.epoch == 3",
        "metrics['val/acc'] == 0.8",
        "metrics['val/acc'].max > 0.9 and metrics['val/acc'].mean is None",
        "capture.git.commit == 'abc' and capture.git.dirty",
        "'baseline' in tags and 'x' not in tags",
        "'model' in files and 'x' not in files",
        "note.startswith('looks') and 'good' in note",
        "error is None",
        "status == 'done' and status in ['done', 'error'] and status != 'error'",
        "uid == '0007' and uid == 7 and uid < 10",
        "identifier == 'train' and relpath == 'imagenet'",
        "attempt > 1",
        "seconds == 2.5",
        "created_at > '2023-11-14' and created_at < '2023-11-15T00:00:00+00:00'",
        "ended_at > '2023-11-14T22:13:22' and started_at < ended_at",
        "not stale",
    ],
)
def test_a_run_is_what_it_is(text: str) -> None:
    assert matches(parse(text), WHOLE, is_stale=lambda record: False)


@pytest.mark.parametrize(
    "text",
    [
        "lr > 1",
        "flag == 1",
        "seed == True",
        "seed",
        "name",
        "seed in [True]",
        "flag < 2",
        "lr == '0.001'",
        "name < 3",
        "layers < 3",
        "nan < 1 or nan > 1",
        "big < 1e308",
        "layers == 'x'",
        "seed.startswith('1')",
        "1 in seed",
        "1 in name",
        "'l' in opt",
        "name in []",
        "stale",
    ],
)
def test_a_run_is_not_what_it_is_not(text: str) -> None:
    assert not matches(parse(text), WHOLE, is_stale=lambda record: False)


@pytest.mark.parametrize("what", ["x", "none", "result.x", "metrics.x", "note"])
@pytest.mark.parametrize(
    "condition",
    ["{} == 'a'", "{} != 'a'", "{} in ['a']", "{} not in ['a']", "'a' in {}", "'a' not in {}",
     "{}.startswith('')", "{} == params.x"],
)  # fmt: skip
def test_whatever_is_compared_with_nothing_is_false(what: str, condition: str) -> None:
    test = condition.format(what)
    run = record({"none": None})
    assert not matches(parse(test), run)
    assert matches(parse(f"not ({test})"), run)


def test_to_ask_for_stale_runs_takes_somebody_who_can_tell() -> None:
    running = record(status=Status.RUNNING)
    assert matches(parse("stale"), running, is_stale=lambda record: record is running)
    with pytest.raises(ValueError, match="is_stale="):
        matches(parse("stale"), running)


def uids(order: str, *values: dict[str, Any]) -> list[int]:
    records = [started_record(number, each) for number, each in enumerate(values, 1)]
    return [int(run.uid) for run in sorted_runs(records, parse_order(order))]


def test_runs_are_sorted_up_and_down_and_what_is_missing_comes_last() -> None:
    values = ({"x": 2}, {}, {"x": 1.5}, {"x": NAN}, {"x": -float("inf")}, {"x": None})
    assert uids("x", *values) == [5, 3, 1, 2, 4, 6]
    assert uids("-x", *values) == [1, 3, 5, 2, 4, 6]


def test_texts_come_after_numbers_and_a_truth_is_one() -> None:
    values = ({"x": "b"}, {"x": 2}, {"x": True}, {"x": "a"}, {"x": [1]}, {"x": False})
    assert uids("x", *values) == [6, 3, 2, 4, 1, 5]
    assert uids("-x", *values) == [1, 4, 2, 3, 6, 5]


def test_runs_that_are_equal_go_by_the_next_word_and_stay_as_they_are() -> None:
    values = ({"x": 1, "y": 1}, {"x": 1, "y": 2}, {"x": 0, "y": 0}, {"x": 1, "y": 2})
    assert uids("x,-y", *values) == [3, 2, 4, 1]


def test_a_word_is_a_param_or_of_the_result_or_a_metric() -> None:
    runs = [
        started_record(1, {"x": 3}),
        started_record(2, result_text='{"x":2}'),
        started_record(3, summary_text='{"x":{"last":1}}'),
    ]
    assert [run.uid for run in sorted_runs(runs, parse_order("x"))] == ["0003", "0002", "0001"]
