"""The SQLite store keeps what every store promises."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import OpenBackup, OpenStore, StoreConformance


class TestSqliteStore(StoreConformance):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> OpenStore:
        return partial(SqliteStore, str(tmp_path / "project" / "ledger.db"))

    @pytest.fixture
    def open_backup(self) -> OpenBackup:
        return SqliteStore
