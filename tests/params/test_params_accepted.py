"""What users pass beside plain JSON, and what they find of it."""

from __future__ import annotations

import argparse
import math
from array import array
from collections import ChainMap, OrderedDict, UserDict, UserString, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import MappingProxyType, SimpleNamespace
from typing import Any
from uuid import UUID

import attrs
import jsonargparse
import msgspec
import numpy as np
import pandas as pd
import pydantic
import pytest
from ml_collections import ConfigDict, FrozenConfigDict
from ml_collections.config_dict import placeholder
from omegaconf import OmegaConf

from pycaddy.params import MAX_BYTES, MAX_DEPTH, Params, dump, freeze, plain, thaw, thaw_many


class Act(Enum):
    RELU = "relu"
    PAIR = (1, 2)


class Level(IntEnum):
    LOW = 1


class Bits(IntFlag):
    A = auto()
    B = auto()


class Perm(Flag):
    R = auto()
    W = auto()


class Birth(date, Enum):
    DAY = (2024, 2, 29)


class Name(StrEnum):
    LR = "lr"


class OldName(str, Enum):  # noqa: UP042
    LR = "lr"


class Loud(str):
    def __str__(self) -> str:
        return self.upper()


class Whole(int):
    pass


class Part(float):
    pass


class Tensor:
    """What torch and jax have in common with numpy."""

    def __init__(self, values: Any, *shape: int) -> None:
        self.values = values
        self.shape = shape

    @property
    def dtype(self) -> str:
        return "bfloat16"

    def tolist(self) -> Any:
        return self.values


@dataclass
class Optimizer:
    name: str
    betas: tuple[float, ...] = (0.9, 0.999)
    steps: int = field(default=3, init=False, repr=False)


@attrs.define
class Data:
    path: PurePosixPath
    _seed: int = 0


class Model(pydantic.BaseModel):
    layers: list[int]
    act: Act = Act.RELU


class Encoder(msgspec.Struct):
    path: PurePosixPath


def referring() -> ConfigDict:
    config = ConfigDict({"a": 1})
    config.b = config.get_ref("a")
    config.c = placeholder(int)
    return config


Point = namedtuple("Point", "x y")

PLUS_TWO = timezone(timedelta(hours=2))


class Summer(tzinfo):
    """A zone that cannot say what a time means without its day."""

    def utcoffset(self, at: datetime | None) -> timedelta | None:
        return None if at is None else timedelta(hours=2 if 3 < at.month < 10 else 1)

    def dst(self, at: datetime | None) -> timedelta | None:
        return None

    def tzname(self, at: datetime | None) -> str:
        return "summer"


