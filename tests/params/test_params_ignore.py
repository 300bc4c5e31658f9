"""Keys that have no part in the key."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from ml_collections import ConfigDict
from ml_collections.config_dict import required_placeholder
from omegaconf import OmegaConf

from pycaddy.errors import ParamsError, ParamsTooLargeError
from pycaddy.params import MAX_BYTES, freeze, thaw
from tests.params.strategies import plain_mappings


def train() -> None: ...


class Logger:
    pass


class Unreadable:
    shape = ()
    dtype = "float"

    def tolist(self) -> Any:
        raise RuntimeError("on the GPU")


@dataclass
class Unset:
    a: int = 1
    b: int = field(init=False)


@dataclass
class Config:
    lr: float = 0.1
    logger: Any = field(default_factory=Logger)


def test_an_ignored_key_is_kept_and_has_no_part_in_the_key() -> None:
    frozen = freeze({"lr": 0.1, "verbose": True}, ignore=["verbose"])
    assert frozen.plain == {"lr": 0.1, "verbose": True}
    assert thaw(frozen.text) == frozen.plain
    assert frozen.key == freeze({"lr": 0.1}).key


def test_a_dotted_path_ignores_a_nested_key() -> None:
    one = freeze({"opt": {"lr": 0.1, "seed": 1}}, ignore=["opt.seed"])
    other = freeze({"opt": {"lr": 0.1, "seed": 2}}, ignore=["opt.seed"])
    assert one.key == other.key == freeze({"opt": {"lr": 0.1}}).key


def test_a_nested_key_needs_its_path() -> None:
    params = {"opt": {"seed": 1}}
    assert freeze(params, ignore=["seed"]).key == freeze(params).key


def test_a_key_with_a_dot_is_ignored_by_its_name() -> None:
    assert freeze({"opt.seed": 1, "a": 1}, ignore=["opt.seed"]).key == freeze({"a": 1}).key


def test_names_that_match_nothing_change_nothing() -> None:
    params = {"lr": 0.1, "list": [{"a": 1}]}
    ignore = {"", ".", "lr.", ".lr", "lr.a", "list.0.a", "absent"}
    assert freeze(params, ignore=ignore).key == freeze(params).key


def test_fields_are_ignored_as_keys_are() -> None:
    assert freeze(Config(), ignore=["logger"]).key == freeze({"lr": 0.1}).key
    kept = {"c": {"__class__": "Config", "lr": 0.1}}
    assert freeze({"c": Config()}, ignore=["c.logger"]).key == freeze(kept).key
    config = OmegaConf.create({"a": {"b": 1, "c": 2}})
    assert freeze(config, ignore=["a.b"]).key == freeze({"a": {"c": 2}}).key


STAND_INS: dict[str, tuple[Any, Any]] = {
    "a function": (train, "<function train>"),
    "a class": (Logger, "<class Logger>"),
    "an object": (Logger(), "<Logger>"),
    "a namespace with an object": (SimpleNamespace(a=Logger()), {"a": "<Logger>"}),
    "a module": (np, "<module numpy>"),
    "a complex number": (1j, "<complex>"),
    "a generator": ((i for i in "ab"), "<generator>"),
    "a list with a function": ([1, train], [1, "<function train>"]),
    "a dict with a function": ({"a": {"b": train}, 1: 2}, {"a": {"b": "<function train>"}, "1": 2}),
    "a dict with a key that has no form": ({"a": {None: 1}, "b": 2}, {"a": "<dict>", "b": 2}),
    "a text with a NUL": ("a\0", "<str>"),
    "an int of too many digits": (10**5000, "<int>"),
    "a large array": (np.zeros((2000, 1000)), "<ndarray>"),
    "a text beyond the limit": ("x" * MAX_BYTES, "<str>"),
    "a list a little beyond the limit": ([0.123456789] * 100_000, "<list>"),
    "a missing value": (OmegaConf.create({"a": "???", "b": 1}), {"a": "???", "b": 1}),
    "a missing value in a list": (OmegaConf.create(["???", 1]), ["???", 1]),
    "a value that refers to nothing": (OmegaConf.create({"a": "${x.y}"}), {"a": "${x.y}"}),
    "a field that was never set": (Unset(), {"__class__": "Unset", "a": 1, "b": "<unreadable>"}),
    "an array that cannot be read": (Unreadable(), "<Unreadable>"),
}


@pytest.mark.parametrize(("value", "stand_in"), STAND_INS.values(), ids=STAND_INS)
def test_what_cannot_be_kept_is_kept_as_what_it_is(value: Any, stand_in: str) -> None:
    frozen = freeze({"lr": 0.1, "it": value, "n": {"it": value}}, ignore=["it", "n.it"])
    expected = {"lr": 0.1, "it": stand_in, "n": {"it": stand_in}}
    assert thaw(frozen.text) == frozen.plain == expected
    assert frozen.key == freeze({"lr": 0.1, "n": {}}).key


def test_what_can_be_kept_is_kept_as_ever() -> None:
    params = {"it": np.float32(0.5), "n": {"it": {"a": (1, 2)}}}
    assert freeze(params, ignore=["it", "n.it"]).text == freeze(params).text


UNREADABLE: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "a missing value": (OmegaConf.create({"lr": 1, "a": "???"}), "a", {"lr": 1, "a": "???"}),
    "a missing value below": (
        {"lr": 1, "opt": OmegaConf.create({"a": "???", "wd": 2})},
        "opt.a",
        {"lr": 1, "opt": {"a": "???", "wd": 2}},
    ),
    "an interpolation that fails": (
        OmegaConf.create({"lr": 1, "a": "${oc.env:PYCADDY_IS_NEVER_SET}"}),
        "a",
        {"lr": 1, "a": "${oc.env:PYCADDY_IS_NEVER_SET}"},
    ),
    "a required value of a ConfigDict": (
        ConfigDict({"lr": 1, "a": required_placeholder(int)}),
        "a",
        {"a": "<unreadable>", "lr": 1},
    ),
    "a field that was never set": (Unset(), "b", {"a": 1, "b": "<unreadable>"}),
    "a mapping with keys that clash": (
        {"lr": 1, "a": {1: 2, "1": 3}},
        "a",
        {"lr": 1, "a": "<dict>"},
    ),
}


@pytest.mark.parametrize(("params", "name", "kept"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_ignored_need_not_be_readable(params: Any, name: str, kept: Any) -> None:
    with pytest.raises(ParamsError, match=re.escape(f"ignore=['{name}']") + "|two keys"):
        freeze(params)
    frozen = freeze(params, ignore=[name])
    assert frozen.plain == kept
    assert frozen.key == freeze(kept, ignore=[name]).key


def test_ignoring_does_not_make_room_for_other_values() -> None:
    with pytest.raises(ParamsTooLargeError, match=r"look at params\['kept'\]"):
        freeze({"it": train, "kept": "x" * MAX_BYTES}, ignore=["it"])
    with pytest.raises(ParamsTooLargeError, match=r"look at params\['it'\]"):
        freeze({"it": "x" * 900_000, "kept": "x" * 200_000}, ignore=["it"])


def test_ignoring_one_key_does_not_excuse_another() -> None:
    with pytest.raises(ParamsError, match=r"params\['b'\] is <function train>"):
        freeze({"a": train, "b": train}, ignore=["a"])


@given(plain_mappings, plain_mappings)
def test_ignored_keys_never_change_the_key(values: Any, ignored: Any) -> None:
    together = {**values, **ignored}
    rest = {key: value for key, value in values.items() if key not in ignored}
    alone = {key: value for key, value in rest.items() if not inside(key, ignored)}
    if alone == rest:
        assert freeze(together, ignore=ignored.keys()).key == freeze(rest).key


def inside(key: str, names: Any) -> bool:
    return any(name.startswith(key + ".") for name in names)
