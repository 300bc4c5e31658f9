"""Parameters that are there only where another one has a certain value."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from pycaddy.errors import SweepError
from pycaddy.sweeper import DictSweep

OPTIMIZERS = DictSweep(
    {"lr": [0.1, 0.01], "optimizer": ["sgd", "adam", "lion"], "seed": [0, 1]},
    when={"optimizer": {"sgd": {"momentum": [0.8, 0.9]}, "adam": {"beta": 0.9}}},
)


def test_only_the_configurations_with_the_value_have_the_parameter() -> None:
    assert list(OPTIMIZERS[:8]) == [
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.8, "seed": 0},
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.8, "seed": 1},
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.9, "seed": 0},
        {"lr": 0.1, "optimizer": "sgd", "momentum": 0.9, "seed": 1},
        {"lr": 0.1, "optimizer": "adam", "beta": 0.9, "seed": 0},
        {"lr": 0.1, "optimizer": "adam", "beta": 0.9, "seed": 1},
        {"lr": 0.1, "optimizer": "lion", "seed": 0},
        {"lr": 0.1, "optimizer": "lion", "seed": 1},
    ]


def test_the_length_and_every_position_are_known() -> None:
    assert len(OPTIMIZERS) == 16
    assert [OPTIMIZERS[position] for position in range(16)] == list(OPTIMIZERS)
    assert OPTIMIZERS[-1] == {"lr": 0.01, "optimizer": "lion", "seed": 1}
    many = DictSweep({"k": ["a", "b"], "x": range(10**6)}, when={"k": {"a": {"y": range(10**6)}}})
    assert len(many) == 10**12 + 10**6
    assert many[10**12] == {"k": "b", "x": 0}


def test_nested_keys_are_named_with_dots_and_stay_nested() -> None:
    sweep = DictSweep(
        {"model": {"kind": ["mlp", "cnn"], "width": 8}},
        when={"model.kind": {"cnn": {"model": {"kernel": [3, 5]}}}},
    )
    assert list(sweep) == [
        {"model": {"kind": "mlp", "width": 8}},
        {"model": {"kind": "cnn", "kernel": 3, "width": 8}},
        {"model": {"kind": "cnn", "kernel": 5, "width": 8}},
    ]


def test_what_depends_may_be_a_sweep_with_conditions_of_its_own() -> None:
    inner = DictSweep({"nesterov": [True, False]}, when={"nesterov": {True: {"momentum": [0.9]}}})
    sweep = DictSweep({"optimizer": ["sgd", "adam"]}, when={"optimizer": {"sgd": inner}})
    assert list(sweep) == [
        {"optimizer": "sgd", "nesterov": True, "momentum": 0.9},
        {"optimizer": "sgd", "nesterov": False},
        {"optimizer": "adam"},
    ]


def test_two_keys_may_each_have_others_that_depend_on_them() -> None:
    sweep = DictSweep(
        {"a": [0, 1], "b": [0, 1]}, when={"a": {1: {"x": [1, 2]}}, "b": {1: {"y": [3]}}}
    )
    assert len(sweep) == len(list(sweep)) == (1 + 2) * (1 + 1)
    assert sweep[-1] == {"a": 1, "x": 2, "b": 1, "y": 3}


def test_a_constant_may_decide_and_true_is_not_one() -> None:
    sweep = DictSweep({"a": [1, 2]}, constants={"b": 1}, when={"b": {1: {"c": [3]}}})
    assert list(sweep) == [{"a": 1, "b": 1, "c": 3}, {"a": 2, "b": 1, "c": 3}]
    with pytest.raises(SweepError, match="never is"):
        DictSweep({"b": 1}, when={"b": {True: {"c": [3]}}})


def test_a_condition_whose_sweep_has_a_where_has_no_length() -> None:
    some = DictSweep({"m": [1, 2]}, where=lambda config: config["m"] > 1)
    sweep = DictSweep({"a": [0, 1]}, when={"a": {1: some}})
    assert list(sweep) == [{"a": 0}, {"a": 1, "m": 2}]
    with pytest.raises(SweepError, match="count"):
        len(sweep)


def test_where_sees_the_whole_configuration() -> None:
    sweep = DictSweep(
        {"a": [0, 1]}, when={"a": {1: {"m": [1, 2]}}}, where=lambda c: c.get("m") != 1
    )
    assert list(sweep) == [{"a": 0}, {"a": 1, "m": 2}]


def test_a_changed_configuration_changes_no_other() -> None:
    sweep = DictSweep({"a": [[1], [2]]}, when={})
    for config in sweep:
        config["a"].append("changed")
    assert list(sweep) == [{"a": [1]}, {"a": [2]}]


def test_a_pickled_one_is_equal_and_the_conditions_count() -> None:
    copied = pickle.loads(pickle.dumps(OPTIMIZERS))
    assert copied == OPTIMIZERS
    assert list(copied) == list(OPTIMIZERS)
    assert DictSweep({"a": [0, 1]}, when={"a": {1: {"b": [1]}}}) != DictSweep({"a": [0, 1]})
    assert repr(OPTIMIZERS) == "DictSweep(lr: 2, optimizer: 3, seed: 2; 16 configurations)"


def test_no_other_sweep_of_a_chain_may_set_a_key_that_depends() -> None:
    with pytest.raises(SweepError, match="'momentum'"):
        OPTIMIZERS * DictSweep({"momentum": [0.5]})


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (
            {"optimiser": {"sgd": {"m": [1]}}},
            "names 'optimiser', which is not a parameter. Use 'lr'",
        ),
        ({"o": {"sdg": {"m": [1]}}}, "names 'sdg', which 'o' never is. Use 'sgd', 'adam'"),
        ({"o": {"sgd": {"lr": [1]}}}, "'lr' depends on 'o' in when, and is set elsewhere too"),
        ({"o": {"sgd": {"o": [1]}}}, "'o'"),
        ({"o": {"sgd": {"m": [1]}}, "lr": {1: {"m": [1]}}}, "'m' depends on 'lr'"),
        ({"o": {"sgd": [1]}}, "must be a dict of parameters or a sweep"),
        ({"o": ["sgd"]}, "must be a dict from values to what they add"),
        ([], "must be a dict of dicts"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(when: Any, message: str) -> None:
    with pytest.raises(SweepError) as caught:
        DictSweep({"lr": [1, 2], "o": ["sgd", "adam"]}, when=when)
    assert message in str(caught.value)


def test_zip_has_no_conditions_and_says_what_to_write() -> None:
    with pytest.raises(SweepError, match=r"DictSweep\(\.\.\., strategy='zip'\) \*"):
        DictSweep({"a": [1]}, strategy="zip", when={"a": {1: {"b": [1]}}})