ACCEPTED = {
    "a tuple": ((1, (2,)), [1, [2]]),
    "a named tuple": (Point(1, 2), {"__class__": "Point", "x": 1, "y": 2}),
    "a deque": (deque([1, 2]), [1, 2]),
    "a range": (range(0, 6, 2), [0, 2, 4]),
    "an array of the standard library": (array("d", [0.5]), [0.5]),
    "a set": ({3, 20, 1}, [1, 20, 3]),
    "a frozenset of tuples": (frozenset({(2, 1), (1, 2)}), [[1, 2], [2, 1]]),
    "the keys of a dict": ({"b": 1, "a": 2}.keys(), ["a", "b"]),
    "bytes": (b"\x00\xff\xfe", "AP/+"),
    "a bytearray": (bytearray(b"a"), "YQ=="),
    "a memoryview": (memoryview(b"abcd")[::2], "YWM="),
    "a path": (PurePosixPath("data/train"), "data/train"),
    "a Windows path": (PureWindowsPath("data\\train"), "data/train"),
    "an enum": (Act.RELU, "relu"),
    "an enum of a tuple": (Act.PAIR, "Act.PAIR"),
    "a member of a flag": (Perm.R | Perm.W, "Perm.R|W"),
    "no member of a flag": (Perm(0), "Perm.0"),
    "an enum that is its value": (Birth.DAY, "2024-02-29"),
    "an int enum": (Level.LOW, 1),
    "an int flag": (Bits.A | Bits.B, 3),
    "a str enum": (Name.LR, "lr"),
    "a str subclass": (Loud("a"), "a"),
    "an int subclass": (Whole(3), 3),
    "a float subclass": (Part(0.5), 0.5),
    "a date": (date(2024, 2, 29), "2024-02-29"),
    "a naive datetime": (datetime(2024, 2, 29, 12), "2024-02-29T12:00:00"),  # noqa: DTZ001
    "an aware datetime": (datetime(2024, 3, 1, 1, tzinfo=PLUS_TWO), "2024-02-29T23:00:00+00:00"),
    "microseconds": (datetime(2024, 1, 1, 0, 0, 0, 5, UTC), "2024-01-01T00:00:00.000005+00:00"),
    "a naive time": (time(1, 2, 3), "01:02:03"),
    "an aware time": (time(1, tzinfo=PLUS_TWO), "23:00:00+00:00"),
    "a time that needs its day": (time(1, tzinfo=Summer()), "01:00:00"),
    "a decimal": (Decimal("1.500"), "1.5"),
    "a large decimal": (Decimal("100"), "1E+2"),
    "a decimal of many digits": (Decimal("1234567890" * 5 + ".10"), "1234567890" * 5 + ".1"),
    "a huge decimal": (Decimal("1E+9999999"), "1E+9999999"),
    "a negative zero decimal": (Decimal("-0.00"), "0"),
    "a decimal that is no number": (Decimal("sNaN12"), "NaN"),
    "an infinite decimal": (Decimal("-Infinity"), "-Infinity"),
    "a UUID": (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    "a numpy int": (np.int64(3), 3),
    "a numpy bool": (np.bool_(True), True),
    "a numpy string": (np.str_("é"), "é"),
    "numpy bytes": (np.bytes_(b"a"), "YQ=="),
    "a numpy half": (np.float16(0.1), 0.0999755859375),
    "a numpy double": (np.float64(0.1), 0.1),
    "a numpy date": (np.datetime64("2024-02-29"), "2024-02-29"),
    "a numpy time": (np.datetime64("2024-02-29T12:00", "us"), "2024-02-29T12:00:00"),
    "a numpy array": (np.array([[1, 2], [3, 4]], np.int8), [[1, 2], [3, 4]]),
    "a numpy array without a shape": (np.array(0.5), 0.5),
    "an empty numpy array": (np.zeros((2, 0)), [[], []]),
    "a numpy array of objects": (np.array([{"a": Act.RELU}, None]), [{"a": "relu"}, None]),
    "a numpy array of dates": (np.array(["2024-02-29"], "M8[D]"), ["2024-02-29"]),
    "a tensor": (Tensor([[0.5], [1.5]], 2, 1), [[0.5], [1.5]]),
    "a tensor without a shape": (Tensor(2), 2),
    "an ordered dict": (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "a default dict": (defaultdict(int, a=1), {"a": 1}),
    "a user dict": (UserDict(a=1), {"a": 1}),
    "a chain map": (ChainMap({"a": 1}, {"a": 2, "b": 3}), {"a": 1, "b": 3}),
    "a mapping proxy": (MappingProxyType({"a": 1}), {"a": 1}),
    "keys of a str enum": ({Name.LR: 1}, {"lr": 1}),
    "keys of an old str enum": ({OldName.LR: 1}, {"lr": 1}),
    "keys of a str subclass": ({np.str_("a"): 1, Loud("b"): 2}, {"a": 1, "b": 2}),
    "a mapping with numbers and bools as keys": (
        {0: "a", np.int64(1): "b", Level.LOW: "c"} | {True: "d"},
        {"0": "a", "1": "d"},
    ),
    "a bool as a key": ({True: 1, np.False_: 2}, {"True": 1, "False": 2}),
    "a dataclass": (
        Optimizer("adam"),
        {"__class__": "Optimizer", "name": "adam", "betas": [0.9, 0.999], "steps": 3},
    ),
    "an attrs instance": (
        Data(PurePosixPath("a")),
        {"__class__": "Data", "path": "a", "_seed": 0},
    ),
    "a pydantic model": (
        Model(layers=[1]),
        {"__class__": "Model", "layers": [1], "act": "relu"},
    ),
    "a msgspec struct": (Encoder(PurePosixPath("a")), {"__class__": "Encoder", "path": "a"}),
    "a namespace of argparse": (
        argparse.Namespace(lr=0.1, b=SimpleNamespace(c=1)),
        {"lr": 0.1, "b": {"c": 1}},
    ),
    "a simple namespace": (SimpleNamespace(lr=0.1), {"lr": 0.1}),
    "a ConfigDict": (ConfigDict({"a": 1, "b": {"c": (2,)}}), {"a": 1, "b": {"c": [2]}}),
    "a frozen ConfigDict": (FrozenConfigDict({"a": [1], "b": {"c": 2}}), {"a": [1], "b": {"c": 2}}),
    "a reference in a ConfigDict": (referring(), {"a": 1, "b": 1, "c": None}),
    "a duration": (timedelta(hours=1, microseconds=5), 3600.000005),
    "a numpy duration": (np.timedelta64(90, "m"), 5400.0),
    "a pandas duration": (pd.Timedelta("1.5s"), 1.5),
    "a numpy date that is not a time": (np.datetime64("NaT"), "NaT"),
    "numpy dates that are not a time": (
        np.array([["NaT", "2024-01-01"]], "M8[D]"),
        [["NaT", "2024-01-01"]],
    ),
    "a pandas date that is not a time": (pd.NaT, "NaT"),
    "a series with labels": (pd.Series({"b": 1.5, "a": 2.0}), {"b": 1.5, "a": 2.0}),
    "a series with numbers as labels": (pd.Series([1, 2], index=[5, 0]), {"5": 1, "0": 2}),
    "a series without labels": (pd.Series([1, 2]), [1, 2]),
    "a series with labels like those of one without": (pd.Series([1, 2], index=[0, 1]), [1, 2]),
    "an empty series": (pd.Series([], dtype=float), []),
    "an index": (pd.Index(["a", "b"]), ["a", "b"]),
    "a memoryview of numbers": (memoryview(array("d", [0.5])), [0.5]),
    "a user string": (UserString("ab"), "ab"),
    "an OmegaConf list": (OmegaConf.create([1, [2, {"a": None}]]), [1, [2, {"a": None}]]),
    "an OmegaConf dict": (
        OmegaConf.create({"lr": 0.1, "double": {"lr": "${lr}"}}),
        {"lr": 0.1, "double": {"lr": 0.1}},
    ),
}


def types_in(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {dict}.union(*map(types_in, value), *map(types_in, value.values()))
    if isinstance(value, list):
        return {list}.union(*map(types_in, value))
    return {type(value)}


def without_class(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_class(item) for key, item in value.items() if key != "__class__"}
    return value


@pytest.mark.parametrize(("value", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_value_is_kept_as(value: Any, expected: Any) -> None:
    frozen = freeze({"p": value})
    assert frozen.plain == {"p": expected}
    assert frozen.key == freeze({"p": expected}).key
    assert thaw(frozen.text) == frozen.plain
    assert plain(value) == without_class(expected)
    assert types_in(frozen.plain) <= {dict, list, str, int, float, bool, type(None)}


@pytest.mark.parametrize(
    "params",
    [
        Optimizer("adam"),
        Data(PurePosixPath("a")),
        Model(layers=[1]),
        OmegaConf.create({"a": {"b": [1]}}),
        UserDict(a=1),
        Encoder(PurePosixPath("a")),
        Point(1, 2),
        SimpleNamespace(a=1),
        argparse.Namespace(a=1),
        ConfigDict({"a": 1}),
        pd.Series({"a": 1}),
    ],
    ids=lambda params: type(params).__name__,
)
def test_params_themselves_may_be(params: Any) -> None:
    assert freeze(params) == freeze(plain(params))


def test_a_namespace_of_jsonargparse_is_what_its_parser_read(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("lr: 0.5\nopt: {wd: 0.1}\n")
    parser = jsonargparse.ArgumentParser()
    parser.add_argument("--lr", type=float)
    parser.add_argument("--opt.wd", type=float)
    assert freeze(parser.parse_path(config)).plain == {"lr": 0.5, "opt": {"wd": 0.1}}
    defaults = jsonargparse.ArgumentParser(default_config_files=[str(config)])
    defaults.add_argument("--lr", type=float)
    defaults.add_argument("--opt.wd", type=float)
    assert "__default_config__" in vars(defaults.get_defaults())
    assert freeze(defaults.get_defaults()).plain == {"lr": 0.5, "opt": {"wd": 0.1}}
    parser.add_argument("--config", action="config")
    assert freeze(parser.parse_args([f"--config={config}"])).plain == {
        "lr": 0.5,
        "opt": {"wd": 0.1},
        "config": [str(config)],
    }


def test_no_params_are_empty_params() -> None:
    assert freeze(None).plain == {}
    assert freeze(None).text == "{}"
    assert freeze(None).key == freeze({}).key
    assert len(freeze(None).key) == 64


def test_a_text_keeps_the_order_and_the_types_that_were_written() -> None:
    frozen = freeze({"b": 1.0, "a": {"d": -0.0, "c": True}, "é": 'x"\n'})
    assert frozen.text == '{"b":1.0,"a":{"d":-0.0,"c":true},"é":"x\\"\\n"}'


def test_not_a_number_and_the_infinities_are_stored_as_strict_json() -> None:
    frozen = freeze({"a": math.nan, "b": [math.inf, -math.inf]})
    assert frozen.text == (
        '{"a":{"__float__":"nan"},"b":[{"__float__":"inf"},{"__float__":"-inf"}]}'
    )
    thawed = thaw(frozen.text)
    assert math.isnan(thawed["a"])
    assert thawed["b"] == [math.inf, -math.inf]


def test_every_nan_is_the_same() -> None:
    assert freeze({"a": math.nan}).key == freeze({"a": -np.float32("nan")}).key
    assert freeze({"a": math.nan}).key != freeze({"a": "nan"}).key


def test_a_text_that_speaks_of_the_tag_is_only_a_text() -> None:
    frozen = freeze({"a": "__float__", "b": {"c": math.inf}})
    assert thaw(frozen.text) == {"a": "__float__", "b": {"c": math.inf}}


def test_the_forms_of_nothing_differ() -> None:
    nothings: list[Any] = [None, "", {}, [], 0, False, math.nan]
    assert len({freeze({"a": nothing}).key for nothing in nothings} | {freeze({}).key}) == 8


def test_true_is_not_one() -> None:
    assert freeze({"a": True}).key != freeze({"a": 1}).key
    assert freeze({"a": np.True_}).key == freeze({"a": True}).key


def test_a_single_precision_number_is_not_the_double_of_the_same_name() -> None:
    assert freeze({"lr": np.float32(0.1)}).key != freeze({"lr": 0.1}).key
    assert freeze({"lr": np.float32(0.5)}).key == freeze({"lr": 0.5}).key


def test_equal_decimals_have_one_key() -> None:
    assert len({freeze({"a": Decimal(text)}).key for text in ("1", "1.0", "1.00", "10E-1")}) == 1


def test_one_instant_has_one_key_in_every_zone() -> None:
    hours = {UTC: 12, PLUS_TWO: 14, Summer(): 14}
    instants = [datetime(2024, 6, 1, hour, tzinfo=zone) for zone, hour in hours.items()]
    assert len({freeze({"at": at}).key for at in instants}) == 1


def test_the_decimal_context_of_the_caller_does_not_round() -> None:
    value = Decimal("0.12345678901234567890123456789012345678900")
    assert plain(value) == "0.123456789012345678901234567890123456789"


def test_integers_keep_every_digit() -> None:
    large = 10**4299 + 7
    assert thaw(freeze({"n": large, "m": -large}).text) == {"n": large, "m": -large}


def test_what_the_caller_changes_later_changes_nothing() -> None:
    inner = {"layers": [1, 2]}
    outer = [inner]
    frozen = freeze({"model": inner, "list": outer})
    inner["layers"].append(3)
    outer.clear()
    assert frozen.plain == {"model": {"layers": [1, 2]}, "list": [{"layers": [1, 2]}]}
    frozen.plain["model"]["layers"].append(4)
    assert frozen.plain["list"] == [{"layers": [1, 2]}]


def test_params_are_equal_when_their_keys_are() -> None:
    assert freeze({"a": 1, "b": 2}) == freeze({"b": 2.0, "a": 1})
    assert len({freeze({"a": 1}), freeze({"a": 1.0}), freeze({"a": True})}) == 2
    assert isinstance(freeze({}), Params)


def test_sixty_four_levels_are_not_too_deep() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert thaw(freeze({"a": value}).text) == {"a": value}


def test_a_text_of_exactly_the_limit_is_not_too_large() -> None:
    params = {"a": "x" * (MAX_BYTES - len('{"a":""}'))}
    assert len(freeze(params).text) == MAX_BYTES


def test_a_part_may_occur_more_than_once() -> None:
    part = {"a": [1]}
    assert freeze({"x": part, "y": [part, part]}).plain == {"x": part, "y": [part, part]}


def test_any_value_can_be_dumped() -> None:
    assert dump((1, math.inf)) == '[1,{"__float__":"inf"}]'
    assert dump("é") == '"é"'
    assert thaw(dump({"loss": np.float32(0.5)})) == {"loss": 0.5}


def test_no_texts_thaw_to_no_params() -> None:
    assert thaw_many([]) == []


def test_texts_that_only_fit_together_are_not_thawed() -> None:
    with pytest.raises(ValueError, match="2 texts hold 1 JSON values"):
        thaw_many(['{"a":1', '"b":2}'])


def test_a_text_that_is_not_json_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        thaw("{")
    with pytest.raises(ValueError):
        thaw_many(["{}", "{"])
