"""DictSweep: what is swept, in which order, and what is refused."""

from __future__ import annotations

import itertools
import pickle
from array import array
from collections import OrderedDict, deque
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import PycaddyError, SweepError
from pycaddy.sweeper import DictSweep, Fixed, StrategyName
from pycaddy.sweeper.grid import BLOCK
from pycaddy.sweeper.keys import dotted


class Colour(Enum):
    RED = 1
    BLUE = 2


class TestProduct:
    def test_combines_every_value_with_every_other_the_last_key_fastest(self) -> None:
        sweep = DictSweep(parameters={"a": [1, 2], "b": ["x", "y"]})
        assert list(sweep) == [
            {"a": 1, "b": "x"},
            {"a": 1, "b": "y"},
            {"a": 2, "b": "x"},
            {"a": 2, "b": "y"},
        ]

    def test_keeps_the_keys_in_the_order_written_and_constants_after_them(self) -> None:
        sweep = DictSweep({"z": [1], "a": 2, "m": [3]}, constants={"b": 4})
        assert list(sweep[0]) == ["z", "a", "m", "b"]

    def test_generate_is_the_same_as_iterating(self) -> None:
        sweep = DictSweep({"a": [1, 2]})
        assert list(sweep.generate()) == list(sweep) == [{"a": 1}, {"a": 2}]

    def test_of_no_parameters_is_one_configuration(self) -> None:
        assert list(DictSweep()) == [{}]
        assert list(DictSweep(constants={"a": 1})) == [{"a": 1}]
        assert list(DictSweep(strategy=StrategyName.ZIP)) == [{}]

    def test_has_no_limit_on_the_number_of_keys(self) -> None:
        keys = [f"key {number}" for number in range(1000)]
        sweep = DictSweep({key: [0, 1] for key in keys})
        assert sweep.count() == 2**1000
        assert next(iter(sweep)) == dict.fromkeys(keys, 0)
        assert sweep[-1] == dict.fromkeys(keys, 1)


class TestZip:
    def test_takes_the_values_position_by_position(self) -> None:
        sweep = DictSweep({"a": [1, 2], "o": {"b": [3, 4]}, "c": 5}, strategy=StrategyName.ZIP)
        assert list(sweep) == [{"a": 1, "o": {"b": 3}, "c": 5}, {"a": 2, "o": {"b": 4}, "c": 5}]
        assert len(sweep) == 2
        assert sweep[-1] == {"a": 2, "o": {"b": 4}, "c": 5}

    @pytest.mark.parametrize("strategy", ["zip", StrategyName.ZIP], ids=["text", "member"])
    def test_may_be_named_by_its_string(self, strategy: str) -> None:
        assert len(DictSweep({"a": [1, 2], "b": [3, 4]}, strategy=strategy)) == 2

    def test_of_unequal_lengths_names_each_key_and_its_length(self) -> None:
        with pytest.raises(SweepError, match=r"'a' has 3, 'o\.b' has 2") as caught:
            DictSweep({"a": [1, 2, 3], "o": {"b": [4, 5]}, "c": 6}, strategy=StrategyName.ZIP)
        assert vars(caught.value)["lengths"] == {"a": 3, "o.b": 2}
        assert "StrategyName.PRODUCT" in str(caught.value)

    def test_does_not_stretch_a_list_of_one(self) -> None:
        with pytest.raises(SweepError, match="'b' has 1"):
            DictSweep({"a": [1, 2], "b": [3]}, strategy=StrategyName.ZIP)


