"""How often a call of the PostgreSQL store waits for an answer of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import Trace

from pycaddy.status import Status
from pycaddy.stores.postgres.pool import Server
from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.testing import new_run
from pycaddy.testing._work import begin, first

PREPARED = 8
"""Calls after which every statement of theirs is known to the server."""


@pytest.fixture
def store(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[PostgresStore]:
    connections: list[psycopg.Connection] = []
    connect = Server._connect

    def keeping(server: Server) -> psycopg.Connection:
        connections.append(connect(server))
        return connections[-1]

    monkeypatch.setattr(Server, "_connect", keeping)
    store = PostgresStore(ledger_url, "a project")
    store.connections = connections  # type: ignore[attr-defined]
    yield store
    store.close()


def round_trips(store: PostgresStore, folder: Path, call: Callable[[], object]) -> int:
    """How often the direction of what goes over the wire turns during *call*."""
    (connection,) = store.connections  # type: ignore[attr-defined]
    with (folder / "trace").open("w+") as file:
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        call()
        connection.pgconn.untrace()
        file.seek(0)
        sides = [line[0] for line in file if line[:2] in ("F\t", "B\t")]
    return sum(here == "F" and there == "B" for here, there in pairwise(sides))


def test_a_claim_takes_two_round_trips_and_its_end_one(
    store: PostgresStore, tmp_path: Path
) -> None:
    left = [new_run({"i": number}) for number in range(PREPARED + 1)]
    for _ in range(PREPARED):
        assert store.claim(left, begin) is not None
    claim = round_trips(store, tmp_path, lambda: store.claim(left, begin))
    record = store.get("", "train", PREPARED + 1)
    assert record is not None
    done = record.changed(status=Status.DONE)
    end = round_trips(store, tmp_path, lambda: store.swap(record, done))
    note = round_trips(store, tmp_path, lambda: store.swap(done, done.changed(note="good")))
    assert (claim, end, note) == (2, 1, 1)


def test_a_run_that_is_there_is_found_in_one_and_a_new_one_made_in_three(
    store: PostgresStore, tmp_path: Path
) -> None:
    for number in range(PREPARED):
        store.find_or_create(new_run({"i": number}), first)
    known, new = new_run({"i": 0}), new_run({"i": PREPARED})
    found = round_trips(store, tmp_path, lambda: store.find_or_create(known, first))
    made = round_trips(store, tmp_path, lambda: store.find_or_create(new, first))
    assert (found, made) == (1, 3)
    assert round_trips(store, tmp_path, lambda: store.create(known)) == 1


def test_a_claim_that_gets_nothing_keeps_what_the_server_has_prepared(
    store: PostgresStore, tmp_path: Path
) -> None:
    wanted = [new_run({"i": 0})]
    for _ in range(PREPARED):
        store.claim(wanted, begin)
    trace = tmp_path / "trace"
    round_trips(store, tmp_path, lambda: store.claim(wanted, begin))
    assert "Execute" in trace.read_text()
    assert "Parse" not in trace.read_text()
    assert "DEALLOCATE" not in trace.read_text()
