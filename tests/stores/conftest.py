from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycaddy.stores.sqlite.store import SqliteStore

OpenFile = Callable[..., SqliteStore]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where a project has its ledger."""
    return tmp_path / ".pycaddy" / "ledger.db"


@pytest.fixture
def open_file(ledger: Path) -> Iterator[OpenFile]:
    """Opens the ledger; what is still open at the end is closed."""
    opened: list[SqliteStore] = []

    def open_file(durability: str = "power") -> SqliteStore:
        opened.append(SqliteStore(str(ledger), durability=durability))
        return opened[-1]

    yield open_file
    for store in opened:
        store.close()


@pytest.fixture
def store(open_file: OpenFile) -> SqliteStore:
    return open_file()


def connection_of(store: SqliteStore) -> sqlite3.Connection:
    """The connection that the store has for this thread."""
    connection = store._connections.hold()
    connection.release()
    return connection.sql
