"""What every sweep does: length, positions, parts, where, equality, pickling, repr."""

from __future__ import annotations

import pickle
import tracemalloc
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import SweepError
from pycaddy.sweeper import ChainSweep, DictSweep, EmptySweep, Fixed, StrategyName, Sweep


def small(config: dict[str, Any]) -> bool:
    return bool(config["a"] + config["b"] < 4)


GRID = DictSweep({"a": [1, 2, 3], "b": [0, 1]})
PAIRS = DictSweep({"a": [1, 2, 3], "b": [0, 1, 5]}, strategy=StrategyName.ZIP)
CHAIN = ChainSweep([DictSweep({"a": [1, 2]}), DictSweep({"o": {"b": [3, 4, 5]}})])
HUGE = DictSweep({name: range(100) for name in "abcdef"})
ALL = [GRID, PAIRS, CHAIN, EmptySweep(), GRID[1:5:2], CHAIN[::-1], HUGE[7:9]]
KEPT = DictSweep({"a": [1, 2, 3], "b": [0, 1]}, where=small)

every_sweep = pytest.mark.parametrize("sweep", ALL, ids=repr)


@every_sweep
def test_length_count_and_iteration_agree(sweep: Sweep) -> None:
    assert len(sweep) == sweep.count() == len(list(sweep))
    assert bool(sweep)


@every_sweep
def test_a_sweep_can_be_iterated_again_and_by_two_at_once(sweep: Sweep) -> None:
    first, second = iter(sweep), sweep.generate()
    assert [next(first), *first] == [next(second), *second] == list(sweep)


@every_sweep
def test_positions_are_those_of_the_list(sweep: Sweep) -> None:
    configs = list(sweep)
    for position in range(-len(configs), len(configs)):
        assert sweep[position] == configs[position]
    assert list(reversed(sweep)) == configs[::-1]


@every_sweep
def test_a_position_out_of_range_is_an_index_error_that_says_the_range(sweep: Sweep) -> None:
    size = len(sweep)
    for position in (size, -size - 1):
        with pytest.raises(SweepError, match=rf"no configuration {position} .*range\({size}\)"):
            sweep[position]
        with pytest.raises(IndexError):
            sweep[position]


@every_sweep
@given(start=st.none() | st.integers(-8, 8), stop=st.none() | st.integers(-8, 8), data=st.data())
def test_slices_are_those_of_the_list(
    sweep: Sweep, start: int | None, stop: int | None, data: st.DataObject
) -> None:
    step = data.draw(st.none() | st.integers(-3, 3).filter(bool))
    part = sweep[start:stop:step]
    expected = list(sweep)[start:stop:step]
    assert list(part) == expected
    assert len(part) == len(expected)
    assert bool(part) == bool(expected)


@every_sweep
def test_a_pickled_sweep_is_equal_and_gives_the_same(sweep: Sweep) -> None:
    copied = pickle.loads(pickle.dumps(sweep))
    assert copied == sweep
    assert list(copied) == list(sweep)


def test_a_position_may_be_a_numpy_integer() -> None:
    assert GRID[np.int64(1)] == {"a": 1, "b": 1}


def test_a_position_that_is_no_integer_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        GRID["a"]  # type: ignore[call-overload]


class TestHuge:
    def test_length_first_last_and_parts_need_no_generating(self) -> None:
        assert len(HUGE) == 10**12
        assert next(iter(HUGE)) == dict.fromkeys("abcdef", 0)
        assert HUGE[10**12 - 1] == HUGE[-1] == dict.fromkeys("abcdef", 99)
        middle = HUGE[10**11 : 10**12 : 10**6]
        assert len(middle) == 900_000
        assert middle[0] == {"a": 10, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0}

    def test_what_len_cannot_return_count_can(self) -> None:
        sweep = DictSweep({str(number): range(1000) for number in range(10)})
        with pytest.raises(SweepError, match=r"Use sweep\.count\(\)"):
            len(sweep)
        assert sweep.count() == 10**30
        assert sweep[:: 10**5].count() == 10**25
        assert sweep[10**29]["0"] == 100
        assert sweep

    @pytest.mark.parametrize(
        "sweep",
        [
            DictSweep({"o": {"a": range(100_000)}, "b": [0, 1]}),
            ChainSweep([DictSweep({"a": range(400)}), DictSweep({"b": range(400)})]),
            HUGE[:50_000],
            DictSweep({"a": range(100_000)}, where=lambda config: config["a"] % 2),
        ],
        ids=repr,
    )
    def test_iterating_holds_one_configuration_at_a_time(self, sweep: Sweep) -> None:
        tracemalloc.start()
        try:
            for _ in sweep:
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 2**20  # a list of these configurations takes more than 10 MiB


