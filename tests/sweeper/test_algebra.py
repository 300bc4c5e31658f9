"""What is made of sweeps: sums, products, parts that a function keeps, samples, orders, repeats."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from itertools import islice
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import ParamsError, SweepError
from pycaddy.sweeper import ChainSweep, DictSweep, EmptySweep, Sweep
from pycaddy.sweeper.chance import permuted


def odd(config: dict[str, Any]) -> bool:
    return bool(config["a"] % 2)


def low(config: dict[str, Any]) -> bool:
    return bool(config["a"] < 4)


NUMBERS = DictSweep({"a": range(7)})
HUGE = DictSweep({name: range(1000) for name in "abc"})


class TestSum:
    def test_holds_the_first_sweep_then_what_the_second_adds(self) -> None:
        union = DictSweep({"a": [1, 2], "b": [0]}) + DictSweep({"b": [0, 1], "a": [2]})
        assert list(union) == [{"a": 1, "b": 0}, {"a": 2, "b": 0}, {"b": 1, "a": 2}]

    def test_leaves_out_duplicates_within_one_sweep_too(self) -> None:
        assert list(DictSweep({"a": [1, 1, 1.0]}) + EmptySweep()) == [{"a": 1}, {}]

    def test_tells_true_from_one_and_a_tuple_not_from_a_list(self) -> None:
        union = DictSweep({"a": [1, True]}) + DictSweep({"a": [[1, 2], (1, 2)]})
        assert list(union) == [{"a": 1}, {"a": True}, {"a": [1, 2]}]

    def test_is_flat_and_compares_by_its_sweeps(self) -> None:
        one, two, three = (DictSweep({"a": [number]}) for number in range(3))
        assert one + two + three == one + (two + three) != one + three + two
        assert repr(one + two) == f"{one!r} + {two!r}"

    def test_says_how_many_it_holds_only_when_they_are_generated(self) -> None:
        union = NUMBERS + NUMBERS
        assert union.count() == 7
        assert bool(union)
        for refused in (lambda: len(union), lambda: union[0], union.shuffle):
            with pytest.raises(SweepError, match="generated"):
                refused()

    def test_of_params_without_a_canonical_form_says_which(self) -> None:
        with pytest.raises(ParamsError, match="'f'"):
            list(DictSweep({"f": [len]}) + EmptySweep())

    def test_may_be_chained_with_a_sweep_of_other_keys(self) -> None:
        union = DictSweep({"o": {"a": [1]}}) + DictSweep({"p": [2]})
        chain = union * DictSweep({"o": {"b": [3]}})
        assert list(chain) == [{"o": {"a": 1, "b": 3}}, {"p": 2, "o": {"b": 3}}]
        for key in ("a", "p"):
            with pytest.raises(SweepError, match="earlier"):
                union * DictSweep({"p": [1]} if key == "p" else {"o": {"a": [1]}})

    def test_of_a_leaf_and_a_dict_clashes_with_both(self) -> None:
        leaf, nested = DictSweep({"o": [1]}), DictSweep({"o": {"a": [1]}})
        for union in (leaf + nested, nested + leaf):
            with pytest.raises(SweepError, match="'o'"):
                union * DictSweep({"o": {"b": [1]}})


def test_a_product_is_the_chain_of_both() -> None:
    other = DictSweep({"b": [0, 1]})
    assert NUMBERS * other == ChainSweep([NUMBERS, other])


@pytest.mark.parametrize("other", [[{"a": 1}], 3, None])
def test_only_sweeps_can_be_added_and_multiplied(other: Any) -> None:
    with pytest.raises(TypeError):
        NUMBERS + other
    with pytest.raises(TypeError):
        NUMBERS * other


class TestFilter:
    def test_keeps_what_the_function_keeps(self) -> None:
        assert list(NUMBERS.filter(odd)) == [{"a": 1}, {"a": 3}, {"a": 5}]

    def test_comes_after_a_where_and_an_earlier_filter(self) -> None:
        kept = DictSweep({"a": range(7)}, where=odd).filter(low)
        assert list(kept) == list(NUMBERS.filter(odd).filter(low)) == [{"a": 1}, {"a": 3}]

    def test_does_not_show_a_later_filter_what_an_earlier_one_left_out(self) -> None:
        seen = list(NUMBERS.filter(odd).filter(lambda config: 12 % config["a"] == 0))
        assert seen == [{"a": 1}, {"a": 3}]

    def test_has_no_length(self) -> None:
        assert NUMBERS.filter(odd).count() == 3
        with pytest.raises(SweepError, match="count"):
            len(NUMBERS.filter(odd))

    def test_compares_by_its_sweep_and_its_function(self) -> None:
        assert NUMBERS.filter(odd) == NUMBERS.filter(odd) != NUMBERS.filter(low)
        assert repr(NUMBERS.filter(odd)) == f"{NUMBERS!r}.filter(odd)"

    def test_refuses_what_cannot_be_called(self) -> None:
        with pytest.raises(SweepError, match="cannot be called"):
            NUMBERS.filter("a > 3")  # type: ignore[arg-type]


class TestShuffle:
    def test_keeps_every_configuration_once(self) -> None:
        shuffled = NUMBERS.shuffle(seed=1)
        assert len(shuffled) == 7
        assert list(shuffled) != list(NUMBERS)
        assert sorted(shuffled, key=itemgetter("a")) == list(NUMBERS)
        assert [shuffled[position] for position in range(-7, 0)] == list(shuffled)

    def test_is_the_same_for_ever(self) -> None:
        order = [config["a"] for config in NUMBERS.shuffle(seed=1)]
        assert order == [1, 3, 5, 6, 4, 2, 0]

    def test_depends_on_the_seed(self) -> None:
        assert len({tuple(c["a"] for c in NUMBERS.shuffle(seed=seed)) for seed in range(20)}) > 15
        assert NUMBERS.shuffle() == NUMBERS.shuffle(seed=0) != NUMBERS.shuffle(seed=1)

    def test_leaves_out_what_a_where_or_a_filter_leaves_out(self) -> None:
        whole = list(NUMBERS.shuffle(seed=3))
        kept = [config for config in whole if odd(config)]
        assert list(NUMBERS.filter(odd).shuffle(seed=3)) == kept
        assert list(DictSweep({"a": range(7)}, where=odd).shuffle(seed=3)) == kept
        assert list(NUMBERS.shuffle(seed=3).filter(odd)) == kept

    def test_of_a_chain_with_a_filter_says_to_shuffle_first(self) -> None:
        with pytest.raises(SweepError, match="Shuffle first"):
            (NUMBERS.filter(odd) * DictSweep({"b": [0, 1]})).shuffle()

    @pytest.mark.parametrize("seed", [None, 0.5, "1"])
    def test_wants_a_whole_number_as_seed(self, seed: Any) -> None:
        with pytest.raises(SweepError, match="Write seed=0"):
            NUMBERS.shuffle(seed=seed)

    @given(size=st.integers(1, 300), seed=st.integers())
    def test_reaches_each_position_from_one_other(self, size: int, seed: int) -> None:
        assert sorted(permuted(position, size, b"%d" % seed) for position in range(size)) == [
            *range(size)
        ]

    def test_finds_every_order_about_as_often(self) -> None:
        orders = Counter(
            tuple(permuted(p, 5, b"%d" % seed) for p in range(5)) for seed in range(4800)
        )
        assert len(orders) == 120
        # Chi-squared with 119 degrees of freedom: above 171 in one of 1000 worlds.
        assert sum((count - 40) ** 2 / 40 for count in orders.values()) < 171


class TestSample:
    def test_takes_some_of_a_billion_without_generating_them(self) -> None:
        sample = HUGE.sample(1000, seed=1)
        assert len(sample) == 1000
        assert len({tuple(config.values()) for config in sample}) == 1000
        assert sample[0] == next(iter(sample))

    def test_of_all_is_a_shuffle(self) -> None:
        assert list(NUMBERS.sample(7, seed=4)) == list(NUMBERS.shuffle(seed=4))

    def test_begins_with_every_smaller_one(self) -> None:
        assert list(HUGE.sample(20))[:5] == list(HUGE.sample(5))

    def test_can_be_sampled_again(self) -> None:
        assert NUMBERS.sample(5).sample(2).count() == 2

    @pytest.mark.parametrize("n", [8, -1, 2.5, "3"])
    def test_refuses_more_than_there_are_and_what_is_no_number(self, n: Any) -> None:
        with pytest.raises(SweepError, match=r"Take 7 at most|n is .*n=100"):
            NUMBERS.sample(n)

    def test_of_a_filtered_sweep_says_what_to_do(self) -> None:
        kept = NUMBERS.filter(odd)
        with pytest.raises(SweepError, match=r"islice\(sweep\.shuffle"):
            kept.sample(2)
        assert all(map(odd, islice(kept.shuffle(seed=0), 2)))


class TestRepeat:
    def test_runs_each_configuration_with_each_seed(self) -> None:
        assert list(NUMBERS[:2].repeat(seeds=2)) == [
            {"a": 0, "seed": 0},
            {"a": 0, "seed": 1},
            {"a": 1, "seed": 0},
            {"a": 1, "seed": 1},
        ]

    def test_takes_the_seeds_themselves_and_another_name(self) -> None:
        repeated = NUMBERS[:1].repeat([7, 11], name="train.seed")
        assert list(repeated) == [{"a": 0, "train": {"seed": 7}}, {"a": 0, "train": {"seed": 11}}]

    def test_refuses_a_key_that_the_sweep_has(self) -> None:
        with pytest.raises(SweepError, match="'a'"):
            NUMBERS.repeat(2, name="a")

    @pytest.mark.parametrize("seeds", [-1, 1.5, None])
    def test_refuses_what_is_no_number_of_seeds(self, seeds: Any) -> None:
        with pytest.raises(SweepError, match="seeds"):
            NUMBERS.repeat(seeds)


@pytest.mark.parametrize(
    "sweep",
    [
        NUMBERS + DictSweep({"b": [1]}),
        NUMBERS.filter(odd).filter(low),
        NUMBERS.shuffle(seed=2),
        NUMBERS.sample(3),
        NUMBERS.repeat(2),
    ],
    ids=repr,
)
def test_a_pickled_sweep_is_equal_and_gives_the_same(sweep: Sweep) -> None:
    copied = pickle.loads(pickle.dumps(sweep))
    assert copied == sweep
    assert list(copied) == list(sweep)


def test_the_order_of_a_shuffle_is_the_same_in_another_process() -> None:
    program = (
        "from pycaddy.sweeper import DictSweep\n"
        "print(list(DictSweep({n: range(1000) for n in 'abc'}).sample(5, seed=9)))"
    )
    command = [sys.executable, "-c", program]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed.strip() == str(list(HUGE.sample(5, seed=9)))
