"""Student's t, for the confidence interval of a mean."""

from __future__ import annotations

import functools
from math import cos, pi, sin, sqrt, tan

__all__ = ["quantile"]

_EXACT = 200  # degrees of freedom; the series has half as many terms


@functools.lru_cache(maxsize=256)
def quantile(freedom: int, within: float = 0.95) -> float:
    """Return the t that |T| stays below with probability *within*.

    Args:
        freedom: Degrees of freedom, from 1.
    """
    if freedom > _EXACT:
        from statistics import NormalDist  # it loads fractions, decimal and random

        # Abramowitz and Stegun 26.7.5: the first terms of its expansion about the normal one.
        z = NormalDist().inv_cdf((1 + within) / 2)
        return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    low, high = 0.0, pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < within else (low, middle)
    return sqrt(freedom) * tan(low)


def _within(angle: float, freedom: int) -> float:
    """Return P(|T| < t) for tan(angle) = t / sqrt(freedom): Abramowitz and Stegun 26.7.3, 26.7.4.

    https://personal.math.ubc.ca/~cbm/aands/page_948.htm
    """
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * (k - 1) / k
        total += term
    return 2 / pi * (angle + sin(angle) * total) if odd else sin(angle) * total
