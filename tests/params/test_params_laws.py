"""What holds for all params, whatever they are."""

from __future__ import annotations

import json
import math
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pycaddy.params import dump, freeze, plain, thaw, thaw_many
from pycaddy.params._text import canonical
from tests.params.strategies import alike, floats, integers, plain_mappings, plain_values, scalars


def same(one: Any, other: Any) -> bool:
    """Whether two plain values count as equal, in the words of docs/params.md."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (is_nan(one) and is_nan(other))
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


def is_nan(number: float) -> bool:
    return isinstance(number, float) and math.isnan(number)  # not every int has a float


def identical(one: Any, other: Any) -> bool:
    """The same value with the same types and the same order of keys."""
    return repr(one) == repr(other)


def shuffled(value: Any, random: Random) -> Any:
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    if isinstance(value, dict):
        items = [(key, shuffled(item, random)) for key, item in value.items()]
        random.shuffle(items)
        return dict(items)
    return value


def as_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(as_tuples, value))
    if isinstance(value, dict):
        return {key: as_tuples(item) for key, item in value.items()}
    return value


def no_constant(name: str) -> None:
    pytest.fail(f"{name} is not JSON")


@given(plain_mappings, st.randoms(use_true_random=False))
def test_the_order_of_keys_never_changes_the_key(values: dict[str, Any], random: Random) -> None:
    assert freeze(shuffled(values, random)).key == freeze(values).key


@given(plain_mappings)
def test_a_stored_text_gives_its_values_back(values: dict[str, Any]) -> None:
    frozen = freeze(values)
    assert identical(frozen.plain, values)
    assert identical(thaw(frozen.text), values)


@given(plain_mappings)
def test_freezing_again_changes_nothing(values: dict[str, Any]) -> None:
    frozen = freeze(values)
    again = freeze(thaw(frozen.text))
    assert (again.key, again.text) == (frozen.key, frozen.text)


@given(alike, alike)
def test_values_share_a_canonical_text_exactly_when_they_are_equal(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) is same(one, other)


@given(plain_values, plain_values)
def test_different_values_have_different_canonical_texts(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) is same(one, other)


@given(integers | floats, integers | floats)
def test_numbers_share_a_key_exactly_when_they_are_equal(
    one: int | float, other: int | float
) -> None:
    assert (freeze({"n": one}).key == freeze({"n": other}).key) is same(one, other)


@given(floats)
@example(2.0**60)
@example(1e308)
def test_an_integral_float_has_the_key_of_its_integer_and_stays_a_float(value: float) -> None:
    assume(value.is_integer())
    frozen = freeze({"n": value})
    assert frozen.key == freeze({"n": int(value)}).key
    assert type(thaw(frozen.text)["n"]) is float


@given(plain_mappings)
def test_a_tuple_is_a_list(values: dict[str, Any]) -> None:
    assert freeze(as_tuples(values)).key == freeze(values).key


@given(st.sets(st.none() | st.booleans() | st.integers() | st.text("abc")), st.randoms())
def test_a_set_is_one_list_whatever_its_order(values: set[Any], random: Random) -> None:
    order = list(values)
    random.shuffle(order)
    assert freeze({"s": set(order)}).text == freeze({"s": values}).text
    assert plain(values) == sorted(values, key=canonical)


@given(plain_values)
def test_both_texts_are_strict_json(value: Any) -> None:
    for text in (canonical(value), dump(value)):
        json.loads(text, parse_constant=no_constant)


@given(plain_values)
def test_a_canonical_text_has_no_spaces_between_its_parts_and_sorted_keys(value: Any) -> None:
    text = canonical(value)
    assert text == json.dumps(
        json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


@given(st.lists(plain_mappings, max_size=5))
def test_many_texts_thaw_as_each_of_them(rows: list[dict[str, Any]]) -> None:
    texts = [freeze(row).text for row in rows]
    assert identical(thaw_many(iter(texts)), [thaw(text) for text in texts])


@given(npst.from_dtype(np.dtype("f4")) | npst.from_dtype(np.dtype("f8")) | npst.arrays("i8", ()))
def test_a_numpy_scalar_is_its_item(value: Any) -> None:
    assert freeze({"n": value}).key == freeze({"n": value.item()}).key


@given(npst.arrays(st.sampled_from(["f2", "f4", "f8", "i1", "u8", "?", "U3"]), npst.array_shapes()))
def test_a_numpy_array_is_the_list_of_its_items(value: Any) -> None:
    assume(value.dtype.kind != "U" or "\0" not in "".join(value.ravel().tolist()))
    assume(value.dtype.kind != "U" or "".join(value.ravel().tolist()).isascii())
    assert identical(plain(value), value.tolist())


@given(scalars)
def test_a_scalar_by_itself_is_plain(value: Any) -> None:
    assert identical(plain(value), value)
    assert identical(thaw_many([dump(value)]), [value])
