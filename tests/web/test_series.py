"""Series as the page gets them."""

from __future__ import annotations

import math
from array import array
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pycaddy import Project, Session
from tests.web.served import Served, serving

LONG = 20_000


@pytest.fixture(scope="module")
def logged(project: Project) -> Session:
    """A run with a long series, a short one, one of gaps, and one in no order."""
    with project.session("logged", {"lr": 0.1}) as run:
        for step in range(LONG):
            run.log("loss/train", math.sin(step / 500) + (step == 12_345) * 5, step=step)
        for step, value in ((0, 1.0), (10, math.nan), (20, math.inf), (30, -2.0)):
            run.log("gaps", value, step=step)
        for step in (5, 3, 4, 3):
            run.log("unordered", float(step), step=step)
    return run


@pytest.fixture(scope="module")
def page(project: Project, logged: Session) -> Iterator[Served]:
    with serving(project.root, "--read-only") as served:
        yield served


def asked(page: Served, **query: Any) -> str:
    given = {"project": "results", "run": ["logged/0001"], **query}
    return f"/api/series?{urlencode(given, doseq=True)}"


def series(page: Served, name: str, **query: Any) -> dict[str, Any]:
    """One series, its columns unpacked."""
    answer = page.ask(asked(page, name=name, **query))
    assert answer.status == 200, answer.error
    (found,) = answer.document["series"]
    for column in ("x", "y", "mean_x", "mean_y"):
        found[column] = array("d", b64decode(found[column]))
    return dict(found)


def test_a_short_series_comes_whole(page: Served, logged: Session) -> None:
    found = series(page, "gaps")
    assert (found["run"], found["name"]) == ("logged/0001", "gaps")
    assert (found["count"], found["first"], found["last"]) == (4, 0, 30)
    assert (found["nan"], found["infinite"]) == (1, 1)
    assert found["x"].tolist() == [0, 10, 20, 30]
    assert repr(found["y"].tolist()) == "[1.0, nan, inf, -2.0]"
    assert not found["mean_x"]


def test_a_long_series_comes_thinned_and_a_part_of_it_in_full(page: Served) -> None:
    whole = series(page, "loss/train", points=400)
    assert whole["count"] == LONG
    assert 100 <= len(whole["x"]) <= 400
    assert (whole["x"][0], whole["x"][-1]) == (0, LONG - 1)
    assert 12_345 in whole["x"]
    assert max(whole["y"]) > 4
    assert len(whole["mean_x"]) == len(whole["mean_y"]) > 90
    part = series(page, "loss/train", points=400, **{"from": 12_300, "to": 12_400})
    assert part["x"].tolist() == list(range(12_299, 12_402))
    assert (part["first"], part["last"]) == (0, LONG - 1)


def test_steps_in_no_order_are_put_in_order(page: Served) -> None:
    assert series(page, "unordered")["x"].tolist() == [3, 3, 4, 5]


def test_the_x_axis_is_the_step_or_the_time(page: Served, logged: Session) -> None:
    times = logged.metrics("gaps").times
    assert series(page, "gaps", x="time")["x"] == times
    started = next(move.at for move in logged.record.history if move.status.name == "RUNNING")
    since = series(page, "gaps", x="seconds")["x"]
    assert since.tolist() == [time - started.timestamp() for time in times]
    assert since[0] >= 0
    part = series(page, "gaps", x="seconds", **{"from": since[1], "to": since[1]})
    assert set(part["x"]) >= {since[1]}


