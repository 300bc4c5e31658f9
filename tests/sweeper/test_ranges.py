"""Ranges written as data."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import SweepError
from pycaddy.sweeper import DictSweep, Fixed


def values(**written: Any) -> list[Any]:
    return [config["a"] for config in DictSweep({"a": written})]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "range", "start": 0, "stop": 10, "step": 5}', [0, 5]),
        ('{"type": "range", "stop": 3}', [0, 1, 2]),
        ('{"type": "range", "start": 3, "stop": 0, "step": -1}', [3, 2, 1]),
        ('{"type": "range", "start": 1, "stop": 1.3, "step": 0.1}', [1.0, 1.1, 1.2]),
        ('{"type": "range", "stop": 0.35, "step": 0.1}', [0.0, 0.1, 0.2, 0.3]),
        ('{"type": "range", "start": 0.3, "stop": 0, "step": -0.1}', [0.3, 0.2, 0.1]),
        ('{"type": "linspace", "start": 0, "stop": 1, "num": 5}', [0.0, 0.25, 0.5, 0.75, 1.0]),
        ('{"type": "linspace", "start": 0, "stop": 0.3, "num": 4}', [0.0, 0.1, 0.2, 0.3]),
        ('{"type": "linspace", "start": 2, "stop": 9, "num": 1}', [2.0]),
        ('{"type": "logspace", "start": -4, "stop": -1, "num": 4}', [1e-4, 1e-3, 1e-2, 1e-1]),
        ('{"type": "logspace", "start": 0, "stop": 3, "num": 4, "base": 2}', [1.0, 2.0, 4.0, 8.0]),
        ('{"type": "geomspace", "start": 1e-4, "stop": 0.1, "num": 4}', [1e-4, 1e-3, 1e-2, 1e-1]),
        ('{"type": "geomspace", "start": 1, "stop": 8, "num": 4}', [1.0, 2.0, 4.0, 8.0]),
        ('{"type": "geomspace", "start": -1, "stop": -9, "num": 3}', [-1.0, -3.0, -9.0]),
        ('{"type": "geomspace", "start": 5, "stop": 7, "num": 1}', [5.0]),
        ('{"type": "range", "start": 1, "end": 4}', [1, 2, 3]),
        ('{"type": "linspace", "start": 0, "end": 1, "num": 3}', [0.0, 0.5, 1.0]),
        ('{"type": "geomspace", "start": 1, "end": 4, "num": 3}', [1.0, 2.0, 4.0]),
        ('{"type": "logspace", "start": 0, "end": 2, "num": 3}', [1.0, 10.0, 100.0]),
        ('{"type": "fixed", "value": [64, 64]}', [[64, 64]]),
        ('{"type": "fixed", "value": {"lr": [1]}}', [{"lr": [1]}]),
    ],
)
def test_what_is_written_is_what_a_person_would_list(text: str, expected: list[Any]) -> None:
    found = values(**json.loads(text))
    assert found == expected
    assert list(map(type, found)) == list(map(type, expected))


def test_a_range_is_read_at_any_depth() -> None:
    sweep = DictSweep({"o": {"lr": {"type": "range", "stop": 2}}})
    assert list(sweep) == [{"o": {"lr": 0}}, {"o": {"lr": 1}}]


def test_a_range_of_integers_is_never_written_out() -> None:
    assert len(DictSweep({"seed": {"type": "range", "stop": 10**15}})) == 10**15


ends = st.floats(-1e6, 1e6)
nums = st.integers(1, 20)


@given(ends, ends, nums)
def test_linspace_is_numpys_within_rounding(start: float, stop: float, num: int) -> None:
    found = values(type="linspace", start=start, stop=stop, num=num)
    np.testing.assert_allclose(found, np.linspace(start, stop, num), rtol=1e-12, atol=1e-9)


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9), nums)
def test_geomspace_is_numpys_within_rounding(start: float, stop: float, num: int) -> None:
    found = values(type="geomspace", start=start, stop=stop, num=num)
    np.testing.assert_allclose(found, np.geomspace(start, stop, num), rtol=1e-12)
    assert found[0] == start
    assert num == 1 or found[-1] == stop


@given(st.floats(-9, 9), st.floats(-9, 9), nums, st.floats(1.1, 20))
def test_logspace_is_numpys_within_rounding(
    start: float, stop: float, num: int, base: float
) -> None:
    found = values(type="logspace", start=start, stop=stop, num=num, base=base)
    np.testing.assert_allclose(found, np.logspace(start, stop, num, base=base), rtol=1e-12)


@pytest.mark.parametrize(
    "nested",
    [
        {"type": "adam", "lr": 0.1},
        {"type": "cosine", "start": 0.1, "stop": 0.01, "warmup": 5},
        {"type": "cosine", "start": "now", "stop": "later"},
        {"type": "linear", "start": 1.0, "end": 0.1},
        {"type": 1, "stop": 2},
        {"start": 0, "stop": 2},
    ],
)
def test_a_nested_dict_with_another_type_is_an_ordinary_one(nested: dict[str, Any]) -> None:
    assert list(DictSweep({"a": nested})) == [{"a": nested}]


def test_a_fixed_type_makes_any_dict_an_ordinary_one() -> None:
    sweep = DictSweep({"a": {"type": Fixed("range"), "stop": [1, 2]}})
    assert list(sweep) == [{"a": {"type": "range", "stop": 1}}, {"a": {"type": "range", "stop": 2}}]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"type": "range", "stop": 5, "step": 0}, "a range, has 0 as 'step'"),
        ({"type": "range", "start": 5}, "a range, has no 'stop'. Add it"),
        ({"type": "linspace", "start": 0, "stop": 1}, "has no 'num'"),
        ({"type": "linspace", "stop": 1, "num": 2}, "has no 'start'"),
        ({"type": "linspace", "start": 0, "stop": 1, "num": 0}, "has 0 as 'num'"),
        ({"type": "linspace", "start": 0, "stop": 1, "num": 2.0}, "has 2.0 as 'num'"),
        ({"type": "linspace", "start": 0, "stop": 1, "num": 2, "step": 1}, "not take 'step'"),
        ({"type": "range", "stop": 5, "sotp": 1}, "not take 'sotp'. Use start, stop, step"),
        ({"type": "range", "stop": "1e-4"}, r"the string '1e-4' as 'stop'. .* 1\.0e-4"),
        ({"type": "range", "end": "1e-4"}, r"the string '1e-4' as 'end'"),
        ({"type": "range", "stop": 5, "end": 5}, "both 'stop' and 'end'.* Keep one of them"),
        ({"type": "geomspace", "start": 1, "stop": 5, "end": 5, "num": 2}, "both 'stop' and 'end'"),
        ({"type": "range", "stop": [1, 2]}, r"has \[1, 2\] as 'stop'"),
        ({"type": "range", "stop": True}, "has True as 'stop'"),
        ({"type": "range", "stop": math.inf}, "has inf as 'stop'"),
        ({"type": "range", "start": 5, "stop": 5}, "has no values"),
        ({"type": "range", "start": 1.0, "stop": 0.0}, "has no values"),
        ({"type": "geomspace", "start": 0, "stop": 1, "num": 3}, "goes from 0 to 1. Write both"),
        ({"type": "geomspace", "start": -1, "stop": 1, "num": 3}, "goes from -1 to 1"),
        ({"type": "logspace", "start": 0, "stop": 1, "num": 3, "base": 0}, "has 0 as 'base'"),
        ({"type": "logspace", "start": 1, "stop": 1000, "num": 3}, "too large .* exponents"),
        ({"type": "fixed"}, "a fixed, has no 'value'"),
        ({"type": "fixed", "values": [1]}, "not take 'values'. Use value"),
        ({"type": "rnage", "start": 0, "stop": 5}, r"type 'rnage'.*range, .*Fixed\('rnage'\)"),
    ],
)
def test_what_is_wrong_is_named_with_its_key_and_the_next_step(
    written: dict[str, Any], message: str
) -> None:
    with pytest.raises(SweepError, match=message) as caught:
        DictSweep({"o": {"a": written}})
    assert vars(caught.value)["key"] == "o.a"
    assert "'o.a'" in str(caught.value)
