"""The PostgreSQL store keeps what every store promises."""

from __future__ import annotations

from functools import partial

import pytest

from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import OpenBackup, OpenStore, StoreConformance


class TestPostgresStore(StoreConformance):
    @pytest.fixture
    def open_store(self, ledger_url: str) -> OpenStore:
        return partial(PostgresStore, ledger_url)

    @pytest.fixture
    def open_backup(self) -> OpenBackup:
        return SqliteStore