def test_several_runs_and_names_are_told_at_once_and_what_is_not_there_is_left_out(
    page: Served,
) -> None:
    runs, names = ["logged/0001", "train/0001", "train/9999"], ["gaps", "none", "unordered"]
    found = page.ask(asked(page, run=runs, name=names)).document
    assert [(each["run"], each["name"]) for each in found["series"]] == [
        ("logged/0001", "gaps"),
        ("logged/0001", "unordered"),
    ]
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"name": []}, "Give name=... from 1 to 100 times, not 0 times."),
        ({"name": "a", "run": []}, "Give run=... from 1 to 100 times, not 0 times."),
        ({"name": "a", "run": [f"a/{n}" for n in range(1, 102)]}, "not 101 times"),
        ({"name": "abc", "run": [f"a/{n}" for n in range(1, 101)]}, "more than 200 series"),
        ({"name": "a", "run": "train"}, "Name a run as run=train/0007."),
        ({"name": "a", "x": "epoch"}, "x='epoch' is none of step, seconds, time."),
        ({"name": "a", "points": 2001}, "no whole number from 50 to 2000"),
        ({"name": "a", "from": "nan"}, "from='nan' is no number."),
        ({"name": "a", "to": "1e"}, "to='1e' is no number."),
        ({"name": "a", "from": 2, "to": 1}, "from is greater than to."),
        ({"name": "a", "colour": "red"}, "'colour' is nothing to ask for."),
        ({"name": "a", "project": "other"}, "project='other' is none of results."),
    ],
)
def test_a_bad_question_is_answered_with_a_sentence(
    page: Served, query: dict[str, Any], told: str
) -> None:
    if isinstance(query["name"], str) and query["name"] == "abc":
        query = {**query, "name": list("abc")}
    answer = page.ask(asked(page, **query))
    assert answer.status == 400
    assert told in answer.error


def test_nothing_is_read_again_until_a_point_has_come(page: Served, project: Project) -> None:
    run = project.session("watched").start()
    run.log("loss", 1.0)
    run.flush()
    address = asked(page, run="watched/0001", name="loss")
    first = page.ask(address)
    tag = {"If-None-Match": first.headers["etag"]}
    assert page.ask(address, headers=tag).status == 304
    run.log("loss", 2.0)
    run.flush()
    second = page.ask(address, headers=tag)
    assert second.status == 200
    assert second.document["series"][0]["count"] == 2
    run.done()


def test_what_another_project_answered_is_no_answer(tmp_path: Path) -> None:
    tags = set()
    for place, value in (("here", 1.0), ("there", 2.0)):
        with Project(tmp_path / place / "results").session("train") as run:
            run.log("loss", value)
        with serving(tmp_path / place / "results") as served:
            answer = served.ask(asked(served, run="train/0001", name="loss"))
            tags.add(answer.headers["etag"])
    assert len(tags) == 2


def test_metrics_that_cannot_be_read_hide_no_others(page: Served, project: Project) -> None:
    with project.session("damaged") as run:
        run.log("gaps", 1.0)
    (run.folder / "metrics.db").write_bytes(b"no database, and long enough to look at" * 100)
    found = page.ask(asked(page, run=["damaged/0001", "logged/0001"], name="gaps")).document
    assert [each["run"] for each in found["series"]] == ["logged/0001"]
    (problem,) = found["problems"]
    assert problem["run"] == "damaged/0001"
    assert "cannot be used" in problem["error"]


def test_runs_are_told_side_by_side(page: Served, project: Project) -> None:
    with project.session("open", {"seed": 3}) as run:
        run.log("acc", math.nan)
        query = {"project": "results", "run": ["train/0001", "open/0001", "train/9999"]}
        run.flush()
        live = page.ask(f"/api/chosen?{urlencode(query, doseq=True)}").document
        # There is no summary in the ledger yet, and the series is known all the same.
        assert live["runs"][1]["metrics"] == {"acc": {"last": None, "min": None, "max": None}}
    found = page.ask(f"/api/chosen?{urlencode(query, doseq=True)}").document
    assert [each["run"] for each in found["runs"]] == ["train/0001", "open/0001"]
    assert found["missing"] == ["train/9999"]
    assert found["runs"][0]["params"] == {"epochs": 10, "optimizer.lr": 0.1}
    assert found["runs"][1]["metrics"] == {"acc": {"last": "NaN", "min": None, "max": None}}
