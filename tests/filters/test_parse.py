"""The grammar of filters: what may be written, and what is said of the rest."""

from __future__ import annotations

import math
import pickle
import sys
import warnings

import pytest

from pycaddy.errors import FilterError
from pycaddy.filters import (
    MAX_DEPTH,
    MAX_LENGTH,
    And,
    Name,
    Not,
    Or,
    Order,
    Test,
    conditions_in,
    parse,
    parse_order,
    read_name,
)
from pycaddy.testing._at_once import in_threads

LR = read_name("lr")


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("lr < 1e-2", Test(LR, "<", 0.01)),
        ("1e-2 > lr", Test(LR, "<", 0.01)),
        ("-1 <= lr", Test(LR, ">=", -1)),
        ("lr != 'x'", Test(LR, "!=", "x")),
        ("lr == True", Test(LR, "==", True)),
        ("lr == float('-inf')", Test(LR, "==", -math.inf)),
        ("lr == opt", Test(LR, "==", read_name("opt"))),
        ("lr in [1, 'a', 0.5]", Test(LR, "in", (1, "a", 0.5))),
        ("lr not in (1, 2)", Test(LR, "not in", (1, 2))),
        ("lr is None", Test(LR, "is None")),
        ("None == lr", Test(LR, "is None")),
        ("lr is not None", Not(Test(LR, "is None"))),
        ("lr != None", Not(Test(LR, "is None"))),
        ("lr", Test(LR, "holds")),
        ("stale", Test(Name("stale"), "holds")),
        ("'baseline' in tags", Test(Name("tags"), "contains", "baseline")),
        ("'model' not in files", Test(Name("files"), "not contains", "model")),
        ("64 in lr", Test(LR, "contains", 64)),
        ("'oom' in error", Test(Name("error"), "contains", "oom")),
        ("note.startswith('a')", Test(Name("note"), "startswith", "a")),
        ("lr.endswith('a')", Test(LR, "endswith", "a")),
        ("status == 'DONE'", Test(Name("status"), "==", "done")),
        ("uid > '0007'", Test(Name("uid"), ">", 7)),
        ("uid in ['0001', 2]", Test(Name("uid"), "in", (1, 2))),
        ("created_at > '1970-01-02'", Test(Name("created_at"), ">", 86_400_000_000)),
        (
            "ended_at <= '1970-01-01T01:00:00+01:00'",
            Test(Name("ended_at"), "<=", 0),
        ),
    ],
)
def test_a_condition_is_read(text: str, test: object) -> None:
    assert parse(text) == test


def test_nan_is_written_as_in_python() -> None:
    test = parse("lr == float('nan')")
    assert isinstance(test, Test)
    assert isinstance(test.value, float)
    assert math.isnan(test.value)


def test_conditions_are_joined_as_in_python() -> None:
    a, b, c = (Test(read_name(name), "holds") for name in "abc")
    assert parse("a or b and not c") == Or((a, And((b, Not(c)))))
    assert parse("(a or b) and c") == And((Or((a, b)), c))


def test_a_chain_holds_where_each_of_its_pairs_does() -> None:
    both = And((Test(LR, ">", 0.1), Test(LR, "<=", 1)))
    assert parse("0.1 < lr <= 1") == both
    assert parse("0.1 < lr\n  <= 1  ") == both


