"""A run's metrics in its own file and in a database: the same promises."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from pycaddy.errors import MetricsError
from pycaddy.metrics.database import DatabaseMetrics
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.stores.postgres import PostgresStore
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
