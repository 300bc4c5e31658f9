"""Different values have different keys, except for those that docs/params.md calls equal."""

from __future__ import annotations

import argparse
from collections import deque, namedtuple
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag, IntEnum, StrEnum, auto
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import attrs
import msgspec
import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pycaddy.errors import ParamsError
from pycaddy.params import freeze


class Optimizer(Enum):
    ADAM = auto()
    SGD = auto()


class Schedule(Enum):
    ADAM = auto()
    COSINE = auto()


class Access(Flag):
    R = auto()
    W = auto()


class Level(IntEnum):
    LOW = auto()
    HIGH = auto()


class Text(StrEnum):
    A = auto()
    B = auto()


@dataclass
class Adam:
    lr: Any = 0.1


@dataclass
class SGD:
    lr: Any = 0.1


class Child(Adam):
    pass


@attrs.define
class AttrsAdam:
    lr: Any = 0.1


@attrs.define
class AttrsSGD:
    lr: Any = 0.1


class Base(pydantic.BaseModel):
    pass


class ModelAdam(Base):
    lr: Any = 0.1


class ModelSGD(Base):
    lr: Any = 0.1


class Training(pydantic.BaseModel):
    optimizer: Base
    """Of a subclass: what `model_dump` does not look at."""


class Items(pydantic.RootModel[Any]):
    pass


class OtherItems(pydantic.RootModel[Any]):
    pass


class StructAdam(msgspec.Struct):
    lr: Any = 0.1


class StructSGD(msgspec.Struct):
    lr: Any = 0.1


class Point(NamedTuple):
    x: Any
    y: Any


Size = namedtuple("Size", "width height")


@dataclass
class Twice(dict[str, int]):
    lr: float = 0.1


def models() -> list[tuple[Any, Any]]:
    return [
        (Adam(), SGD()),
        (Adam(), Child()),
        (AttrsAdam(), AttrsSGD()),
        (ModelAdam(), ModelSGD()),
        (StructAdam(), StructSGD()),
        (Training(optimizer=ModelAdam()), Training(optimizer=ModelSGD())),
        (Training(optimizer=ModelAdam()), Training(optimizer=ModelAdam(lr=0.2))),
        (Items([1]), OtherItems([1])),
        (Point(1, 2), Size(1, 2)),
    ]


