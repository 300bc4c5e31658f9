"""The names of a run's values: what may be written, and which places it means."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy import params
from pycaddy.errors import FilterError
from pycaddy.filters import (
    FirstOf,
    Name,
    Ranking,
    Seen,
    column,
    flat_metrics,
    flat_params,
    flat_result,
    parse,
    parse_order,
    read_name,
    read_names,
    series_of,
    unknown,
)
from pycaddy.filters import Test as Condition
from pycaddy.filters._names import split_names
from pycaddy.testing import started_record


def places(text: str) -> list[str]:
    return [str(place) for place in read_name(text).places]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lr", ["params.lr", "result.lr", "metrics.lr"]),
        (
            "opt.lr",
            [
                "params.opt.lr",
                "params['opt.lr']",
                "result.opt.lr",
                "result['opt.lr']",
                "metrics['opt.lr']",
            ],
        ),
        (
            "val/acc",
            [
                "params['val/acc']",
                "params.val.acc",
                "result['val/acc']",
                "result.val.acc",
                "metrics['val/acc']",
            ],
        ),
        (
            "val/acc.max",
            [
                "params['val/acc'].max",
                "params['val/acc.max']",
                "params.val.acc.max",
                "result['val/acc'].max",
                "result['val/acc.max']",
                "result.val.acc.max",
                "metrics['val/acc'].max",
                "metrics['val/acc.max']",
            ],
        ),
        ("weird key", ["params['weird key']", "result['weird key']", "metrics['weird key']"]),
        ("layers[0]", ["params.layers[0]", "result.layers[0]"]),
        ("opt['a.b/c'].lr", ["params.opt['a.b/c'].lr", "result.opt['a.b/c'].lr"]),
        ("params.lr", ["params.lr"]),
        ("params['lr']", ["params.lr"]),
        ("params['weird key']", ["params['weird key']"]),
        ("params.status", ["params.status"]),
        ("params.params", ["params.params"]),
        ("größe", ["params.größe", "result.größe", "metrics.größe"]),
        ("result.loss", ["result.loss"]),
        ("result.val.loss", ["result.val.loss", "result['val.loss']"]),
        ("result['a.b']", ["result['a.b']"]),
        ("metrics.loss", ["metrics.loss"]),
        ("metrics.val/acc", ["metrics['val/acc']"]),
        ("metrics.a.b", ["metrics['a.b']"]),
        ("metrics.val/acc.max", ["metrics['val/acc'].max", "metrics['val/acc.max']"]),
        ("metrics['val/acc']", ["metrics['val/acc']"]),
        ("metrics['val/acc'].max", ["metrics['val/acc'].max"]),
        ("metrics.loss['min_step']", ["metrics.loss.min_step"]),
        ("metrics['reward.mean']", ["metrics['reward.mean']"]),
        ("capture.git.commit", ["capture.git.commit", "capture['git.commit']"]),
        ("attempt", ["attempt"]),
        (" run ", ["run"]),
    ],
)
def test_a_name_means_these_places_the_best_first(text: str, meant: list[str]) -> None:
    assert places(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "lr",
        "opt.lr",
        "val/acc",
        "a.b/c.max",
        "metrics.val/acc.max",
        "metrics['val/acc'].max",
        "opt['a b'][0]",
        "params.status",
        "result['a.b'].c",
        "status",
        "größe/x",
        "capture.git.x",
    ],
)
def test_a_name_means_the_same_in_a_filter(text: str) -> None:
    assert parse(f"{text} is None") == Condition(read_name(text), "is None")


@pytest.mark.parametrize(
    "text",
    [
        "params.lr",
        "opt.lr",
        "params.status",
        "opt['a b'][0]",
        "metrics['a/b'].max",
        "result.x",
        "val/acc",
        "metrics['a/b']",
        "seconds",
    ],
)
def test_a_name_reads_back_what_it_prints(text: str) -> None:
    name = read_name(text)
    assert str(name) == text
    assert read_name(str(name)) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "A name is missing"),
        ("x[", "never closed"),
        ("x[y]", "Brackets hold"),
        ("status.name", "params.status"),
        ("params", r"Say which param, as in params\['name'\]"),
        ("metrics", "Say which metric"),
        ("metrics['loss'].mx", "min_step"),
        ("metrics['a']['b']", "in the brackets"),
        ("f(x)[0]", "does not name a value"),
        ("x['a'] + 1", "does not name a value"),
        ("x['\0']", "NUL"),
    ],
)
def test_what_is_not_a_name_is_refused_in_the_same_words_everywhere(text: str, says: str) -> None:
    with pytest.raises(FilterError, match=says):
        read_name(text)
    with pytest.raises(FilterError, match=says):
        read_names([text])


def test_names_come_as_a_list_or_with_commas() -> None:
    assert list(read_names("lr, val/acc")) == ["lr", "val/acc"]
    assert list(read_names(["result['a,b']"])) == ["result['a,b']"]
    text = "result['a,b'], it's,params[\"x'],y\"][0],x['\\','],"
    assert split_names(text) == [
        "result['a,b']", " it's", "params[\"x'],y\"][0]", "x['\\',']", "",
    ]  # fmt: skip
    assert split_names("a['b,c") == ["a['b", "c"]
    assert [str(order.names[0]) for order in parse_order("-result['a,b'],lr")] == [
        "result['a,b']", "params.lr",
    ]  # fmt: skip
    with pytest.raises(TypeError, match="Names are a str"):
        read_names(3)  # type: ignore[arg-type]


WHOLE = started_record(
    7,
    {"acc": 1, "opt": {"lr": 0.1}, "none": None, "status": "mine", "a b": 2},
    relpath="imagenet",
    result_text=params.dump({"acc": 2, "none": 3, "val": {"top": 4}, "a.b": 5, "x/y": 6}),
    summary_text=params.dump(
        {
            "acc": {"last": 7, "max": 8},
            "x/y": {"last": 9},
            "r.mean": {"last": 10},
            "z": {"last": 11},
        }
    ),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("acc", 1), ("result.acc", 2), ("metrics.acc", 7), ("acc.max", 8), ("none", 3),
        ("val.top", 4), ("val/top", 4), ("result.val/top", 4), ("a.b", 5), ("result.a.b", 5),
        ("x/y", 6), ("metrics.x/y", 9), ("metrics.r.mean", 10), ("r.mean", 10), ("z", 11),
        ("status", "done"), ("params.status", "mine"), ("a b", 2), ("missing", None),
        ("run", "imagenet/train/0007"),
    ],
)  # fmt: skip
def test_a_run_has_the_first_of_the_places_that_has_a_value(text: str, value: Any) -> None:
    assert Seen(WHOLE).value(read_name(text)) == value


def test_the_columns_of_a_table_are_names_of_their_values() -> None:
    columns = {**flat_params(WHOLE.params), **flat_result(WHOLE), **flat_metrics(WHOLE)}
    found = {text: Seen(WHOLE).value(read_name(text)) for text in columns}
    assert found | {"none": None} == columns
    assert column("params", ("run",)) == "params.run"
    assert column("params", ("opt", "lr")) == "opt.lr"


KEYS = st.text(st.sampled_from("ab.,[]'\"/\\ \t\nü0"), max_size=5) | st.sampled_from(
    ["max", "a.max", "in", "status", "params", "last", "\u2028"]
)


@given(st.lists(KEYS, min_size=1, max_size=3), st.sampled_from(["params", "result"]))
def test_the_column_of_any_value_is_its_name(keys: list[str], root: str) -> None:
    values: Any = 1
    for key in reversed(keys):
        values = {key: values}
    record = started_record(1, values) if root == "params" else started_record(1, {})
    if root == "result":
        record = record._replace(result_text=params.dump(values))
    flattened = flat_params(record.params) | flat_result(record)
    assert flattened == {column(root, tuple(keys)): 1}
    assert [Seen(record).value(name) for name in read_names(*flattened).values()] == [1]


@given(st.lists(KEYS, unique=True, max_size=4))
def test_the_columns_of_any_series_are_their_names(series: list[str]) -> None:
    known = {
        name: {"last": place, "min": place + 0.25, "max": place + 0.5}
        for place, name in enumerate(series)
    }
    record = started_record(1, {}, summary_text=params.dump(known))
    columns = flat_metrics(record)
    assert sorted(columns.values()) == sorted(
        value for summary in known.values() for value in summary.values()
    )
    for name in series:  # alone: "metrics.a.max" is the maximum of "a" if both are there
        alone = started_record(1, {}, summary_text=params.dump({name: known[name]}))
        for text, value in flat_metrics(alone).items():
            assert columns[text] == Seen(alone).value(read_name(text)) == value


def test_columns_that_dots_would_confuse_have_brackets() -> None:
    assert column("result", ("a.b", "c")) == "result['a.b'].c"
    assert column("params", ("x[0]",)) == "params['x[0]']"
    assert column("params", ("a.b",)) == "a.b"
    assert column("metrics", ("acc", "max")) == "metrics.acc.max"
    assert column("metrics", ("acc.max", "last")) == "metrics['acc.max']"
    assert column("metrics", ("acc.max", "max")) == "metrics['acc.max'].max"
    assert column("metrics", ("val/acc.top", "last")) == "metrics.val/acc.top"


def test_a_series_may_be_named_like_its_last_value() -> None:
    assert series_of("val/acc") == ("val/acc",)
    assert series_of("x[") == ("x[",)
    assert series_of("metrics.val/acc") == ("val/acc",)
    assert series_of("metrics['a.max']") == ("a.max",)
    assert series_of("metrics.a.max") == ("a.max",)


def test_a_name_that_no_run_has_is_told_with_a_similar_one() -> None:
    def told(text: str) -> str | None:
        return unknown(text, read_name(text), [WHOLE, WHOLE])

    assert told("opt.lrr") == (
        "None of the 2 runs has a value named 'opt.lrr'. Did you mean 'opt.lr'?"
    )
    assert str(told("acc.mx")).endswith("Did you mean 'acc.max'?")
    assert str(told("stauts")).endswith("Did you mean 'status'?")
    assert str(told("qqq")).endswith("`pycaddy ls --csv` shows the names.")
    assert told("acc") is told("note") is None
    assert unknown("acc", read_name("acc"), []) is None


def test_the_lowest_is_the_best_of_a_loss_or_an_error() -> None:
    assert [Ranking.of(text).lowest for text in ("val/Loss", "error_rate", "acc")] == [
        True, True, False,
    ]  # fmt: skip
    assert not Ranking.of("loss", False).lowest
    assert Ranking.of("acc", True).lowest
    with pytest.raises(FilterError, match="sorted by 'tags'"):
        Ranking.of("tags")


def test_one_place_is_its_own_only_place() -> None:
    name = Name("params", ("lr",))
    assert name.places == (name,)
    assert isinstance(read_name("lr"), FirstOf)
