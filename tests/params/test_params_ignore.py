"""Keys that have no part in the key."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from omegaconf import OmegaConf

from pycaddy.errors import ParamsError, ParamsTooLargeError
from pycaddy.params import MAX_BYTES, freeze, thaw
from tests.params.strategies import plain_mappings


def train() -> None: ...


class Logger:
    pass


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
    assert freeze({"c": Config()}, ignore=["c.logger"]).key == freeze({"c": {"lr": 0.1}}).key
    config = OmegaConf.create({"a": {"b": 1, "c": 2}})
    assert freeze(config, ignore=["a.b"]).key == freeze({"a": {"c": 2}}).key


STAND_INS: dict[str, tuple[Any, Any]] = {
    "a function": (train, "<function train>"),
    "a class": (Logger, "<class Logger>"),
    "an object": (Logger(), "<Logger>"),
    "a namespace": (SimpleNamespace(a=1), "<SimpleNamespace>"),
    "a module": (np, "<module numpy>"),
    "a complex number": (1j, "<complex>"),
    "a generator": ((i for i in "ab"), "<generator>"),
    "a list of what has no form": ([1, train], "<list>"),
    "a dict of what has no form": ({"a": train, 1: 2}, "<dict>"),
    "a text with a NUL": ("a\0", "<str>"),
    "an int of too many digits": (10**5000, "<int>"),
    "a large array": (np.zeros((2000, 1000)), "<ndarray>"),
    "a text beyond the limit": ("x" * MAX_BYTES, "<str>"),
    "a list a little beyond the limit": ([0.123456789] * 100_000, "<list>"),
    "a missing value": (OmegaConf.create({"a": "???"}), "<DictConfig>"),
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
