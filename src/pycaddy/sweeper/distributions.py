"""The distributions of parameters.

A distribution defines its quantile: the value at a fraction in [0, 1). A random, a Sobol and a
Latin hypercube sweep need nothing else.

Floats are rounded to 12 significant digits, because exp() and log() of two machines may differ in
the last of 17, and RESUME finds a run by its values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, floor, isfinite, log
from typing import Any

from pycaddy.errors import SweepError
from pycaddy.sweeper.values import swept

__all__ = ["Choice", "Distribution", "Int", "LogNormal", "LogUniform", "Normal", "Uniform"]


class Distribution(ABC):
    """The distribution of a parameter. Derive your own from it, and define `quantile`."""

    __slots__ = ()

    @abstractmethod
    def quantile(self, fraction: float) -> Any:
        """The value at *fraction*, a number in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Uniform(Distribution):
    """Floats from *low* to *high*, all equally likely; with *q*, multiples of *q*."""

    low: float
    high: float
    q: float | None = None

    def __post_init__(self) -> None:
        _check_range(self, self.low, self.high)
        _check_q(self, self.q, self.low, self.high)

    def quantile(self, fraction: float) -> float:
        value = self.low + fraction * (self.high - self.low)
        return self.nearest(value)

    def nearest(self, value: float) -> float:
        """The value of the distribution that is nearest to *value*."""
        return _rounded(value, self.q, self.low, self.high)


@dataclass(frozen=True, slots=True)
class LogUniform(Distribution):
    """Floats from *low* to *high*, above 0, whose logarithms are equally likely."""

    low: float
    high: float
    q: float | None = None

    def __post_init__(self) -> None:
        _check_range(self, self.low, self.high, above=0)
        _check_q(self, self.q, self.low, self.high)

    def quantile(self, fraction: float) -> float:
        value = exp(log(self.low) + fraction * (log(self.high) - log(self.low)))
        return self.nearest(value)

    def nearest(self, value: float) -> float:
        """The value of the distribution that is nearest to *value*."""
        return _rounded(value, self.q, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Int(Distribution):
    """Whole numbers from *low* to *high*, both included, in steps of *step*.

    With *log* their logarithms are equally likely, and small numbers more likely than large.
    """

    low: int
    high: int
    log: bool = False
    step: int = 1

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool):
                raise _wrong(self, f"{name} is {number!r}", "Write a whole number")
        _check_range(self, self.low, self.high, above=0 if self.log else None)
        if self.step < 1:
            raise _wrong(self, f"step is {self.step}", "Write 1 or more")
        if self.log and self.step != 1:
            raise _wrong(self, "log and step do not go together", "Leave out one of them")

    @property
    def values(self) -> range:
        """All values, in order."""
        return range(self.low, self.high + 1, self.step)

    def quantile(self, fraction: float) -> int:
        if not self.log:
            return self.values[int(fraction * len(self.values))]
        # Half a step more on each side: otherwise the ends would be half as likely as they should.
        low, high = log(self.low - 0.5), log(self.high + 0.5)
        return min(max(round(exp(low + fraction * (high - low))), self.low), self.high)


@dataclass(frozen=True, slots=True)
class Choice(Distribution):
    """One of *values*, all equally likely, or as likely as *weights* say."""

    values: Sequence[Any]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.values, str | bytes) or not isinstance(self.values, Sequence):
            kind = type(self.values).__name__
            raise SweepError(
                f"Choice takes a list of values, and got a {kind}. Write Choice([1, 2])."
            )
        object.__setattr__(self, "values", swept(self.values, ("Choice",)).values)
        if self.weights is None:
            return
        object.__setattr__(self, "weights", tuple(self.weights))
        if len(self.weights) != len(self.values):
            raise SweepError(
                f"Choice has {len(self.values)} values and {len(self.weights)} weights. "
                "Give each value one."
            )
        if min(self.weights) < 0 or not 0 < sum(self.weights) < float("inf"):
            raise SweepError(
                f"Choice has the weights {self.weights!r}. Write numbers from 0 on, one above it."
            )

    def quantile(self, fraction: float) -> Any:
        if self.weights is None:
            return self.values[int(fraction * len(self.values))]
        ends = list(accumulate(self.weights))
        return self.values[bisect_right(ends, fraction * ends[-1])]


@dataclass(frozen=True, slots=True)
class Normal(Distribution):
    """Floats around *mean* with the standard deviation *std*; multiples of *q* if it is given."""

    mean: float
    std: float
    q: float | None = None

    def __post_init__(self) -> None:
        _check_normal(self, self.mean, self.std)
        _check_q(self, self.q)

    def quantile(self, fraction: float) -> float:
        return _rounded(_normal(self.mean, self.std, fraction), self.q)


@dataclass(frozen=True, slots=True)
class LogNormal(Distribution):
    """Floats above 0 whose natural logarithms are normal with *mean* and *std*."""

    mean: float
    std: float
    q: float | None = None

    def __post_init__(self) -> None:
        _check_normal(self, self.mean, self.std)
        _check_q(self, self.q)

    def quantile(self, fraction: float) -> float:
        return _rounded(exp(_normal(self.mean, self.std, fraction)), self.q)


def _normal(mean: float, std: float, fraction: float) -> float:
    from statistics import NormalDist

    return NormalDist(mean, std).inv_cdf(max(fraction, 2**-54))  # inv_cdf refuses 0


def _rounded(
    value: float, q: float | None, low: float = float("-inf"), high: float = float("inf")
) -> float:
    """*value* to 12 digits or to a multiple of *q*, between *low* and *high*."""
    if q is None:
        return min(max(float(f"{value:.12g}"), float(low)), float(high))
    first, last = _multiples(q, low, high)
    times = min(max(round(value / q), first), last)
    return times * q if isinstance(q, int) else float(f"{times * q:.12g}")


def _multiples(q: float, low: float, high: float) -> tuple[float, float]:
    """The first and the last multiple of *q* between *low* and *high*, as factors."""
    # 0.3 / 0.1 is 2.9999999999999996, and yet users mean 0.3 as a multiple of 0.1.
    first = ceil(low / q - 1e-9) if isfinite(low) else low
    last = floor(high / q + 1e-9) if isfinite(high) else high
    return first, last


def _check_range(kind: Distribution, low: float, high: float, above: float | None = None) -> None:
    for name, value in (("low", low), ("high", high)):
        _check_number(kind, name, value)
        if above is not None and value <= above:
            raise _wrong(kind, f"{name} is {value!r}", f"Write a number above {above}")
    if low > high:
        raise _wrong(kind, f"low is {low!r} and high is {high!r}", "Write the smaller one first")


def _check_normal(kind: Distribution, mean: float, std: float) -> None:
    _check_number(kind, "mean", mean)
    _check_number(kind, "std", std)
    if std <= 0:
        raise _wrong(kind, f"std is {std!r}", "Write a number above 0")


def _check_q(
    kind: Distribution,
    q: float | None,
    low: float = float("-inf"),
    high: float = float("inf"),
) -> None:
    if q is None:
        return
    _check_number(kind, "q", q)
    if q <= 0:
        raise _wrong(kind, f"q is {q!r}", "Write a number above 0")
    first, last = _multiples(q, low, high)
    if first > last:
        raise _wrong(kind, f"no multiple of q={q!r} lies between the ends", "Write a smaller q")


def _check_number(kind: Distribution, name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise _wrong(kind, f"{name} is {value!r}", "Write a finite number")


def _wrong(kind: Distribution, what: str, how: str) -> SweepError:
    return SweepError(f"In {type(kind).__name__}, {what}. {how}.")