class TestWhere:
    def test_leaves_out_what_it_is_false_for(self) -> None:
        assert list(KEPT) == [config for config in GRID if small(config)]
        assert list(KEPT.generate()) == list(KEPT)

    def test_sees_constants_and_nested_values(self) -> None:
        sweep = DictSweep(
            {"o": {"a": [1, 2, 3]}}, constants={"top": 2}, where=lambda c: c["o"]["a"] <= c["top"]
        )
        assert list(sweep) == [{"o": {"a": 1}, "top": 2}, {"o": {"a": 2}, "top": 2}]

    def test_has_no_length_before_it_is_generated_and_says_what_to_call(self) -> None:
        with pytest.raises(SweepError, match=r"Use sweep\.count\(\)"):
            len(KEPT)
        with pytest.raises(TypeError):
            len(KEPT)
        assert KEPT.count() == 5

    @pytest.mark.parametrize("item", [0, slice(2)])
    def test_has_no_positions_before_it_is_generated_and_says_what_to_use(self, item: Any) -> None:
        with pytest.raises(SweepError, match=r"itertools\.islice"):
            KEPT[item]
        assert list(islice(KEPT, 1)) == [{"a": 1, "b": 0}]

    def test_that_keeps_nothing_makes_the_sweep_false(self) -> None:
        nothing = DictSweep({"a": [1]}, where=lambda config: False)
        assert not nothing
        assert list(nothing) == []
        assert KEPT

    def test_is_pickled_with_the_sweep_if_it_can_be(self) -> None:
        assert list(pickle.loads(pickle.dumps(DictSweep({"a": [0, 1]}, where=bool)))) == [
            {"a": 0},
            {"a": 1},
        ]

    def test_stops_the_sweep_with_what_it_raises(self) -> None:
        sweep = DictSweep({"a": [1, 0]}, where=lambda config: 1 / config["a"])
        with pytest.raises(ZeroDivisionError):
            list(sweep)

    def test_is_asked_only_when_the_configuration_is_due(self) -> None:
        asked = []

        def remember(config: dict[str, Any]) -> bool:
            asked.append(config)
            return True

        next(iter(DictSweep({"a": range(10**12)}, where=remember)))
        assert asked == [{"a": 0}]


class TestEquality:
    def test_is_by_content(self) -> None:
        assert DictSweep({"a": [0, 1], "b": 2}) == DictSweep({"a": range(2)}, constants={"b": 2})
        assert DictSweep({"a": [0, 1]}) == DictSweep({"a": {"type": "range", "stop": 2}})
        assert DictSweep({"a": [[1]]}) != DictSweep({"a": Fixed([1])})

    def test_regards_the_order_of_the_configurations(self) -> None:
        assert DictSweep({"a": [1, 2], "b": [3, 4]}) != DictSweep({"b": [3, 4], "a": [1, 2]})

    def test_regards_strategy_where_and_values(self) -> None:
        parameters = {"a": [1, 2], "b": [3, 4]}
        plain = DictSweep(parameters)
        assert plain != DictSweep(parameters, strategy="zip")
        assert plain != DictSweep(parameters, where=small)
        assert plain != DictSweep({**parameters, "b": [3, 5]})
        assert DictSweep(parameters, where=small) == DictSweep(parameters, where=small)

    def test_regards_the_class(self) -> None:
        assert EmptySweep() == EmptySweep()
        assert EmptySweep() != DictSweep()
        assert GRID[:2] == GRID[:2] != GRID[:3]
        assert list(GRID) != GRID

    def test_of_chains_is_that_of_their_sweeps(self) -> None:
        assert ChainSweep([GRID]) == ChainSweep((DictSweep({"a": [1, 2, 3], "b": [0, 1]}),))
        assert ChainSweep([GRID]) != ChainSweep([GRID, EmptySweep()])


@pytest.mark.parametrize(
    ("sweep", "shown"),
    [
        (
            DictSweep({"lr": [1, 2, 3], "opt": {"width": [1, 2]}, "x": 1}),
            "DictSweep(lr: 3, opt.width: 2; 6 configurations)",
        ),
        (DictSweep({"lr": [1]}), "DictSweep(lr: 1; 1 configuration)"),
        (KEPT, "DictSweep(a: 3, b: 2; up to 6 configurations)"),
        (
            DictSweep({name: [0, 1] for name in "abcdefgh"}),
            "DictSweep(a: 2, b: 2, c: 2, d: 2, e: 2, f: 2, and 2 more; 256 configurations)",
        ),
        (EmptySweep(), "EmptySweep(1 configuration)"),
        (
            ChainSweep([DictSweep({"a": [1]}), EmptySweep()]),
            (
                "ChainSweep(DictSweep(a: 1; 1 configuration), EmptySweep(1 configuration); "
                "1 configuration)"
            ),
        ),
        (
            ChainSweep([KEPT]),
            "ChainSweep(DictSweep(a: 3, b: 2; up to 6 configurations))",
        ),
        (GRID[4:], "DictSweep(a: 3, b: 2; 6 configurations)[4:6]"),
        (GRID[::2], "DictSweep(a: 3, b: 2; 6 configurations)[0:6:2]"),
        (GRID[::-1], "DictSweep(a: 3, b: 2; 6 configurations)[5::-1]"),
    ],
)
def test_repr_is_short_and_says_what_is_swept(sweep: Sweep, shown: str) -> None:
    assert repr(sweep) == shown


def test_errors_can_be_pickled() -> None:
    for wrong in (lambda: len(KEPT), lambda: GRID[9]):
        with pytest.raises(SweepError) as caught:
            wrong()
        copied = pickle.loads(pickle.dumps(caught.value))
        assert type(copied) is type(caught.value)
        assert str(copied) == str(caught.value)
