"""What a parameter may be drawn from."""

from __future__ import annotations

import math
import pickle
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import SweepError
from pycaddy.sweeper import (
    Choice,
    Distribution,
    Int,
    LogNormal,
    LogUniform,
    Normal,
    Uniform,
)

EVENLY = [(position + 0.5) / 1000 for position in range(1000)]
fractions = st.floats(0, 1, exclude_max=True)
BOUNDED = [
    Uniform(-1, 1),
    Uniform(0.05, 1, q=0.1),
    LogUniform(1e-5, 0.3),
    LogUniform(1, 1000, q=5),
    Int(-3, 12),
    Int(1, 1000, log=True),
    Int(0, 10, step=4),
]
ALL = [*BOUNDED, Choice(["a", "b"]), Normal(0, 1), LogNormal(0, 1, q=0.5)]


@pytest.mark.parametrize("distribution", BOUNDED, ids=repr)
@given(fraction=fractions)
def test_a_value_lies_between_the_ends(distribution: Any, fraction: float) -> None:
    assert distribution.low <= distribution.quantile(fraction) <= distribution.high


@pytest.mark.parametrize("distribution", [*BOUNDED, Normal(0, 1), LogNormal(0, 1)], ids=repr)
@given(one=fractions, other=fractions)
def test_a_larger_fraction_gives_no_smaller_value(
    distribution: Distribution, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert distribution.quantile(low) <= distribution.quantile(high)


def test_uniform_values_are_spread_evenly_and_log_uniform_ones_by_their_logarithm() -> None:
    assert statistics.mean(map(Uniform(2, 4).quantile, EVENLY)) == pytest.approx(3)
    exponents = [math.log10(LogUniform(1e-4, 1e-2).quantile(fraction)) for fraction in EVENLY]
    assert statistics.mean(exponents) == pytest.approx(-3)
    assert LogUniform(1e-4, 1e-2).quantile(0) == 1e-4


def test_normal_values_have_their_mean_and_deviation() -> None:
    values = [Normal(5, 2).quantile(fraction) for fraction in EVENLY]
    assert statistics.mean(values) == pytest.approx(5)
    assert statistics.stdev(values) == pytest.approx(2, rel=0.01)
    assert LogNormal(5, 2).quantile(0.5) == pytest.approx(math.exp(5))
    assert math.isfinite(Normal(0, 1).quantile(0))


def test_whole_numbers_include_both_ends_equally_often() -> None:
    values = list(map(Int(1, 4).quantile, EVENLY))
    assert {value: values.count(value) for value in values} == dict.fromkeys([1, 2, 3, 4], 250)
    assert {*map(Int(0, 10, step=4).quantile, EVENLY)} == {0, 4, 8}
    assert {*map(Int(1, 4, log=True).quantile, EVENLY)} == {1, 2, 3, 4}
    small = [Int(1, 1000, log=True).quantile(fraction) <= 31 for fraction in EVENLY]
    assert sum(small) == pytest.approx(500, abs=60)


def test_multiples_are_written_as_a_person_would() -> None:
    assert sorted({*map(Uniform(0, 0.3, q=0.1).quantile, EVENLY)}) == [0.0, 0.1, 0.2, 0.3]
    tens = {*map(Uniform(5, 35, q=10).quantile, EVENLY)}
    assert tens == {10, 20, 30}
    assert all(type(value) is int for value in tens)
    assert Normal(0, 10, q=5).quantile(0.9) in range(-50, 50, 5)


def test_a_choice_goes_by_its_weights() -> None:
    values = list(map(Choice(["a", "b", "c"], weights=[1, 0, 3]).quantile, EVENLY))
    assert (values.count("a"), values.count("b"), values.count("c")) == (250, 0, 750)
    assert {*map(Choice(range(3)).quantile, EVENLY)} == {0, 1, 2}


@pytest.mark.parametrize("distribution", ALL, ids=repr)
def test_a_distribution_is_a_value(distribution: Distribution) -> None:
    copied = pickle.loads(pickle.dumps(distribution))
    assert copied == distribution
    assert hash(copied) == hash(distribution)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2, 1), "In Uniform, low is 2 and high is 1. Write the smaller one first."),
        (lambda: Uniform("1e-4", 1), "low is '1e-4'. Write a finite number"),
        (lambda: Uniform(0, math.inf), "high is inf"),
        (lambda: Uniform(0, True), "high is True"),
        (lambda: Uniform(0, 1, q=0), "q is 0"),
        (lambda: Uniform(0.1, 0.2, q=5), "no multiple of q=5"),
        (lambda: LogUniform(0, 1), "low is 0. Write a number above 0"),
        (lambda: Int(0, 1.5), "high is 1.5. Write a whole number"),
        (lambda: Int(0, 5, log=True), "In Int, low is 0. Write a number above 0"),
        (lambda: Int(1, 5, log=True, step=2), "log and step"),
        (lambda: Int(1, 5, step=0), "step is 0"),
        (lambda: Normal(0, 0), "std is 0"),
        (lambda: Choice([]), "no values"),
        (lambda: Choice("abc"), "got a str"),
        (lambda: Choice(iter([1])), "Write Choice([1, 2])"),
        (lambda: Choice([1, 2], weights=[1]), "2 values and 1 weights"),
        (lambda: Choice([1, 2], weights=[0, 0]), "one above it"),
        (lambda: Choice([1, 2], weights=[-1, 2]), "from 0 on"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(make: Any, message: str) -> None:
    with pytest.raises(SweepError) as caught:
        make()
    assert message in str(caught.value)
