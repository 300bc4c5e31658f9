"""A store that was opened to read changes nothing, whatever the disk would allow."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.errors import LedgerStorageError
from pycaddy.ledger import Ledger
from pycaddy.stores import Selection


@pytest.fixture
def reader(tmp_path: Path) -> Ledger:
    """A ledger of one run, opened to read."""
    Project(tmp_path).session("train", {"lr": 0.1})
    return Ledger(tmp_path, read_only=True)


def test_it_refuses_to_change_and_goes_on_reading(reader: Ledger) -> None:
    for ledger in (reader, pickle.loads(pickle.dumps(reader))):
        with pytest.raises(LedgerStorageError, match="read-only"):
            ledger.allocate("train")
        assert [record.uid for record in ledger.records(Selection())] == ["0001"]


def test_it_sees_what_others_change(reader: Ledger, tmp_path: Path) -> None:
    before = reader.store.version()
    assert reader.store.version() == before
    Project(tmp_path).session("eval")
    assert reader.store.version() != before
    assert len(reader.records(Selection())) == 2
