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

`StoreConformance` is the only name in pycaddy that needs pytest, and pytest is imported when it
is asked for: `pip install "pycaddy[testing]"`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycaddy.errors import MissingExtraError
from pycaddy.testing.factories import OpenBackup, OpenStore, new_run, some_owner, started_record

if TYPE_CHECKING:
    from pycaddy.testing.conformance import StoreConformance

__all__ = [
    "OpenBackup",
    "OpenStore",
    "StoreConformance",
    "new_run",
    "some_owner",
    "started_record",
]


def __getattr__(name: str) -> object:
    if name != "StoreConformance":
        raise AttributeError(f"module 'pycaddy.testing' has no attribute {name!r}")
    try:
        from pycaddy.testing.conformance import StoreConformance
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise MissingExtraError(
            'StoreConformance needs pytest. Run: pip install "pycaddy[testing]"', extra="testing"
        ) from error
    return StoreConformance
