"""For people who write a store: what `pycaddy.stores.Store` promises, as tests.

    import functools
    import pytest
    from pycaddy.testing import OpenBackup, OpenStore, StoreConformance

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def open_store(self, tmp_path) -> OpenStore:
            return functools.partial(MyStore, str(tmp_path / "ledger"))

        @pytest.fixture
        def open_backup(self) -> OpenBackup:
            return MyStore

`MetricStoreConformance` is the same for a place that the metrics of a run lie in, opened by the
fixture `open_metrics`. These two are the only names in pycaddy that need pytest, and pytest is
imported when they are asked for: `pip install "pycaddy[testing]"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycaddy.errors import MissingExtraError
from pycaddy.testing.factories import OpenBackup, OpenStore, new_run, some_owner, started_record

if TYPE_CHECKING:
    from pycaddy.testing.conformance import StoreConformance
    from pycaddy.testing.metrics import MetricStoreConformance, OpenMetrics

__all__ = [
    "MetricStoreConformance",
    "OpenBackup",
    "OpenMetrics",
    "OpenStore",
    "StoreConformance",
    "new_run",
    "some_owner",
    "started_record",
]


_MODULES = {
    "StoreConformance": "conformance",
    "MetricStoreConformance": "metrics",
    "OpenMetrics": "metrics",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'pycaddy.testing' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"pycaddy.testing.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise MissingExtraError(
            f'{name} needs pytest. Run: pip install "pycaddy[testing]"', extra="testing"
        ) from error
