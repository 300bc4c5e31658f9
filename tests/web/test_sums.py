"""Runs that are counted and averaged together. Pure decisions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pycaddy.filters import matches, parse, read_name
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.testing.factories import started_record
from pycaddy.web._groups import grouped
from pycaddy.web._sweep import MOST_VALUES, told

HOUR_US = 3600 * 10**6
NOW_US = 1_800_000_000_000_000


def run(uid: int, values: dict[str, Any], **changes: Any) -> RunRecord:
    result = changes.pop("result", None)
    text = None if result is None else json.dumps(result)
    return started_record(uid, values, row=uid, result_text=text, **changes)


def alive(record: RunRecord) -> bool:
    return False


def groups(*runs: RunRecord, by: str = "params.x") -> list[dict[str, Any]]:
    found = grouped(runs, read_name(by), alive)["groups"]
    assert isinstance(found, list)
    return found


def swept(*runs: RunRecord, **asked: Any) -> dict[str, Any]:
    return told(runs, alive, NOW_US, **{"x": None, "y": None, "of": None, **asked})


def test_equal_values_are_one_group_and_a_truth_is_no_number() -> None:
    found = groups(run(1, {"x": 1}), run(2, {"x": 1.0}), run(3, {"x": True}), run(4, {"x": "1"}))
    assert [(each["value"], each["total"]) for each in found] == [(1, 2), (True, 1), ("1", 1)]


def test_groups_come_as_numbers_then_texts_then_what_has_none() -> None:
    values: list[Any] = ["b", 10, None, 9, "a", float("nan"), [1]]
    found = groups(*(run(n, {"x": value}) for n, value in enumerate(values, 1)), run(9, {}))
    assert [each["value"] for each in found[:4]] == [9, 10, "a", "b"]
    assert {str(each["value"]) for each in found[4:]} == {"None", "nan", "[1]"}
    assert {each["total"] for each in found if each["value"] is None} == {2}


@pytest.mark.parametrize("value", [1, 2.5, -1, True, None, 'it\'s "x"', "a\\b\n", 1e-9])
def test_the_filter_of_a_group_describes_its_runs_and_no_others(value: Any) -> None:
    mine, other = run(1, {"x": value}), run(2, {"x": "another"})
    (where,) = (each["where"] for each in groups(mine, other) if each["value"] != "another")
    assert matches(parse(where), mine)
    assert not matches(parse(where), other)


def test_what_no_filter_describes_has_none() -> None:
    assert {each["where"] for each in groups(run(1, {"x": [1]}), run(2, {"x": float("nan")}))} == {
        None
    }


def test_a_mean_is_of_the_runs_that_have_a_number() -> None:
    (found,) = groups(
        run(1, {"x": 1}, result={"loss": 1, "how": "well"}),
        run(2, {"x": 1}, result={"loss": 4, "good": True}),
        run(3, {"x": 1}, status=Status.ERROR),
        run(4, {"x": 1}, result={"loss": {"__float__": "nan"}}),
    )
    assert found["means"] == {"seconds": 0.0, "result.loss": 2.5}
    assert found["counts"] == {"done": 3, "error": 1}


def test_runs_are_grouped_by_what_is_no_param_too() -> None:
    runs = run(1, {}), run(2, {}, status=Status.ERROR), run(3, {}, status=Status.ERROR)
    found = groups(*runs, by="status")
    assert [(each["value"], each["where"], each["total"]) for each in found] == [
        ("done", "status == 'done'", 1),
        ("error", "status == 'error'", 2),
    ]


def test_a_grid_has_the_params_with_the_most_values_and_repetitions_last() -> None:
    runs = [
        run(1 + x * 6 + y * 3 + seed, {"a": y, "b": x, "seed": seed, "same": 1})
        for x in range(3)
        for y in range(2)
        for seed in range(3)
    ]
    found = swept(*runs)
    assert [each["name"] for each in found["params"]] == ["a", "b", "seed"]
    assert (found["grid"]["x"]["name"], found["grid"]["y"]["name"]) == ("b", "a")
    assert {each["total"] for each in found["grid"]["cells"]} == {3}
    chosen = swept(*runs, x="seed", y="")["grid"]
    assert (chosen["x"]["values"], chosen["y"]) == ([0, 1, 2], None)
    assert {each["where"] for each in chosen["cells"]} == {"seed == 0", "seed == 1", "seed == 2"}


def test_a_measure_is_named_so_that_its_mean_is_found() -> None:
    summary = json.dumps({"acc": {"last": 1.0, "max": 9.0}, "acc.max": {"last": 3.0}})
    one = run(1, {"x": 1}, result={"a.b": {"c": 2}})._replace(summary_text=summary)
    two = run(2, {"x": 2})
    measures = swept(one, two)["measures"]
    assert measures == ["seconds", "result['a.b'].c", "metrics.acc", "metrics['acc.max']"]
    for name, mean in zip(measures[1:], (2, 1.0, 3.0), strict=True):
        cells = swept(one, two, x="x", y="", of=name)["grid"]["cells"]
        assert cells[0]["mean"] == mean
    assert groups(one, two, by="status")[0]["means"] == {
        "seconds": 0.0, "result.a.b.c": 2, "metrics.acc": 1.0, "metrics.acc.max": 3.0,
    }  # fmt: skip


def test_a_side_that_is_too_long_says_how_much_is_left_out() -> None:
    many = [run(n, {"x": n}) for n in range(1, MOST_VALUES + 6)]
    assert swept(*many)["grid"] is None  # nobody would read it
    asked = swept(*many, x="x")["grid"]
    assert (len(asked["cells"]), asked["x"]["left_out"]) == (MOST_VALUES, 5)


def test_failures_that_differ_by_their_numbers_are_one_reason() -> None:
    runs = [
        run(n, {"x": n}, status=Status.ERROR, error_text=f"Traceback\nout of memory at {n} MiB")
        for n in range(1, 8)
    ]
    runs.append(run(8, {"x": 8}, status=Status.ERROR, error_text="disk full"))
    memory, disk = swept(*runs)["failures"]
    assert (memory["reason"], memory["total"]) == ("out of memory at 7 MiB", 7)
    assert memory["runs"] == [f"train/000{n}" for n in (7, 6, 5, 4, 3)]
    assert (disk["reason"], disk["total"]) == ("disk full", 1)


def test_the_time_left_is_that_of_the_command() -> None:
    times = {"started_us": NOW_US - HOUR_US // 2, "ended_us": NOW_US - HOUR_US // 4}
    runs = [run(n, {"x": n}, **times) for n in (1, 2)]
    begun = {"started_us": NOW_US - HOUR_US // 4, "ended_us": None}
    runs.append(run(3, {"x": 3}, status=Status.RUNNING, **begun))
    found = swept(*runs)
    assert found["standing"]["runs_per_hour"] == 4
    assert found["standing"]["seconds_left"] == 900
    (at_work,) = found["work"]
    assert (at_work["run"], at_work["attempt"], at_work["stale"]) == ("train/0003", 1, False)
    assert at_work["owner"] == "pid 4711 on somewhere"


def test_of_no_runs_nothing_is_told() -> None:
    found = swept()
    assert (found["grid"], found["failures"], found["work"], found["params"]) == (None, [], [], [])
