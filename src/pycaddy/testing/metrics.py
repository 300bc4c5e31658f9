"""All promises of a place for metrics in one class of tests."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence

import pytest

from pycaddy.metrics.protocol import MetricStore
from pycaddy.metrics.series import Points
from pycaddy.testing._at_once import MANY, in_processes

__all__ = ["MetricStoreConformance", "OpenMetrics"]

OpenMetrics = Callable[[], MetricStore]
"""Opens the place under test, the same at each call; picklable."""

_EXTREMES = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308]


def points(values: Sequence[float], first: int = 0) -> Points:
    """Return points at the steps from *first* on."""
    steps = range(first, first + len(values))
    return Points(array("q", steps), array("d", values), array("d", (step / 8 for step in steps)))


class MetricStoreConformance:
    """The promises of `pycaddy.metrics.protocol.MetricStore`; say in a derived class how to open
    yours.
    """

    @pytest.fixture
    def open_metrics(self) -> OpenMetrics:
        """Open a fresh place for the metrics of one run, the same at each call."""
        raise NotImplementedError("Override the fixture open_metrics; see pycaddy.testing.")

    @pytest.fixture
    def metrics(self, open_metrics: OpenMetrics) -> Iterator[MetricStore]:
        """Open the place under test."""
        metrics = open_metrics()
        yield metrics
        metrics.close()

    def test_nothing_is_there_at_first(self, metrics: MetricStore) -> None:
        assert metrics.read("loss") is None
        assert metrics.counts() == {}
        assert metrics.last_steps() == {}

    def test_every_bit_of_a_point_comes_back(self, metrics: MetricStore) -> None:
        given = Points(
            array("q", [0, 1, 2, 3, 4, 2**62]), array("d", _EXTREMES), array("d", _EXTREMES)
        )
        metrics.append(1, {"loss": given})
        found = metrics.read("loss")
        assert found is not None
        assert found.name == "loss"
        assert found.steps.tobytes() == given.steps.tobytes()
        assert found.values.tobytes() == given.values.tobytes()
        assert found.times.tobytes() == given.times.tobytes()

    def test_points_come_back_in_the_order_of_logging(
        self, metrics: MetricStore, open_metrics: OpenMetrics
    ) -> None:
        steps = [5, 3, 3, 4]
        for step in steps:
            metrics.append(1, {"loss": points([float(step)], step)})
        for place in (metrics, open_metrics()):
            found = place.read("loss")
            assert found is not None
            assert list(found.steps) == steps
            assert list(found.values) == [float(step) for step in steps]

    @pytest.mark.parametrize("sizes", [[1] * 30, [999, 1, 1], [1, 2500, 1], [400] * 6, [3000]])
    def test_a_series_is_the_same_however_it_was_appended(
        self, metrics: MetricStore, open_metrics: OpenMetrics, sizes: list[int]
    ) -> None:
        at = 0
        for size in sizes:
            metrics.append(1, {"loss": points([float(at + n) for n in range(size)], at)})
            at += size
        for _ in range(2):
            found = open_metrics().read("loss")
            assert found is not None
            assert list(found.steps) == list(range(at))
            assert list(found.values) == [float(n) for n in range(at)]
            assert open_metrics().counts() == {"loss": {1: at}}
            metrics.close()

    def test_what_was_appended_is_not_touched_by_what_the_caller_does_next(
        self, metrics: MetricStore
    ) -> None:
        mine = points([1.0])
        metrics.append(1, {"loss": mine})
        mine.extend(points([2.0], 1))
        metrics.append(1, {"loss": points([3.0], 1)})
        found = metrics.read("loss")
        assert found is not None
        assert list(found.values) == [1.0, 3.0]

    def test_the_later_attempt_counts_and_no_point_is_deleted(self, metrics: MetricStore) -> None:
        metrics.append(1, {"loss": points([0.0, 1.0, 2.0])})
        metrics.append(2, {"loss": points([-1.0], 1)})
        found = metrics.read("loss")
        assert found is not None
        assert list(zip(found.steps, found.values, strict=True)) == [(0, 0.0), (1, -1.0), (2, 2.0)]
        assert metrics.counts() == {"loss": {1: 3, 2: 1}}

    def test_the_last_step_is_that_of_the_point_logged_last(self, metrics: MetricStore) -> None:
        metrics.append(1, {"loss": points([0.0], 7), "a/b": points([0.0, 1.0], 3)})
        metrics.append(2, {"loss": points([0.0], 2)})
        assert metrics.last_steps() == {"loss": 2, "a/b": 4}

    def test_each_attempt_is_told_as_it_logged_and_the_last_one_comes_last(
        self, metrics: MetricStore
    ) -> None:
        metrics.append(1, {"loss": points([0.0, 1.0])})
        metrics.append(2, {"loss": points([math.nan], 1)})
        metrics.append(1, {"loss": points([2.0], 2)})
        found = metrics.attempts("loss")
        assert [(attempt, list(each.steps)) for attempt, each in found.items()] == [
            (2, [1]),
            (1, [0, 1, 2]),
        ]
        assert math.isnan(found[2].values[0])
        assert metrics.attempts("acc") == {}

    def test_rewritten_series_have_the_new_points_and_the_others_their_own(
        self, metrics: MetricStore, open_metrics: OpenMetrics
    ) -> None:
        metrics.append(1, {"loss": points([0.0]), "acc": points([5.0])})
        long, late = points(_EXTREMES * 400), points([9.0], 7)
        metrics.rewrite({"loss": {2: long, 1: late}, "new": {1: points([1.0])}})
        for place in (metrics, open_metrics()):
            assert place.counts() == {"loss": {1: 1, 2: 2400}, "acc": {1: 1}, "new": {1: 1}}
            assert place.last_steps() == {"loss": 7, "acc": 0, "new": 0}
            found = place.attempts("loss")
            assert list(found) == [2, 1]
            assert found[2].values.tobytes() == long.values.tobytes()
        metrics.append(1, {"loss": points([1.0], 8)})
        metrics.close()
        assert open_metrics().counts()["loss"] == {1: 2, 2: 2400}

    @pytest.mark.parametrize(
        "name", ["a b", "%s", "ü/\N{GRINNING FACE}", "'; --", "\\x00", "A" * 250]
    )
    def test_any_name_names_one_series(self, metrics: MetricStore, name: str) -> None:
        metrics.append(1, {name: points([1.0]), f"{name[:249]}_": points([2.0])})
        found = metrics.read(name)
        assert found is not None
        assert list(found.values) == [1.0]
        assert set(metrics.counts()) == {name, f"{name[:249]}_"}

    def test_one_that_was_closed_goes_on(self, metrics: MetricStore) -> None:
        for step in range(4):
            metrics.append(1, {"loss": points([float(step)], step)})
            metrics.close()
        found = metrics.read("loss")
        assert found is not None
        assert list(found.steps) == [0, 1, 2, 3]

    def test_processes_log_into_a_series_together(
        self, metrics: MetricStore, open_metrics: OpenMetrics
    ) -> None:
        in_processes(MANY, _log, open_metrics, 20)
        found = metrics.read("loss")
        assert found is not None
        assert sorted(found.steps) == sorted(list(range(20)) * MANY)
        assert metrics.counts() == {"loss": {1: 20 * MANY}}


def _log(open_metrics: OpenMetrics, count: int) -> None:
    metrics = open_metrics()
    for step in range(count):
        metrics.append(1, {"loss": points([0.0], step)})
    metrics.close()
