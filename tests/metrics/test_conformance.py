"""A run's metrics in its own file and in a database: the same promises."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from pycaddy.errors import LedgerUnreachableError, MetricsError
from pycaddy.metrics.database import DatabaseMetrics
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.stores.blocks import Block
from pycaddy.stores.postgres.blocks import PostgresBlocks
from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.testing import MetricStoreConformance, OpenMetrics, new_run
from pycaddy.testing.metrics import points


class TestInAFile(MetricStoreConformance):
    @pytest.fixture
    def open_metrics(self, tmp_path: Path) -> OpenMetrics:
        return partial(SqliteMetrics, str(tmp_path / "metrics.db"), "process")


def in_database(url: str) -> DatabaseMetrics:
    """The metrics of the ledger's first run."""
    store = PostgresStore(url, "a project")
    record = store.get("", "train", 1)
    assert record is not None
    return DatabaseMetrics(store.blocks(record))


class TestInADatabase(MetricStoreConformance):
    @pytest.fixture
    def open_metrics(self, ledger_url: str) -> OpenMetrics:
        store = PostgresStore(ledger_url, "a project")
        store.create(new_run())
        store.close()
        return partial(in_database, ledger_url)

    def test_a_run_that_was_deleted_gets_no_more(self, ledger_url: str) -> None:
        store = PostgresStore(ledger_url, "a project")
        record = store.create(new_run())
        knows, new = DatabaseMetrics(store.blocks(record)), DatabaseMetrics(store.blocks(record))
        knows.append(1, {"loss": points([1.0])})
        trashed = record.changed(trashed_us=1)
        assert store.swap(record, trashed)
        assert store.forget(trashed)
        assert new.read("loss") is None
        for metrics in (knows, new):
            with pytest.raises(MetricsError, match=r"train/0001 was deleted"):
                metrics.append(1, {"loss": points([2.0], 1)})
        store.close()

    @pytest.mark.parametrize("arrives", [True, False])
    def test_a_flush_that_was_not_heard_of_is_made_once(
        self, open_metrics: OpenMetrics, monkeypatch: pytest.MonkeyPatch, arrives: bool
    ) -> None:
        metrics, waiting = open_metrics(), points([0.0, float("nan")])
        metrics.append(1, {"loss": points([9.0], 9)})
        replace = PostgresBlocks.replace

        def lost(
            self: PostgresBlocks, old: Sequence[tuple[str, int]], new: Sequence[Block]
        ) -> None:
            if arrives:
                replace(self, old, new)
            raise LedgerUnreachableError("The server is away.")

        with monkeypatch.context() as patch:
            patch.setattr(PostgresBlocks, "replace", lost)
            for step in range(2, 5):
                with pytest.raises(MetricsError, match="away"):
                    metrics.append(1, {"loss": waiting})
                waiting.extend(points([float(step)], step))
                metrics.close()
        metrics.append(1, {"loss": waiting, "acc": points([1.0])})
        metrics.append(1, {"loss": points([5.0], 5)})
        found = metrics.read("loss")
        assert found is not None
        assert list(found.steps) == [9, *range(6)]
        assert metrics.counts() == {"loss": {1: 7}, "acc": {1: 1}}

    def test_what_the_caller_gave_up_meanwhile_takes_no_others_along(
        self, open_metrics: OpenMetrics, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        metrics = open_metrics()

        def lost(self: PostgresBlocks, *_: object) -> None:
            raise LedgerUnreachableError("The server is away.")

        with monkeypatch.context() as patch:
            patch.setattr(PostgresBlocks, "replace", lost)
            with pytest.raises(MetricsError, match="away"):
                metrics.append(1, {"loss": points([1.0, 2.0])})
        metrics.append(1, {"loss": points([3.0, 4.0, 5.0], 2)})
        found = metrics.read("loss")
        assert found is not None
        assert list(found.values) == [1.0, 2.0, 3.0, 4.0, 5.0]