class TestValues:
    @pytest.mark.parametrize(
        "values",
        [
            [0, 1, 2],
            (0, 1, 2),
            range(3),
            deque([0, 1, 2]),
            array("i", [0, 1, 2]),
            np.arange(3),
        ],
        ids=lambda values: type(values).__name__,
    )
    def test_a_sequence_or_array_is_swept(self, values: Any) -> None:
        configs = list(DictSweep({"a": values}))
        assert configs == [{"a": 0}, {"a": 1}, {"a": 2}]
        assert {type(config["a"]) for config in configs} == {int}

    @pytest.mark.parametrize(
        "value",
        ["text", b"bytes", bytearray(b"bytes"), 1, 0.5, None, True, Path("x"), Colour.RED],
        ids=lambda value: type(value).__name__,
    )
    def test_anything_else_is_one_value(self, value: Any) -> None:
        assert list(DictSweep({"a": value})) == [{"a": value}]

    def test_a_numpy_scalar_and_an_array_without_dimension_are_one_value(self) -> None:
        assert list(DictSweep({"a": np.float64(0.5), "b": np.array(1)})) == [{"a": 0.5, "b": 1}]

    def test_an_array_of_more_dimensions_is_refused_and_its_rows_can_be_swept(self) -> None:
        grid = np.zeros((2, 3))
        with pytest.raises(SweepError, match=r"'a' is an array of 2 dimensions.*list\(array\)"):
            DictSweep({"a": grid})
        assert len(DictSweep({"a": list(grid)})) == 2

    def test_fixed_keeps_a_list_as_one_value(self) -> None:
        sweep = DictSweep({"layers": Fixed([64, 64]), "lr": [0.1, 0.2]})
        assert list(sweep) == [{"layers": [64, 64], "lr": 0.1}, {"layers": [64, 64], "lr": 0.2}]

    def test_fixed_keeps_anything_as_it_is(self) -> None:
        once = iter([1])
        sweep = DictSweep({"s": Fixed({1, 2}), "d": Fixed({1: [2]}), "i": Fixed(once)})
        assert list(sweep) == [{"s": {1, 2}, "d": {1: [2]}, "i": once}]

    def test_fixed_in_a_list_or_in_constants_stands_for_its_value(self) -> None:
        sweep = DictSweep({"a": [Fixed([1]), [2]]}, constants={"b": Fixed([3])})
        assert list(sweep) == [{"a": [1], "b": [3]}, {"a": [2], "b": [3]}]

    def test_a_list_in_a_list_is_a_value(self) -> None:
        assert list(DictSweep({"a": [[1, 2], [3]]})) == [{"a": [1, 2]}, {"a": [3]}]

    def test_a_dict_in_a_list_is_a_value(self) -> None:
        sweep = DictSweep({"a": [{"x": [1, 2]}, {"y": 3}]})
        assert list(sweep) == [{"a": {"x": [1, 2]}}, {"a": {"y": 3}}]

    def test_an_iterator_is_refused_because_a_sweep_is_repeatable(self) -> None:
        with pytest.raises(SweepError, match=r"'o\.a' is a generator.*Use list\(\.\.\.\)"):
            DictSweep({"o": {"a": (number for number in range(2))}})

    @pytest.mark.parametrize("values", [{1, 2}, frozenset({1}), {"x": 1}.keys()])
    def test_a_set_is_refused_because_it_has_no_order(self, values: Any) -> None:
        with pytest.raises(SweepError, match=r"'a' is a .* no order.*Use sorted\(\.\.\.\)"):
            DictSweep({"a": values})

    @pytest.mark.parametrize("values", [{"x": 1}.values(), Colour, DictSweep()])
    def test_another_iterable_is_refused_because_what_is_meant_is_not_clear(
        self, values: Any
    ) -> None:
        with pytest.raises(SweepError, match=r"'a' is a .* not a sequence.*Fixed\(\.\.\.\)"):
            DictSweep({"a": values})

    @pytest.mark.parametrize("values", [[], (), range(0), np.array([])])
    def test_no_values_are_refused_because_nothing_would_run(self, values: Any) -> None:
        with pytest.raises(SweepError, match=r"'a' has no values.*Fixed\(\[\]\)"):
            DictSweep({"a": values})

    def test_a_fixed_empty_list_is_a_value(self) -> None:
        assert list(DictSweep({"a": Fixed([])})) == [{"a": []}]


class TestNesting:
    def test_nested_dicts_stay_nested_and_their_lists_are_swept(self) -> None:
        sweep = DictSweep({"o": {"lr": [1, 2], "m": 0.9}, "w": [3, 4], "e": {}})
        assert list(sweep) == [
            {"o": {"lr": 1, "m": 0.9}, "w": 3, "e": {}},
            {"o": {"lr": 1, "m": 0.9}, "w": 4, "e": {}},
            {"o": {"lr": 2, "m": 0.9}, "w": 3, "e": {}},
            {"o": {"lr": 2, "m": 0.9}, "w": 4, "e": {}},
        ]

    def test_any_mapping_becomes_a_plain_dict(self) -> None:
        (config,) = DictSweep(OrderedDict(o=OrderedDict(a=[1])))
        assert type(config) is type(config["o"]) is dict

    def test_dicts_may_be_nested_64_deep(self) -> None:
        parameters: dict[str, Any] = {"leaf": [1, 2]}
        for _ in range(63):
            parameters = {"down": parameters}
        assert len(list(DictSweep(parameters))) == 2

    def test_a_dict_that_contains_itself_is_refused(self) -> None:
        loop: dict[str, Any] = {}
        loop["self"] = loop
        with pytest.raises(SweepError, match="under 'self' are nested deeper than 64 levels"):
            DictSweep(loop)


