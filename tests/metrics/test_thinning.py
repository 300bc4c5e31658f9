"""A line through fewer points says the same as one through all."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from math import inf, isfinite, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.metrics.thinning import FEWEST, part

Points = tuple[list[float], list[float]]

VALUES = st.floats(-1e6, 1e6)
ANY_VALUES = VALUES | st.sampled_from([nan, inf, -inf])
PLACES = st.integers(0, 500) | st.floats(0, 500)


def points(values: st.SearchStrategy[float]) -> st.SearchStrategy[Points]:
    """Up to a few hundred points, by x; several may share one."""
    return st.lists(st.tuples(PLACES, values), max_size=300).map(
        lambda pairs: (sorted(x for x, _ in pairs), [y for _, y in pairs])
    )


def span(xs: list[float], low: float, high: float) -> tuple[int, int]:
    return bisect_left(xs, low), bisect_right(xs, high)


@given(points(ANY_VALUES), st.integers(FEWEST, 400))
def test_never_more_than_asked_for_and_in_their_order(data: Points, most: int) -> None:
    xs, ys = data
    kept = list(part(xs, ys, most).kept)
    assert kept == sorted(set(kept))
    assert len(kept) <= most
    assert kept == list(range(len(xs))) or len(xs) > most


@given(points(ANY_VALUES), st.integers(FEWEST, 60))
def test_both_ends_the_lowest_and_the_highest_are_kept(data: Points, most: int) -> None:
    xs, ys = data
    kept = part(xs, ys, most).kept
    if xs:
        assert (kept[0], kept[-1]) == (0, len(xs) - 1)
    finite = [y for y in ys if isfinite(y)]
    if finite:
        assert min(y for at in kept if isfinite(y := ys[at])) == min(finite)
        assert max(y for at in kept if isfinite(y := ys[at])) == max(finite)


@given(points(ANY_VALUES), st.integers(FEWEST, 60))
def test_what_is_left_out_lies_between_what_is_kept_beside_it(data: Points, most: int) -> None:
    xs, ys = data
    kept = part(xs, ys, most).kept
    # The coarsest that it may be cut, with room for how an edge is rounded.
    near = (xs[-1] - xs[0]) / ((most - 2) // 7) * (1 + 1e-9) if xs else 0
    for at in sorted(set(range(len(xs))) - set(kept)):
        beside = [ys[other] for other in kept if abs(xs[other] - xs[at]) <= near]
        if isfinite(ys[at]):
            assert any(y <= ys[at] for y in beside if isfinite(y))
            assert any(y >= ys[at] for y in beside if isfinite(y))
        else:  # a gap of the same kind is near, whatever is left out
            assert repr(ys[at]) in map(repr, beside)


@given(points(ANY_VALUES), st.integers(FEWEST, 60), PLACES, PLACES)
def test_a_part_is_thinned_by_itself_and_drawn_to_its_edges(
    data: Points, most: int, one: float, other: float
) -> None:
    xs, ys = data
    low, high = min(one, other), max(one, other)
    begin, end = span(xs, low, high)
    found = part(xs, ys, most, low, high)
    assert len(found.kept) <= most
    # The next point on either side, so that the line does not end before the edge.
    assert set(found.kept) >= {begin - 1, end} & set(range(len(xs)))
    assert set(found.kept) <= set(range(begin - 1, end + 1))
    inside = [y for y in ys[begin:end] if isfinite(y)]
    if inside:
        seen = [ys[at] for at in found.kept if begin <= at < end and isfinite(ys[at])]
        assert (min(seen), max(seen)) == (min(inside), max(inside))
    assert found.nan == sum(y != y for y in ys[begin:end])
    assert found.infinite == sum(y in (inf, -inf) for y in ys[begin:end])


@given(points(ANY_VALUES), st.integers(FEWEST, 60))
def test_means_lie_within_what_they_are_of(data: Points, most: int) -> None:
    xs, ys = data
    found = part(xs, ys, most)
    finite = [y for y in ys if isfinite(y)]
    if len(xs) <= most:
        assert not found.means
        return
    assert bool(found.means) == bool(finite)
    places = [x for x, _ in found.means]
    assert places == sorted(places)
    slack = 1e-9 * max(map(abs, finite), default=0)
    assert all(min(finite) - slack <= y <= max(finite) + slack for _, y in found.means)


def test_means_are_those_of_all_points_and_not_of_the_kept_ones() -> None:
    # One in ten values is an outlier: the kept ones are half outliers.
    ys = array("d", [10.0 if at % 10 == 0 else 0.0 for at in range(10_000)])
    found = part(range(10_000), ys, 402)
    assert len(found.means) == 100
    assert all(y == pytest.approx(1.0) for _, y in found.means)


def test_values_at_the_edge_of_what_floats_hold_are_no_gaps() -> None:
    ys = array("d", [1e308, -1e308, 1.7e308, 1.7e308] * 50)
    found = part(range(200), ys, 50)
    assert (found.nan, found.infinite) == (0, 0)
    assert {1.7e308, -1e308} <= {ys[at] for at in found.kept}


def test_points_that_share_one_step_are_one_stretch() -> None:
    ys = array("d", range(1000))
    assert list(part([7] * 1000, ys, 100).kept) == [0, 999]