PAIRS: dict[str, tuple[Any, Any]] = {
    **{f"{one!r} and {other!r}": (one, other) for one, other in models()},
    "a dataclass and its subclass in a list": ([Adam()], [Child()]),
    "a dataclass in a dataclass": (Adam(Adam()), Adam(SGD())),
    "dataclasses that are mappings": (Twice(0.1), Twice(0.2)),
    "members of two enums": (Optimizer.ADAM, Schedule.ADAM),
    "members of one enum": (Optimizer.ADAM, Optimizer.SGD),
    "members of a flag": (Access.R, Access.R | Access.W),
    "a member and its value": (Optimizer.ADAM, 1),
    "series of other labels": (pd.Series({"a": 1, "b": 2}), pd.Series({"a": 1, "c": 2})),
    "series with labels in turn": (
        pd.Series([1, 2], index=[0, 1]),
        pd.Series([1, 2], index=[1, 0]),
    ),
    "a series with labels and one without": (pd.Series({"a": 1}), pd.Series([1])),
    "a time that is not a time and None": (np.datetime64("NaT"), None),
    "a pandas time that is not a time and None": (pd.NaT, None),
    "a duration that is not a time and None": (np.timedelta64("NaT"), None),
    "dates with a gap": (np.array(["NaT"], "M8[D]"), np.array([None])),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_these_are_different_configurations(one: Any, other: Any) -> None:
    assert freeze({"p": one}).key != freeze({"p": other}).key
    assert freeze({"p": [one]}).key != freeze({"p": [other]}).key


def test_the_class_of_the_params_themselves_does_not_count() -> None:
    assert freeze(Adam()).plain == freeze(SGD()).plain == {"lr": 0.1}


def test_a_member_of_a_str_enum_is_its_value_and_one_of_an_int_enum_its_number() -> None:
    assert freeze({"a": Text.A, "b": Level.LOW}).plain == {"a": "a", "b": 1}


def test_frozen_again_a_value_keeps_its_class() -> None:
    frozen = freeze({"opt": Adam(Point(1, Optimizer.SGD))})
    assert freeze(frozen.plain).key == frozen.key
    assert frozen.plain == {
        "opt": {
            "__class__": "Adam",
            "lr": {"__class__": "Point", "x": 1, "y": "Optimizer.SGD"},
        }
    }


def test_a_field_cannot_take_the_place_of_the_class() -> None:
    class Open(pydantic.BaseModel, extra="allow"):
        lr: float = 0.1

    with pytest.raises(ParamsError, match="two keys that are both written '__class__'"):
        freeze({"opt": Open.model_validate({"__class__": "Adam"})})


class Written(pydantic.BaseModel):
    secret: str = pydantic.Field("x", exclude=True)
    lr: float = 0.5
    wd: float = 0.25

    @pydantic.field_serializer("lr")
    def _percent(self, value: float) -> str:
        return f"{value:.0%}"

    @pydantic.computed_field
    def sum(self) -> float:
        return self.lr + self.wd


class WrittenWhole(pydantic.BaseModel):
    lr: float = 0.5

    @pydantic.model_serializer
    def _whole(self) -> dict[str, Any]:
        return {"rate": self.lr}


def test_a_model_is_kept_as_it_says_that_it_is_written() -> None:
    assert freeze(Written()).plain == {"lr": "50%", "wd": 0.25, "sum": 0.75}
    assert freeze(WrittenWhole()).plain == {"rate": 0.5}
    assert freeze(Items({"a": 1})).plain == {"root": {"a": 1}}


# Values of one group may count as equal though Python says that they are not: the page lists them.
# Values of different groups never do.
texts = st.one_of(
    st.text("ab1-", max_size=2),
    st.text("ab", min_size=1, max_size=2).map(PurePosixPath),
    st.binary(max_size=1),
    st.dates(date(2024, 1, 1), date(2024, 1, 2)),
    st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1)),  # noqa: DTZ001
    st.just(time(1)),
    st.sampled_from([Decimal("1"), Decimal("1.0"), Decimal("2")]),
    st.just(UUID(int=1)),
    st.sampled_from([*Optimizer, *Schedule, *Access, *Text]),
    st.sampled_from([np.datetime64("NaT"), pd.NaT, np.timedelta64("NaT")]),
)
numbers = st.one_of(
    st.integers(0, 2),
    st.floats(0, 2, width=16),
    st.integers(0, 2).map(np.int8),
    st.integers(0, 2).map(lambda number: timedelta(seconds=number)),
    st.sampled_from(Level),
)
bools = st.booleans() | st.booleans().map(np.bool_)
leaves = st.none() | bools | numbers | texts


def listed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    items = st.lists(inner, max_size=2)
    arrays = st.lists(st.integers(0, 1), max_size=2).map(np.array)
    return items | items.map(tuple) | items.map(deque) | arrays | arrays.map(pd.Series)


def mapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(["a", "b", 0, 1])
    dicts = st.dictionaries(keys, inner, max_size=2)
    named = st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    series = st.dictionaries(keys, st.integers(0, 1), min_size=1, max_size=2).map(pd.Series)
    spaces = named.map(lambda fields: SimpleNamespace(**fields))
    return dicts | spaces | named.map(lambda fields: argparse.Namespace(**fields)) | series


def classed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    kinds: list[Any] = [Adam, SGD, Child, AttrsAdam, AttrsSGD, ModelAdam, ModelSGD, StructAdam]
    pairs: list[Any] = [Point, Size]
    return st.builds(lambda kind, lr: kind(lr=lr), st.sampled_from(kinds), inner) | st.builds(
        lambda kind, x, y: kind(x, y), st.sampled_from(pairs), inner, inner
    )


GROUPS = {
    "none": st.none(),
    "bools": bools,
    "numbers": numbers,
    "texts": texts,
    "lists": listed(leaves),
    "mappings": mapped(leaves),
    "classes": classed(leaves),
}
drawn = st.sampled_from(sorted(GROUPS)).flatmap(lambda name: st.tuples(st.just(name), GROUPS[name]))


def key_of(value: Any) -> str | None:
    try:
        return freeze({"p": value}).key
    except ParamsError:
        return None