class TestConstants:
    def test_are_in_every_configuration_and_never_swept(self) -> None:
        sweep = DictSweep({"a": [1, 2]}, constants={"b": [3, 4]})
        assert list(sweep) == [{"a": 1, "b": [3, 4]}, {"a": 2, "b": [3, 4]}]

    def test_are_merged_into_nested_parameters(self) -> None:
        sweep = DictSweep({"o": {"lr": [1, 2]}}, constants={"o": {"m": {"x": 0}}, "s": 7})
        assert list(sweep) == [
            {"o": {"lr": 1, "m": {"x": 0}}, "s": 7},
            {"o": {"lr": 2, "m": {"x": 0}}, "s": 7},
        ]

    def test_are_not_read_as_ranges(self) -> None:
        constants = {"a": {"type": "range", "stop": 3}}
        assert list(DictSweep(constants=constants)) == [constants]

    @pytest.mark.parametrize(
        ("parameters", "constants", "key"),
        [
            ({"a": [1]}, {"a": 1}, "a"),
            ({"o": {"a": [1], "b": 2}}, {"o": {"b": 2}}, "o.b"),
            ({"o": [1]}, {"o": {"b": 2}}, "o"),
            ({"o": {"b": 2}}, {"o": 1}, "o"),
        ],
    )
    def test_may_not_set_a_key_that_parameters_set(
        self, parameters: dict[str, Any], constants: dict[str, Any], key: str
    ) -> None:
        with pytest.raises(SweepError, match="in parameters and in constants") as caught:
            DictSweep(parameters, constants=constants)
        assert vars(caught.value)["key"] == key
        assert f"'{key}'" in str(caught.value)


class TestBadInput:
    def test_an_unknown_strategy_is_refused_with_the_known_ones(self) -> None:
        with pytest.raises(SweepError, match=r"'random'. Use 'product' or 'zip', .*PRODUCT .*ZIP"):
            DictSweep({"a": [1]}, strategy="random")

    @pytest.mark.parametrize("argument", ["parameters", "constants"])
    def test_a_key_of_another_type_is_refused(self, argument: str) -> None:
        with pytest.raises(SweepError, match=r"None under 'o' is of type NoneType.*Write 'None'"):
            DictSweep(**{argument: {"o": {None: [2]}}})  # type: ignore[arg-type]

    def test_a_number_and_its_text_as_keys_are_refused(self) -> None:
        with pytest.raises(SweepError, match=r"both set 'o\.1'"):
            DictSweep({"o": {1: 2, "1": 3}})

    def test_numbers_and_bools_as_keys_become_str_as_in_params(self) -> None:
        weights = DictSweep({"weights": {0: [0.5, 1.0], True: 2}}, constants={"c": {1: 2}})
        assert [config["weights"] for config in weights] == [
            {"0": 0.5, "True": 2},
            {"0": 1.0, "True": 2},
        ]
        assert next(iter(weights))["c"] == {"1": 2}

    @pytest.mark.parametrize("argument", ["parameters", "constants"])
    def test_what_is_no_dict_is_refused(self, argument: str) -> None:
        with pytest.raises(SweepError, match=f"{argument} is a list, and must be a dict"):
            DictSweep(**{argument: [1]})  # type: ignore[arg-type]

    def test_a_where_that_cannot_be_called_is_refused(self) -> None:
        with pytest.raises(SweepError, match="where is a str, which cannot be called"):
            DictSweep({"a": [1]}, where="a > 1")  # type: ignore[arg-type]

    def test_every_refusal_is_a_value_error_of_pycaddy(self) -> None:
        assert issubclass(SweepError, ValueError)
        assert issubclass(SweepError, PycaddyError)


