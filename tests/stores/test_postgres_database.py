"""What a PostgreSQL ledger does to its database, and what it asks of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pycaddy.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerUnreachableError,
    LedgerVersionError,
)
from pycaddy.filters import parse
from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, lease, migrations, new_record
from pycaddy.stores.filter_sql import plan
from pycaddy.stores.postgres import pool
from pycaddy.stores.postgres import statements as sql
from pycaddy.stores.postgres.json import PostgresJson
from pycaddy.stores.postgres.runs import Runs
from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.stores.postgres.url import conninfo, schema_of
from pycaddy.testing import new_run, some_owner
from pycaddy.testing._at_once import MANY, in_processes
from pycaddy.testing._work import use
from pycaddy.testing.factories import started_record
from tests.scripts import answer


@pytest.fixture
def schema(ledger_url: str) -> str:
    return schema_of(ledger_url)


@pytest.fixture
def database(postgres: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(ledger_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(ledger_url, "a project")
    yield store
    store.close()


def open_and_use(url: str) -> list[str]:
    return use(PostgresStore(url, "a project"))


def test_of_many_that_open_a_new_ledger_at_once_one_makes_it(
    ledger_url: str, schema: str, database: psycopg.Connection
) -> None:
    assert max(map(len, in_processes(MANY, open_and_use, ledger_url))) == MANY
    found = database.execute(f"SELECT name, value FROM {schema}.meta").fetchall()
    assert found == [("pycaddy schema", str(migrations.LATEST_POSTGRES))]


def test_a_ledger_of_schema_1_gets_the_tables_for_metrics_and_keeps_its_runs(
    ledger_url: str, schema: str, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "LATEST_POSTGRES", 1)
        old = PostgresStore(ledger_url, "a project")
        record = old.create(new_run())
        assert old.facts().schema == 1
        old.close()
    tables = (
        "SELECT count(*) FROM pg_tables WHERE schemaname=%s AND tablename IN ('series', 'block')"
    )
    assert database.execute(tables, (schema,)).fetchone() == (0,)
    in_processes(MANY, open_and_use, ledger_url)
    store = PostgresStore(ledger_url, "a project")
    assert store.get("", "train", 1) == record
    assert store.facts().schema == migrations.LATEST_POSTGRES
    assert database.execute(tables, (schema,)).fetchone() == (2,)
    store.close()


def test_a_newer_schema_is_refused_untouched(
    store: PostgresStore, ledger_url: str, schema: str, database: psycopg.Connection
) -> None:
    store.create(new_run())
    database.execute(f"UPDATE {schema}.meta SET value = '99'")
    with pytest.raises(LedgerVersionError, match="schema version 99"):
        PostgresStore(ledger_url, "a project").create(new_run())
    assert database.execute(f"SELECT count(*) FROM {schema}.run").fetchone() == (1,)


def test_tables_of_another_program_are_left_alone(
    store: PostgresStore, schema: str, database: psycopg.Connection
) -> None:
    database.execute(f"CREATE SCHEMA {schema}")
    database.execute(f"CREATE TABLE {schema}.meta (theirs text)")
    with pytest.raises(LedgerDamagedError, match="schema=NAME"):
        store.create(new_run())
    assert database.execute(
        "SELECT count(*) FROM pg_tables WHERE schemaname = %s", (schema,)
    ).fetchone() == (1,)


def test_a_role_that_may_only_read_and_write_rows_is_enough(
    store: PostgresStore, ledger_url: str, schema: str, database: psycopg.Connection
) -> None:
    role = f"r{schema}"[:60]
    database.execute(f"CREATE ROLE {role} LOGIN")
    parts = urlsplit(ledger_url)
    theirs = ledger_url.replace(parts.netloc, f"{role}@{parts.hostname}:{parts.port}")
    with pytest.raises(LedgerError, match="may not make them"):
        PostgresStore(theirs, "a project").create(new_run())
    store.create(new_run())
    database.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
    database.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"
    )
    their_store = PostgresStore(theirs, "a project")
    assert use(their_store) == ["0001", "0002"]
    record = their_store.claim([new_run({"lr": 1})], lambda run, _: new_record(run))
    assert record is not None
    their_store.close()


def test_texts_that_a_database_cannot_take_are_kept_as_near_as_can_be(store: PostgresStore) -> None:
    record = store.create(new_run({"big": 10**30, "x": float("nan"), "y": 1e-7}))
    assert store.get("", "train", 1) == record
    assert store.swap(record, record.changed(error_text="a\0b"))
    found = store.get("", "train", 1)
    assert found is not None
    assert found.error_text == "a\N{SYMBOL FOR NULL}b"


def test_params_are_found_by_any_key(
    store: PostgresStore, schema: str, database: psycopg.Connection
) -> None:
    for lr in (0.1, 0.2):
        store.create(new_run({"opt": {"lr": lr}, "text": "ab"}))
    database.execute("SET enable_seqscan = off")
    select = f"""SELECT uid FROM {schema}.run WHERE params_json @> '{{"opt": {{"lr": 0.2}}}}'"""
    assert database.execute(select).fetchall() == [(2,)]
    plan = "\n".join(row[0] for row in database.execute(f"EXPLAIN {select}"))
    assert "run_by_param" in plan
    view = f"SELECT uid, status, params->'opt'->>'lr' FROM {schema}.runs ORDER BY uid"
    assert database.execute(view).fetchall() == [
        ("0001", "pending", "0.1"),
        ("0002", "pending", "0.2"),
    ]


def test_runs_are_found_by_their_params_through_the_index_before_there_are_statistics(
    store: PostgresStore, ledger_url: str
) -> None:
    # A statement that was prepared on an empty table keeps its plan until the table is analyzed.
    store.counts()
    with psycopg.connect(conninfo(ledger_url)) as database:
        database.execute("SET plan_cache_mode = force_generic_plan")
        for name in ("FIND", "FIND_NEWEST", "FIND_MANY", "LOCK_FREE", "INSERTED"):
            parts = getattr(sql, name).split("%s")
            numbered = "".join(f"{part}${n}" for n, part in enumerate(parts[:-1], 1)) + parts[-1]
            database.execute(f"PREPARE {name} AS {numbered}")
            values = ", ".join(["NULL"] * (len(parts) - 1))
            plan = "\n".join(
                row[0] for row in database.execute(f"EXPLAIN EXECUTE {name}({values})")
            )
            assert "using run_by_params" in plan, plan
            assert "run_identifier_uid_key" not in plan


def test_the_servers_clock_says_whose_lease_has_run_out(
    store: PostgresStore, schema: str, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run(owner=some_owner()))
    found = store.get("", "train", 1)
    assert found is not None
    assert found.lapsed is False
    monkeypatch.setattr(lease, "LEASE_S", 0.01)
    database.execute(f"UPDATE {schema}.run SET lease_until = clock_timestamp()")
    found = store.get("", "train", 1)
    assert found is not None
    assert found.lapsed is True


def test_a_server_that_has_just_started_gives_everybody_a_lease(
    store: PostgresStore, schema: str, database: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE_S", 3600.0)  # the server of these tests is younger
    store.create(new_run(owner=some_owner()))
    database.execute(f"UPDATE {schema}.run SET lease_until = '2000-01-01'")
    found = store.get("", "train", 1)
    assert found is not None
    assert found.lapsed is False


def test_connections_that_the_server_ends_are_made_again(
    store: PostgresStore, database: psycopg.Connection
) -> None:
    for expected in (["0001"], ["0001", "0002"], ["0001", "0002", "0003"]):
        assert use(store) == expected
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )


def test_a_change_whose_answer_was_lost_is_found_and_not_made_twice(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create(new_run())
    keep = store._server._try
    lost: list[str] = []

    def lose_each_answer_once(work, *, again):  # type: ignore[no-untyped-def]
        answer = keep(work, again=again)
        if not again:
            lost.append(repr(answer))
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return answer

    monkeypatch.setattr(store._server, "_try", lose_each_answer_once)
    record = store.create(new_run({"lr": 1}))
    assert record.uid == "0002"
    assert store.swap(record, record.changed(attempt=1))
    assert store.find_or_create(new_run({"lr": 2}), lambda runs: None)[1]
    claimed = store.claim([new_run({"lr": 3})], lambda run, runs: None if runs else new_record(run))
    assert claimed is not None
    assert claimed[1].uid == "0004"
    again = store.claim(
        [new_run({"lr": 3})], lambda run, runs: runs[0].changed(attempt=runs[0].attempt + 1)
    )
    assert again is not None
    assert again[1].attempt == 1
    assert len(lost) == 5
    assert [identifier.last_uid for identifier in store.identifiers()] == [4]
    assert store.get("", "train", 4) == again[1]


def test_a_server_that_is_not_there_is_told_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_FIRST_PATIENCE_S", 0.1)
    store = PostgresStore("postgresql://lab:secret@127.0.0.1:1/x", "a project")
    with pytest.raises(LedgerUnreachableError, match="psql with the same URL") as refused:
        store.counts()
    assert refused.value.ledger == "postgresql://lab@127.0.0.1:1/x"  # type: ignore[attr-defined]
    assert isinstance(refused.value.__cause__, psycopg.OperationalError)
    assert "secret" not in f"{refused.value}{refused.value.__cause__}"


def test_a_database_that_does_not_exist_is_told_at_once(postgres: str) -> None:
    url = urlsplit(postgres)._replace(path="/nowhere").geturl()
    with pytest.raises(LedgerUnreachableError, match="nowhere"):
        PostgresStore(url, "a project").counts()


def test_without_psycopg_the_error_says_what_to_install() -> None:
    printed = answer(
        """
        import sys
        sys.modules["psycopg"] = None
        from pycaddy import Project
        from pycaddy.errors import MissingExtraError
        try:
            Project(".", ledger="postgresql://lab@db/x").sessions()
        except MissingExtraError as error:
            print(error)
        """,
        Path.cwd(),
    )
    assert "pip install 'pycaddy[postgres]'" in printed


def test_it_is_picklable_before_and_after_use(store: PostgresStore) -> None:
    assert in_processes(1, partial(use, store)) == [["0001"]]


@pytest.mark.parametrize(
    "where", ["params.seed == 77", "params.name == 'größe'", "params.net.depth == 3.0"]
)
def test_a_filter_for_one_value_of_a_param_goes_by_the_index(
    store: PostgresStore, ledger_url: str, where: str
) -> None:
    runs = [
        started_record(n, {"seed": n, "name": f"größe {n}", "net": {"depth": n}})
        for n in range(1, 3001)
    ]
    store.load(runs, {})
    selection = Selection("", "train", where=parse(where))
    statement, values = sql.select(store.project, selection, 120.0, plan(selection, PostgresJson()))
    with psycopg.connect(conninfo(ledger_url)) as database:
        database.execute("ANALYZE run")
        told = database.execute(f"EXPLAIN {statement}", values).fetchall()
    assert "Bitmap Index Scan on run_by_param " in "\n".join(row[0] for row in told), told


def test_numbers_that_python_takes_for_equal_are_found_by_either(store: PostgresStore) -> None:
    values = [3, 3.0, 3.5, True, "3", 0.1, 1e-7, -0.0, 2**53 - 1, None, [3], {"x": 3}]
    store.load([started_record(n, {"x": x}) for n, x in enumerate(values, 1)], {})

    def found(where: str) -> list[object]:
        return [run.params["x"] for run in store.select(Selection(where=parse(where)))]

    assert found("x == 3") == found("x == 3.0") == [3, 3.0]
    assert found("x == 0.1") == [0.1]
    assert found("x == 1e-07") == [1e-7]
    assert found("x == 0") == [0]
    assert found(f"x == {2**53 - 1}") == [2**53 - 1]
    assert found("x.x == 3") == [{"x": 3}]
    assert found("not x == 3") == [3.5, True, "3", 0.1, 1e-7, -0.0, 2**53 - 1, None, [3], {"x": 3}]


def begun(record: RunRecord) -> RunRecord:
    return record.changed(status=Status.RUNNING, attempt=record.attempt + 1)


def test_a_dead_run_that_somebody_looks_after_is_waited_for(
    store: PostgresStore, database: psycopg.Connection
) -> None:
    wanted = new_run({"lr": 1})
    assert store.claim([wanted], lambda run, found: begun(new_record(run))) is not None
    name = (Runs("a project").lock_of(wanted),)
    database.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", name)
    looked = threading.Event()

    def take_over(run: NewRun, found: Sequence[RunRecord]) -> RunRecord | None:
        looked.set()
        return begun(found[0])

    def let_go() -> None:
        looked.wait(30)
        database.execute("SELECT pg_sleep(0.2), pg_advisory_unlock_all()")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(let_go)
        again = store.claim([wanted], take_over)
    assert again is not None
    assert again[1].attempt == 2
