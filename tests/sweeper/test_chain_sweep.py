"""ChainSweep and EmptySweep: every configuration of one sweep with every one of the others."""

from __future__ import annotations

from typing import Any

import pytest

from pycaddy.errors import SweepError
from pycaddy.sweeper import ChainSweep, DictSweep, EmptySweep, Fixed, StrategyName


def test_a_chain_combines_all_with_all_the_last_sweep_fastest() -> None:
    pairs = DictSweep({"a": [1, 2], "b": [7, 8]}, strategy=StrategyName.ZIP)
    chain = ChainSweep(sweepers=[pairs, DictSweep({"c": [3, 4]}), DictSweep({"d": [0]})])
    assert list(chain) == [
        {"a": 1, "b": 7, "c": 3, "d": 0},
        {"a": 1, "b": 7, "c": 4, "d": 0},
        {"a": 2, "b": 8, "c": 3, "d": 0},
        {"a": 2, "b": 8, "c": 4, "d": 0},
    ]
    assert len(chain) == 4
    assert chain[2] == {"a": 2, "b": 8, "c": 3, "d": 0}


def test_the_order_is_that_of_the_product_of_all_keys() -> None:
    one, two = {"a": [1, 2], "b": [3, 4]}, {"c": [5, 6], "d": [7, 8]}
    assert list(ChainSweep([DictSweep(one), DictSweep(two)])) == list(DictSweep({**one, **two}))


def test_nested_dicts_are_merged() -> None:
    chain = ChainSweep([DictSweep({"o": {"a": [1, 2]}}), DictSweep({"o": {"b": [3]}, "c": 4})])
    assert list(chain) == [{"o": {"a": 1, "b": 3}, "c": 4}, {"o": {"a": 2, "b": 3}, "c": 4}]
    assert chain[1] == {"o": {"a": 2, "b": 3}, "c": 4}


def test_chains_parts_and_empty_sweeps_can_be_chained() -> None:
    grid = DictSweep({"a": [1, 2, 3]})
    chain = ChainSweep([EmptySweep(), ChainSweep([grid[1:], DictSweep({"b": [0, 1]})])])
    assert list(chain) == [
        {"a": 2, "b": 0},
        {"a": 2, "b": 1},
        {"a": 3, "b": 0},
        {"a": 3, "b": 1},
    ]
    assert chain[-1] == {"a": 3, "b": 1}


def test_a_chain_of_nothing_and_an_empty_sweep_are_one_empty_configuration() -> None:
    assert list(ChainSweep(sweepers=[])) == list(EmptySweep()) == [{}]
    assert ChainSweep([])[0] == EmptySweep()[0] == {}


def test_a_part_without_configurations_leaves_none_in_the_chain() -> None:
    grid = DictSweep({"a": [1, 2]})
    chain = ChainSweep([grid[:0], DictSweep({"b": [1, 2]})])
    assert list(chain) == []
    assert len(chain) == 0


def test_a_changed_configuration_changes_no_other() -> None:
    first = DictSweep({"o": {"a": [1, 2]}, "layers": Fixed([64])})
    chain = ChainSweep([first, DictSweep({"o": {"b": [3, 4]}, "c": [[5]]})])
    untouched = [chain[position] for position in range(len(chain))]
    for config in chain:
        config["o"]["a"] = config["o"]["b"] = "changed"
        config["layers"].append("changed")
        config["c"].append("changed")
    assert list(chain) == untouched


def test_a_huge_chain_is_neither_generated_for_its_length_nor_for_a_position() -> None:
    chain = ChainSweep([DictSweep({key: range(10**6)}) for key in "abc"])
    assert len(chain) == 10**18
    assert chain[-1] == dict.fromkeys("abc", 10**6 - 1)
    assert next(iter(chain)) == dict.fromkeys("abc", 0)


def test_where_sees_the_combined_configuration() -> None:
    chain = ChainSweep(
        [DictSweep({"a": [1, 2]}), DictSweep({"b": [1, 2]})], where=lambda c: c["a"] < c["b"]
    )
    assert list(chain) == [{"a": 1, "b": 2}]
    assert chain.count() == 1


def test_the_where_of_a_sweep_sees_only_its_own_configuration() -> None:
    odd = DictSweep({"a": [1, 2, 3]}, where=lambda config: config["a"] % 2)
    chain = ChainSweep([odd, DictSweep({"b": [0]})])
    assert list(chain) == [{"a": 1, "b": 0}, {"a": 3, "b": 0}]
    with pytest.raises(SweepError, match="count"):
        len(chain)
    with pytest.raises(SweepError, match="islice"):
        chain[0]


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        ({"a": [1]}, {"a": [2]}, "a"),
        ({"o": {"a": [1], "b": 1}}, {"o": {"b": [2]}}, "o.b"),
        ({"o": [{"a": 1}]}, {"o": {"b": [2]}}, "o"),
    ],
)
def test_a_key_of_two_sweeps_is_refused(
    first: dict[str, Any], second: dict[str, Any], key: str
) -> None:
    message = rf"'{key}' of sweepers\[2\] is set by an earlier one"
    with pytest.raises(SweepError, match=message) as caught:
        ChainSweep([DictSweep(first), EmptySweep(), DictSweep(second)])
    assert vars(caught.value)["key"] == key


@pytest.mark.parametrize("item", [{"a": [1]}, None, [DictSweep()]])
def test_an_item_that_is_no_sweep_is_refused(item: Any) -> None:
    with pytest.raises(SweepError, match=r"sweepers\[1\] is a .*DictSweep\(parameters="):
        ChainSweep([EmptySweep(), item])


@pytest.mark.parametrize("given", [DictSweep({"a": [1]}), {"a": [1]}], ids=["sweep", "dict"])
def test_a_sweep_in_place_of_the_list_is_named(given: Any) -> None:
    with pytest.raises(SweepError, match=r"sweepers is a \w+, .* Write ChainSweep\(\[sweep"):
        ChainSweep(given)