@given(drawn, drawn)
def test_values_of_different_groups_have_different_keys(
    one: tuple[str, Any], other: tuple[str, Any]
) -> None:
    assume(one[0] != other[0])
    keys = key_of(one[1]), key_of(other[1])
    assume(not is_numbered(one[1]) and not is_numbered(other[1]))
    assert keys[0] is None or keys[0] != keys[1]


def is_numbered(value: Any) -> bool:
    """Whether it is a Series with the labels of one that has none, which is a list."""
    return isinstance(value, pd.Series) and list(value.index) == list(range(len(value)))


ONE_KIND = {
    "classes": classed(leaves),
    "enums": st.sampled_from([*Optimizer, *Schedule, *Access]),
    "dates": st.dates(date(2024, 1, 1), date(2024, 1, 3)),
    "datetimes": st.datetimes(datetime(2024, 1, 1), datetime(2024, 1, 1, 0, 0, 1)),  # noqa: DTZ001
    "durations": st.timedeltas(),
    "decimals": st.decimals(allow_nan=False),
    "paths": st.text("ab/", max_size=3).map(PurePosixPath),
    "bytes": st.binary(max_size=2),
    "series": st.dictionaries(st.sampled_from(["a", "b", 0, 1]), st.integers(0, 1)).map(
        lambda items: pd.Series(items, dtype=int)
    ),
    "series of dates": st.lists(st.sampled_from([None, "2024-01-01"]), max_size=2).map(
        lambda items: pd.Series(items, dtype="M8[ns]")
    ),
    "arrays": st.lists(st.lists(st.integers(0, 1), min_size=2, max_size=2), max_size=2).map(
        lambda rows: np.array(rows, dtype=int)
    ),
    "arrays of dates": st.lists(st.sampled_from(["NaT", "2024-01-01"])).map(
        lambda items: np.array(items, "M8[D]")
    ),
    "sets": st.frozensets(leaves.filter(lambda value: value is not pd.NaT), max_size=2),
}


def are_equal(one: Any, other: Any) -> bool:
    if isinstance(one, pd.Series):
        same_items = dict(one) == dict(other) and is_numbered(one) == is_numbered(other)
        return same_items or bool(one.equals(other))  # the order of labels does not count
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and repr(one) == repr(other)
    try:
        return bool(one == other)
    except TypeError:  # NumPy does not compare an int8 and a Decimal
        return False


@given(st.data(), st.sampled_from(sorted(ONE_KIND)))
def test_values_of_one_kind_that_differ_have_different_keys(data: Any, kind: str) -> None:
    one, other = data.draw(ONE_KIND[kind]), data.draw(ONE_KIND[kind])
    assume(not are_equal(one, other) and repr(one) != repr(other))
    assume(kind not in ("classes", "sets") or documented(one) != documented(other))
    key = key_of(one)
    assert key is None or key != key_of(other)


def documented(value: Any) -> str:
    """What a value of a class holds, with those leaves alike that the page calls equal."""
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"{type(value).__name__}{[documented(item) for item in value]}"
    if isinstance(value, frozenset):
        return str(sorted(map(documented, value)))
    if hasattr(value, "lr"):
        return f"{type(value).__name__}({documented(value.lr)})"
    return str(freeze({"leaf": value}).key)


@dataclass
class Config:
    optimizer: Adam = dataclass_field(default_factory=Adam)
    point: Point = dataclass_field(default_factory=lambda: Point(1, 2))
    kind: Optimizer = Optimizer.ADAM


def test_the_key_in_version_1_is_known_where_only_names_are_new() -> None:
    plain = {"optimizer": {"lr": 0.1}, "point": [1, 2], "kind": 1}
    assert freeze(Config()).earlier_key == freeze(plain).key
    assert freeze({"c": Config()}).earlier_key == freeze({"c": plain}).key
    ignored = freeze(Config(), ignore=["optimizer"])
    assert ignored.earlier_key == freeze({"point": [1, 2], "kind": 1}).key


@pytest.mark.parametrize(
    "params", [{}, {"a": [1, {"b": None}]}, Adam(), {"a": pd.Series({"b": 1})}, {"a": Text.A}]
)
def test_other_params_have_no_key_in_version_1_of_their_own(params: Any) -> None:
    assert freeze(params).earlier_key is None