class TestFreshness:
    def test_a_changed_configuration_changes_no_other(self) -> None:
        sweep = DictSweep(
            {
                "o": {"lr": [1, 2], "in": {"deep": [3]}},
                "listed": [[1], [2]],
                "nested": [({"x": [1]},)],
                "fixed": Fixed({"y": [1]}),
            },
            constants={"c": [1, {"z": [2]}], "s": {3}},
        )
        untouched = pickle.loads(pickle.dumps(list(sweep)))
        for config in sweep:
            config["o"]["in"]["deep"] = config["o"]["new"] = "changed"
            config["listed"].append("changed")
            config["nested"][0]["x"].append("changed")
            config["fixed"]["y"].append("changed")
            config["c"][1]["z"].append("changed")
            config["s"].add("changed")
            config.clear()
        assert list(sweep) == untouched
        assert sweep[0] is not sweep[0]

    def test_a_list_changed_after_the_sweep_was_made_does_not_change_it(self) -> None:
        values, layers, parameters = [1, 2], [64], {"a": [0]}
        parameters["b"] = values
        sweep = DictSweep({**parameters, "c": Fixed(layers)})
        values.append(3)
        layers.append(64)
        parameters["a"].append(1)
        assert list(sweep) == [{"a": 0, "b": 1, "c": [64]}, {"a": 0, "b": 2, "c": [64]}]

    def test_an_object_that_is_no_plain_container_is_shared(self) -> None:
        weights = np.zeros(3)
        first, second = DictSweep({"a": [1, 2]}, constants={"w": weights})
        assert first["w"] is second["w"] is weights


class TestLongRanges:
    """A range longer than a block is not handed to itertools.product whole."""

    @pytest.mark.parametrize("position", [0, 1, 2])
    def test_keep_the_order_of_the_product(self, position: int) -> None:
        axes: list[Any] = [[1, 2], [3]]
        axes.insert(position, range(2 * BLOCK + 1))
        sweep = DictSweep(dict(zip("abc", axes, strict=True)))
        rows = (tuple(config.values()) for config in sweep)
        assert all(a == b for a, b in zip(rows, itertools.product(*axes), strict=True))

    def test_may_be_several(self) -> None:
        long = range(BLOCK + 1)
        sweep = DictSweep({"a": long, "b": [0, 1], "c": long})
        assert next(iter(sweep)) == {"a": 0, "b": 0, "c": 0}
        assert sweep[BLOCK + 1] == {"a": 0, "b": 1, "c": 0}
        middle = itertools.islice(sweep, BLOCK, BLOCK + 2)
        assert list(middle) == [{"a": 0, "b": 0, "c": BLOCK}, {"a": 0, "b": 1, "c": 0}]

    def test_start_at_once_however_long(self) -> None:
        sweep = DictSweep({"seed": range(10**12), "a": [1, 2]})
        assert next(iter(sweep)) == {"seed": 0, "a": 1}
        assert sweep[-1] == {"seed": 10**12 - 1, "a": 2}
        assert len(sweep) == 2 * 10**12


names = st.text(max_size=3)
leaves = st.one_of(
    st.integers(), st.text(max_size=2), st.lists(st.integers(0, 9), min_size=1, max_size=3)
)
parameters_of_any_shape = st.recursive(
    st.dictionaries(names, leaves, max_size=3),
    lambda inner: st.dictionaries(names, st.one_of(leaves, inner), max_size=3),
    max_leaves=5,
)


def written_by_hand(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """The same sweep, in the plainest way: one key after the other, the last one fastest."""
    configs: list[dict[str, Any]] = [{}]
    for key, value in parameters.items():
        options = value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            options = written_by_hand(value)
        configs = [{**config, key: option} for config in configs for option in options]
    return configs


def literally(parameters: dict[str, Any]) -> dict[str, Any]:
    """The same parameters with keys that are read back as they are, dots included."""
    return {
        dotted((key,)): literally(value) if isinstance(value, dict) else value
        for key, value in parameters.items()
    }


@given(parameters_of_any_shape)
def test_a_sweep_is_what_nested_loops_would_give(parameters: dict[str, Any]) -> None:
    sweep = DictSweep(literally(parameters))
    expected = written_by_hand(parameters)
    assert list(sweep) == expected
    assert len(sweep) == len(expected)
    assert [sweep[position] for position in range(len(sweep))] == expected
    assert [list(config) for config in sweep] == [list(parameters)] * len(expected)


@given(parameters_of_any_shape)
def test_a_pickled_sweep_is_the_same_sweep(parameters: dict[str, Any]) -> None:
    sweep = DictSweep(literally(parameters))
    copied = pickle.loads(pickle.dumps(sweep))
    assert copied == sweep
    assert list(copied) == list(sweep)


def test_no_text_of_the_user_is_evaluated() -> None:
    hostile = "x}] + [__import__('os').abort() #"
    key = dotted((hostile,))
    sweep = DictSweep({key: [hostile, "lambda: 0"], "k0": {"v0": [1]}}, constants={"fresh": 2})
    assert sweep[0] == {hostile: hostile, "k0": {"v0": 1}, "fresh": 2}
