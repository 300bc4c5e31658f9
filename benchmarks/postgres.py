"""A PostgreSQL ledger over its own SQL: the same statements by a program that does nothing else.

The server is one of our own, on this machine and without fsync: what it does itself costs little
there, and what we add shows most. It shares the cores with its clients.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Any

import psycopg

from benchmarks._ledgers import IDENTIFIER, live, params_of
from benchmarks._rounds import Row, compare, in_blocks, interleaved, row
from pycaddy.project import Project
from pycaddy.status import Status
from pycaddy.stores import new_record
from pycaddy.stores.lease import LEASE_S
from pycaddy.stores.postgres import statements as sql
from pycaddy.stores.postgres.runs import Runs, new_ticket
from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.stores.postgres.url import conninfo
from pycaddy.stores.rows import COLUMNS, changing_values, fixed_values
from pycaddy.testing import new_run
from pycaddy.testing._at_once import in_processes
from pycaddy.testing._work import begin
from tests.postgres import postgres, with_schema

PROCESSES = 16
CLAIMS = 2000
LOOK = 32
HASH = COLUMNS.index("param_hash")
LISTED = 100_000
MANY = 1_000_000
ROUNDS = 5
LIVES = 50
# At least 0.6 of the claims that the bare SQL makes.
CLAIM_LIMIT = 1 / 0.6
LIST_LIMIT = 3.0
SIZE_LIMIT = 2.0

Connection = psycopg.Connection[Any]


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    claims, listed, many, rounds, lives = (
        (64, 50, 50, 1, 2) if quick else (CLAIMS, LISTED, MANY, ROUNDS, LIVES)
    )
    with postgres() as server:
        return [
            *claiming(server.url, 2 if quick else PROCESSES, claims, rounds),
            listing(server.url, folder, listed, rounds),
            *finding(server.url, folder, listed, rounds),
            *lifecycles(server.url, folder, many, rounds, lives),
        ]


def claiming(url: str, processes: int, claims: int, rounds: int) -> list[Row]:
    """Compare how fast *processes* share a sweep, and how long the slowest claims take."""
    number = count()
    slow: dict[str, list[float]] = {"ours": [], "floor": []}

    def contest(name: str, work: Callable[..., tuple[float, list[float]]]) -> None:
        place = with_schema(url, f"claims_{next(number)}")
        store = PostgresStore(place, "bench")
        store.load([], {("", IDENTIFIER): 0})
        told = in_processes(processes, work, place, claims)
        times = sorted(t for _, each in told for t in each)
        if len(times) != claims:
            raise AssertionError(f"{name}: {len(times)} claims of {claims}")
        store.close()
        took[name] = max(seconds for seconds, _ in told)
        slow[name].append(quantiles(times, n=100)[98])

    took: dict[str, float] = {}

    def clock(call: Callable[[], str]) -> float:
        return took[call()]  # without the start of the processes

    def named(name: str, work: Callable[..., tuple[float, list[float]]]) -> Callable[[], str]:
        def run() -> str:
            contest(name, work)
            return name

        return run

    contestants = {"ours": named("ours", claim_ours), "floor": named("floor", claim_bare)}
    times = interleaved(contestants, rounds, clock)
    of = f"{processes} processes, {claims:,} runs"
    return [
        row(f"a claim, {of}", times["ours"], times["floor"], limit=CLAIM_LIMIT, calls=claims),
        row(f"p99 of a claim, {of}", slow["ours"][1:], slow["floor"][1:], limit=None),
    ]


def claim_ours(url: str, claims: int) -> tuple[float, list[float]]:
    store = PostgresStore(url, "bench")
    left = [new_run(params_of(n), identifier=IDENTIFIER) for n in range(claims)]
    store.counts()
    times = []
    start = perf_counter()
    while True:
        at = perf_counter()
        claimed = store.claim(left, begin) if left else None
        if claimed is None:
            break
        times.append(perf_counter() - at)
        left = left[claimed[0] + 1 :]
    store.close()
    return perf_counter() - start, times


def claim_bare(url: str, claims: int) -> tuple[float, list[float]]:
    runs = Runs("bench")
    left = []
    for n in range(claims):
        run = new_run(params_of(n), identifier=IDENTIFIER)
        record = new_record(run).changed(status=Status.RUNNING, attempt=1)
        values = (record.revision, new_ticket(), *fixed_values(record), *changing_values(record))
        left.append((run.params_key, values))
    locks = runs.locks_of("", IDENTIFIER)
    times = []
    with psycopg.connect(conninfo(url), autocommit=True) as at:
        identifier = runs.identifier(at, "", IDENTIFIER)
        start = begun = perf_counter()
        while left:
            place, claimed = claim_one(at, identifier, locks, left)
            if claimed:
                times.append(perf_counter() - begun)
                begun = perf_counter()
            del left[:place]
        return perf_counter() - start, times


def claim_one(
    at: Connection, identifier: int | None, locks: str, left: list[Any]
) -> tuple[int, bool]:
    """Return how many of *left* are to be passed over, and whether the last of those is ours."""
    hashes = [hash_ for hash_, _ in left[:LOOK]]
    wanted = json.dumps(hashes)
    with at.pipeline():
        at.execute("BEGIN")
        free = at.execute(sql.LOCK_FREE, (wanted, identifier, locks))
        there = at.execute(sql.FIND_MANY, (wanted, LEASE_S, identifier))
    found = free.fetchone()
    place = LOOK if found is None else int(found[0])
    if found is None or any(each[HASH] == hashes[place - 1] for each in there):
        at.execute("ROLLBACK")
        return place, False
    with at.pipeline():
        inserted = at.execute(sql.INSERT, (identifier, identifier, *left[place - 1][1], LEASE_S))
        at.execute("COMMIT")
    inserted.fetchone()
    return place, True


def listing(url: str, folder: Path, runs: int, rounds: int) -> Row:
    """Compare reading all runs with their params with the SELECT and a `json.loads` each."""
    place = with_schema(url, "listing")
    project = filled(place, folder / "listing", runs)
    select = f"SELECT {', '.join(COLUMNS)} FROM run ORDER BY uid"
    params = COLUMNS.index("params")

    def ours() -> object:
        listed = project.ledger.get_uid_record_dict(IDENTIFIER)
        return [(record, record.params) for record in listed.values()]

    with psycopg.connect(conninfo(place), autocommit=True) as at:

        def floor() -> object:
            return [(each, json.loads(each[params])) for each in at.execute(select).fetchall()]

        answer = compare(f"listing {runs:,} runs", ours, floor, limit=LIST_LIMIT, rounds=rounds)
    project.ledger.store.close()
    return answer


def finding(url: str, folder: Path, runs: int, rounds: int) -> list[Row]:
    """Compare finding runs by a param with the SQL for it written by hand."""
    place = with_schema(url, "finding")
    project = filled(place, folder / "finding", runs)
    params = COLUMNS.index("params")
    select = f"SELECT {', '.join(COLUMNS)} FROM run WHERE"
    asked = {
        f"1 in 100 of {runs:,} runs by a param": (
            f"seed < {runs // 100}",
            f"{select} (params_json->'seed')::numeric < {runs // 100} ORDER BY uid",
        ),
        f"1 of {runs:,} runs by the value of a param": (
            f"seed == {runs // 2}",
            f"{select} params_json @> '{{\"seed\": {runs // 2}}}'::jsonb ORDER BY uid",
        ),
    }
    rows = []
    with psycopg.connect(conninfo(place), autocommit=True) as at:
        at.execute("ANALYZE run")
        for name, (where, sql) in asked.items():

            def ours(where: str = where) -> object:
                found = project.runs(IDENTIFIER, where=where).records
                return [(record, record.params) for record in found]

            def floor(sql: str = sql) -> object:
                return [(each, json.loads(each[params])) for each in at.execute(sql).fetchall()]

            rows.append(compare(name, ours, floor, limit=LIST_LIMIT, rounds=4 * rounds))
    project.ledger.store.close()
    return rows


def lifecycles(url: str, folder: Path, many: int, rounds: int, lives: int) -> list[Row]:
    """Compare a run's life in a ledger of *many* runs with one in a ledger of none."""
    projects = [
        filled(with_schema(url, f"lives_{runs}"), folder / str(runs), runs) for runs in (many, 0)
    ]
    fresh = (params_of(number) for number in count(10**9))
    sides = [in_blocks(partial(live, project), fresh, lives) for project in projects]
    name = f"a run's life, with {many:,} runs over 0"
    rows = [compare(name, *sides, limit=SIZE_LIMIT, rounds=rounds * 2, calls=lives)]
    for project in projects:
        project.ledger.store.close()
    return rows


def filled(url: str, folder: Path, runs: int) -> Project:
    """Return a project whose ledger at *url* knows *runs* runs that are DONE: one, multiplied."""
    project = Project(folder, ledger=url)
    first = live(project, params_of(-1)).record
    columns = [name for name in COLUMNS if name not in ("id", "uid", "params", "param_hash")]
    names = ", ".join(("identifier", "ticket", "lease_until", *columns))
    text = first.params_text.replace("-1}", "' || n || '}")
    with psycopg.connect(conninfo(url), autocommit=True) as at:
        at.execute(
            f"INSERT INTO run (uid, params, param_hash, {names}) SELECT n + 1, '{text}', "
            f"md5('a' || n) || md5('b' || n), {names} FROM run, generate_series(1, {runs}) AS n"
        )
        at.execute("DELETE FROM run WHERE uid = 1")
        at.execute("UPDATE identifier SET last_uid = last_uid + %s", (runs,))
        at.execute("VACUUM ANALYZE run")
    return project