def test_a_tree_can_be_sent_to_another_process_and_looked_through() -> None:
    tree = parse("lr < 1 or not (stale and 'a' in tags)")
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert [str(test.name) for test in conditions_in(tree)] == ["lr", "stale", "tags"]


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "empty"),
        ("  ", 1, "empty"),
        ("lr <", 5, "Invalid syntax"),
        ("lr = 3", 4, "syntax"),
        ("lr < 1 and", 11, "syntax"),
        ("(lr < 1", 1, "never closed"),
        ("lr + 1 < 2", 1, "no arithmetic"),
        ("lr < 1 + 1", 6, "no arithmetic"),
        ("lr < -x", 6, "no arithmetic"),
        ("lr < 1j", 6, "number"),
        ("lr < b'x'", 6, "number"),
        ("lr < f'x'", 6, "number"),
        ("lr == [1]", 7, "number"),
        ("1 < 2", 5, "One side has to name"),
        ("1", 1, "not a condition"),
        ("'lr'", 1, "not a condition"),
        ("lambda: 1", 1, "not a condition"),
        ("lr < 1 if x else y", 1, "not a condition"),
        ("[x for x in y]", 1, "not a condition"),
        ("(x := 1)", 2, "not a condition"),
        ("print('a')", 1, "not a condition"),
        ("__import__('os').system('ls')", 1, "not a condition"),
        ("lr.upper() == 'A'", 1, "Here belongs"),
        ("lr.startswith(1)", 15, "a text in quotes"),
        ("lr.startswith('a', 'b')", 1, "takes one text"),
        ("seconds.startswith('a')", 1, "seconds is not a text"),
        ("größe < 1 and f(x) < 2", 15, "Here belongs"),
        ("x[y] < 1", 3, "Brackets hold"),
        ("x[-1] < 1", 3, "Brackets hold"),
        ("x[0:1] < 1", 3, "Brackets hold"),
        ("x[True] < 1", 3, "Brackets hold"),
        ("f(1).x < 1", 1, "does not name a value"),
        ("lr is True", 7, "Compare with =="),
        ("lr < None", 6, "None has no order"),
        ("lr in [1, None]", 11, "Add: or lr is None"),
        ("lr in 3", 7, "'in' needs a list"),
        ("x in lr", 1, "before 'in lr'"),
        ("None in lr", 1, "Only a text"),
        ("3 in tags", 1, "Only a text"),
        ("'a' in seconds", 8, "Nothing is in seconds"),
        ("tags == 'a'", 1, "'a' in tags"),
        ("lr < True", 6, "True has no order"),
        ("status == 'dne'", 11, "'pending', 'running', 'done', 'error'"),
        ("status == note", 11, "cannot be compared"),
        ("status > 'done'", 1, "no order"),
        ("status", 1, "status == 'done'"),
        ("status.name == 'x'", 1, "params.status"),
        ("uid == 'x'", 8, "'0007'"),
        ("uid == 1.5", 8, "'0007'"),
        ("created_at > 3", 14, "'2026-01-31'"),
        ("created_at > 'yesterday'", 14, "'2026-01-31'"),
        ("attempt == '1'", 12, "is a number"),
        ("attempt == True", 12, "is a number"),
        ("note == 1", 9, "in quotes"),
        ("stale == 1", 10, "not stale"),
        ("params < 1", 1, "params['name']"),
        ("metrics['loss'].mx < 1", 1, "min_step"),
        ("x < 1 and metrics['val'].acc.max < 1", 11, "in the brackets"),
        ("lr/2 < 1", 1, "no arithmetic"),
        ("lr / wd < 1", 1, "no arithmetic"),
        ("1 < lr/(wd)", 5, "One side has to name"),
        ("run.x == 1", 1, "params.run"),
        ("not " * (MAX_DEPTH + 1) + "x", 4 * MAX_DEPTH + 1, "deeper than 40"),
        ("(" * 300 + "x" + ")" * 300, 201, "oo many nested parentheses"),
        ("not " * 1000 + "x", 161, "deeper"),
        ("lr < 1 and " * 400 + "x", 1, "4,096"),
        ("x\0 < 1", 2, "NUL"),
        ("x < '\ud800'", 1, "cannot be read"),
        (f"x < {'9' * 4000}{'9' * 90}", None, None),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_what_is_no_filter_is_refused_at_its_place(
    text: str, column: int | None, says: str | None
) -> None:
    if says is None:
        assert parse(text)
        return
    with pytest.raises(FilterError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert caught.value.column == column  # type: ignore[attr-defined]


def test_the_caret_stands_below_the_place() -> None:
    with pytest.raises(FilterError) as caught:
        parse("größe < 1 and status == 'dne'")
    assert str(caught.value).splitlines() == [
        "A status is one of 'pending', 'running', 'done', 'error'.",
        "    größe < 1 and status == 'dne'",
        "                            ^",
    ]


def test_the_longest_filter_is_read() -> None:
    text = " or ".join(["x"] * (MAX_LENGTH // 5))
    assert len(list(conditions_in(parse(text)))) == MAX_LENGTH // 5


def test_only_a_text_is_a_filter() -> None:
    with pytest.raises(TypeError, match="A filter is a text"):
        parse(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="An order is a text"):
        parse_order(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("seconds", [Order((Name("seconds"),))]),
        ("-created_at", [Order((Name("created_at"),), True)]),
        ("-metrics['val/acc'].max", [Order((Name("metrics", ("val/acc", "max")),), True)]),
        ("result.loss", [Order((Name("result", ("loss",)),))]),
        ("-loss, seconds", [Order(read_name("loss").places, True), Order((Name("seconds"),))]),
        ("val/acc.max", [Order(read_name("val/acc.max").places)]),
        ("-run", [Order((Name(each),), True) for each in ("relpath", "identifier", "uid")]),
    ],
)
def test_an_order_is_read(text: str, orders: list[Order]) -> None:
    assert list(parse_order(text)) == orders


def test_an_order_may_be_a_list_of_words_with_commas_in_them() -> None:
    assert parse_order(["-result['a,b']", "uid"]) == (
        Order((Name("result", ("a,b",)),), True),
        Order((Name("uid"),)),
    )


@pytest.mark.parametrize("text", ["", "-", "lr,,x", "tags", "-stale", "files", "x["])
def test_what_has_no_order_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_order(text)


def test_threads_that_read_filters_leave_the_warnings_of_the_process_alone() -> None:
    before = list(warnings.filters)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        in_threads(8, parse_often)
    finally:
        sys.setswitchinterval(interval)
    assert list(warnings.filters) == before


def parse_often() -> None:
    for number in range(300):
        parse(f"lr < {number} and name != '\\d'")
