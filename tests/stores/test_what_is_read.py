"""How much SQLite reads to answer: its plan names what it goes through, and in which order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pycaddy import filters
from pycaddy.stores import Selection
from pycaddy.stores.filter_sql import Plan, plan
from pycaddy.stores.sqlite import statements as sql
from pycaddy.stores.sqlite.json import SqliteJson
from pycaddy.stores.sqlite.store import SqliteStore

ORDER = filters.parse_order("-params.lr")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / ".pycaddy" / "ledger.db"
    store = SqliteStore(str(path))
    store.take_folder("train", "names")  # makes the file
    store.close()
    with closing(sqlite3.connect(path)) as opened:
        yield opened


def steps(db: sqlite3.Connection, statement: str, values: list[object]) -> list[str]:
    return [row[-1] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values)]


def planned(where: str) -> Plan:
    return plan(Selection(where=filters.parse(where)), SqliteJson())


@pytest.mark.parametrize("sort", [(), ORDER], ids=["unsorted", "sorted"])
def test_the_runs_of_an_identifier_are_read_in_the_order_they_lie_in(
    db: sqlite3.Connection, sort: tuple[filters.Order, ...]
) -> None:
    selection = Selection("", "train", where=filters.parse("lr < 1"), sort=sort)
    statement, values = sql.select(
        "", selection, plan=plan(selection, SqliteJson()), by_uid=sql.BY_UID
    )
    assert "SEARCH r USING INDEX sqlite_autoindex_run_1 (identifier=?)" in steps(
        db, statement, values
    )


def test_no_row_of_a_run_is_read_to_count_those_out_of_the_trash(db: sqlite3.Connection) -> None:
    read = [step for step in steps(db, sql.TOTALS, [""]) if " r " in step]
    assert read == [
        "SEARCH r USING COVERING INDEX sqlite_autoindex_run_1 (identifier=?)",
        "SEARCH r USING INDEX run_in_trash (identifier=?)",
    ]


@pytest.mark.parametrize(
    ("where", "rest"),
    [
        ("status == 'done'", None),
        ("status == 'done' and note == 'a'", None),
        ("lr < 1 and status == 'done'", "lr < 1"),
        ("(status == 'done' and lr < 1) and lr > 0 and note == 'a'", "lr < 1 and lr > 0"),
        ("lr < 1 or status == 'done'", "lr < 1 or status == 'done'"),
    ],
)
def test_only_what_sql_cannot_decide_is_looked_at_again(where: str, rest: str | None) -> None:
    found = planned(where).where
    assert found == (None if rest is None else filters.parse(rest))
