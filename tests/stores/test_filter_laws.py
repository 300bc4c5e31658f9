"""Whatever is asked, of whatever there is: a store selects what `filters.matches` says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pycaddy import params
from pycaddy.filters import And, Expr, FirstOf, Name, Not, Or, Order, Test, matches, sorted_runs
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.stores.postgres.store import PostgresStore
from pycaddy.stores.sqlite.store import SqliteStore
from pycaddy.testing import started_record
from tests.postgres import with_schema

KEYS = ("a", "b", "ä", "0", "-1", 'q"', "\\", "\n", "a.b", "", "$")
TEXTS = ("", "a", "ab", "b", "ä", "1", "[1]", '{"a":1}', "true", 'q"\\', "inf")

texts = st.sampled_from(TEXTS) | st.text("ab[{\"'%_ä\U0001f600", max_size=4)
numbers = (
    st.sampled_from([0, 1, 2, 0.1, 0.3, 1.0, 2**53, 2**53 + 1, 2**63, 10**400])
    | st.integers()
    | st.floats()
)
scalars = texts | numbers | st.booleans()
values = st.recursive(
    scalars | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=4,
)
mappings = st.dictionaries(st.sampled_from(KEYS), values, max_size=4)


@st.composite
def records(draw: st.DrawFn) -> list[RunRecord]:
    found = []
    for uid in range(1, draw(st.integers(2, 8))):
        result, summary = draw(st.none() | mappings), draw(st.none() | mappings)
        found.append(
            started_record(
                uid,
                draw(mappings),
                status=draw(st.sampled_from(Status)),
                attempt=draw(st.integers(0, 3)),
                note=draw(st.none() | texts),
                result_text=None if result is None else params.dump(result),
                summary_text=None if summary is None else params.dump(summary),
            )
        )
    return found


paths = st.lists(st.sampled_from(KEYS) | st.integers(0, 1) | texts, min_size=1, max_size=3).map(
    tuple
)
names = st.builds(Name, st.sampled_from(["params", "result", "metrics"]), paths)
firsts = st.lists(names, min_size=2, max_size=4).map(lambda each: FirstOf("x", tuple(each)))
everything = firsts | names | st.builds(Name, st.just("params"), st.tuples(st.sampled_from(KEYS)))
comparisons = st.builds(
    Test,
    everything,
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    scalars | everything,
)
tests = (
    comparisons
    | st.builds(Test, everything, st.sampled_from(["is None", "holds"]))
    | st.builds(
        Test,
        everything,
        st.sampled_from(["in", "not in"]),
        st.lists(scalars, max_size=3).map(tuple),
    )
    | st.builds(Test, everything, st.sampled_from(["contains", "not contains"]), scalars)
    | st.builds(Test, everything, st.sampled_from(["startswith", "endswith"]), texts)
    | st.builds(Test, st.just(Name("status")), st.just("=="), st.sampled_from(["done", "error"]))
    | st.builds(Test, st.just(Name("attempt")), st.sampled_from(["<", ">=", "!="]), numbers)
    | st.builds(Test, st.just(Name("note")), st.sampled_from(["==", "!=", "<", "contains"]), texts)
)
filters = st.recursive(
    tests,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    store: Store
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("laws") / "ledger.db"
        store = SqliteStore(str(path), "laws", "process")
    else:
        store = PostgresStore(with_schema(request.getfixturevalue("postgres"), "laws"), "laws")
    yield store
    store.close()


fresh = (f"x{number}" for number in itertools.count())


def loaded(store: Store, runs: list[RunRecord]) -> Selection:
    """Load *runs* as those of an identifier of their own."""
    identifier = next(fresh)
    store.load([run._replace(identifier=identifier) for run in runs], {})
    return Selection("", identifier)


laws = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@laws
@given(runs=records(), asked=st.lists(filters, min_size=1, max_size=8))
def test_a_store_selects_what_a_filter_means(
    store: Store, runs: list[RunRecord], asked: list[Expr]
) -> None:
    selection = loaded(store, runs)
    there = store.select(selection)
    for where in asked:
        expected = [run for run in there if matches(where, run)]
        assert store.select(selection._replace(where=where)) == expected


# Databases may read a number of many digits as its neighbour; that is no matter to a filter, which
# is looked at again, and to an order only between neighbours.
plain_numbers = st.integers(-(2**40), 2**40).map(lambda number: number / 4)
sortable: Any = (
    plain_numbers
    | st.sampled_from([float("inf"), -float("inf"), float("nan")])
    | st.booleans()
    | texts
    | st.none()
    | st.lists(st.integers(0, 3), max_size=2)
)


@pytest.mark.slow
@laws
@given(
    found=st.lists(st.tuples(*(st.dictionaries(st.just("x"), sortable),) * 2), max_size=9),
    roots=st.permutations(["params", "result"]),
    descending=st.booleans(),
    limit=st.none() | st.integers(0, 4),
)
def test_a_store_sorts_as_values_do(
    store: Store,
    found: list[tuple[dict[str, Any], dict[str, Any]]],
    roots: list[str],
    descending: bool,
    limit: int | None,
) -> None:
    runs = [
        started_record(uid, values, result_text=params.dump(result))
        for uid, (values, result) in enumerate(found, 1)
    ]
    selection = loaded(store, runs)
    orders = (Order(tuple(Name(root, ("x",)) for root in roots), descending),)
    expected = sorted_runs(store.select(selection), orders)[:limit]
    assert store.select(selection._replace(sort=orders, limit=limit)) == expected
