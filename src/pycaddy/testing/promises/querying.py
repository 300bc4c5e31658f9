"""Filters and orders: what `pycaddy.filters` defines, whatever the engine."""

from __future__ import annotations

import pytest

from pycaddy import codec, params
from pycaddy.codec import FileRecord
from pycaddy.filters import MAX_DEPTH, matches, parse, parse_order, sorted_runs
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.testing._work import uids
from pycaddy.testing.factories import new_run, started_record

__all__ = ["Querying"]

NAN, INFINITY = float("nan"), float("inf")

# One of them under each name, so that every condition meets every kind of value.
VALUES: tuple[object, ...] = (
    0, 1, 1.0, -1, True, False, None, "", "a", "ab", "1", "ä", "true", "[1]", '{"b":1}', 'q"\\\n',
    0.1, 0.1 + 0.2, 1e-310, 5e-324, 1.7976931348623157e308, 2**53 + 1, 2**63, 10**30, 10**400,
    NAN, INFINITY, -INFINITY, [], [1], [True], ["a", 1.0], [[1]], {}, {"b": 1}, {"b": True},
    {"b": {"c": None}}, {"b": [1, 2]}, {"": 1},
)  # fmt: skip
NAMES = (
    "x",
    "größe",
    "a.b",
    "we'ird",
    'qu"ote',
    "back\\slash",
    "line\nbreak",
    "0",
    "$",
    "",
    "x[0]",
)

LITERALS = (
    "0", "1", "1.0", "-1", "0.1", "0.30000000000000004", "1e-310", "1e308", f"{2**53}", f"{2**63}",
    f"{10**30}", f"{10**400}", "float('nan')", "float('inf')", "-1e999", "''", "'a'", "'ä'", "'1'",
    "'[1]'", "'{\"b\":1}'", "'\\ud800'", "'\\0'",
)  # fmt: skip
CONDITIONS = (
    *(f"{{}} {op} {value}" for op in ("==", "!=", "<", "<=", ">", ">=") for value in LITERALS),
    "{} == True", "{} == False", "{} != True", "{}", "not {}", "{} is None", "{} is not None",
    "{} in [1, 'a', True]", "{} not in [1, 'a', False]", "{} in []", "{} not in []",
    "1 in {}", "'a' in {}", "'b' in {}", "1 not in {}", "{}.startswith('a')", "{}.startswith('[')",
    "{}.startswith('1')", "{}.startswith('')", "{}.endswith('b')", "{} == params.x",
    "0 <= {} < 2", "{} < 2 or {} == 'a'",
)  # fmt: skip
FIELDS = (
    "status == 'done'", "status != 'done'", "status in ['error', 'running']", "status in []",
    "uid == '0002'", "uid != 2", "uid > 2", "uid not in [1, 2]", "attempt == 1", "attempt > 1.5",
    f"attempt < {2**70}", "attempt > float('nan')", "identifier == 'train'", "identifier < 'u'",
    "identifier.startswith('tr')", "'rai' in identifier", "relpath == ''", "relpath != 'imagenet'",
    "relpath.startswith('image')", "relpath in ['imagenet', 'x']", "note is None", "note == 'ä'",
    "note != 'ä'", "note in ['ä']", "note not in ['ä']", "note.startswith('ä')", "'o' in note",
    "note > 'a'", "note.endswith('k')", "error is not None", "'memory' in error", "seconds > 1",
    "seconds <= 0.1", "seconds == 0.3", "seconds is None",
    "created_at > '2023-11-14T22:13:20.000002Z'",
    "created_at <= '2023-11-14T22:13:20.000002Z'", "ended_at is None", "started_at == created_at",
    "ended_at > '2023-11-14'", "'a' in tags", "'b' in tags", "'b' not in tags", "'q\"' in tags",
    "'model' in files", "'model' not in files", "'we.ird' in files", "'q\"' in files",
    "result.loss < 0.5", "result.loss is None", "note == 'ä' or result['a b'] == 1",
    "metrics.loss < 0.5", "metrics['val/acc'].max >= 0.9", "metrics['val/acc'].min is None",
    "capture.git.dirty", "capture.git.commit == 'abc'", "stale", "not stale",
    "stale or status == 'done'",
    "run == 'imagenet/train/0003'", "run.startswith('imagenet/')", "'0002' in run", "run > 'f'",
    "run != 'train/0001'", "loss < 0.5", "loss > -1", "loss is None", "loss == 'bad'", "x == loss",
    "loss == result.loss", "loss in [0.25, 0.125]", "loss == float('nan')", "'a' in loss",
    "val/acc.max >= 0.9", "val.acc.max is None", "git.dirty", "result.loss == metrics.loss",
)  # fmt: skip
ORDERS = (
    "x", "-x", "-x,uid", "loss", "-loss", "-metrics['val/acc'].max", "val/acc.max", "-seconds",
    "run", "-run,x", "val/acc.max,-loss", "status,-created_at", "note", "-note", "relpath,-uid",
    "result['a b'],-x", "-attempt,x",
)  # fmt: skip


def sample() -> list[RunRecord]:
    """Return runs that differ in everything but their params."""
    done = started_record(1, {"x": 0.3})
    return [
        done,
        started_record(
            2,
            {"x": 0.2},
            status=Status.ERROR,
            attempt=2,
            error_text="Out of memory",
            note="ä",
            ended_us=done.created_us + 300_001,
            tags_text=codec.encode_tags(["a", "b", 'q"']),
            result_text=params.dump({"loss": 0.25, "a b": 1}),
        ),
        started_record(
            3,
            {"x": 0.2, "loss": NAN},
            relpath="imagenet",
            note="ok",
            result_text=params.dump({"loss": INFINITY}),
            summary_text=params.dump({"loss": {"last": NAN}, "val/acc": {"max": 0.9, "min": None}}),
            capture_text='{"git":{"commit":"abc","dirty":true}}',
        ),
        started_record(
            4,
            status=Status.RUNNING,
            relpath="imagenet/randaug",
            ended_us=None,
            note="book",
            summary_text=params.dump({"loss": {"last": 0.125}, "val/acc": {"max": 0.95}}),
            files_text=codec.encode_files(
                {name: FileRecord("model.pt") for name in ("model", "we.ird", 'q"')}
            ),
        ),
        started_record(
            1,
            {"x": "b"},
            identifier="eval",
            status=Status.RUNNING,
            ended_us=None,
            result_text=params.dump({"loss": "bad", "a b": True}),
            tags_text=codec.encode_tags(["b"]),
        ),
        started_record(2, {"x": [1]}, identifier="eval", ended_us=done.created_us + 2_500_000),
        started_record(3, {"x": True}, identifier="eval", result_text=params.dump({"loss": -1})),
    ]


def is_stale(record: RunRecord) -> bool:
    """Take one of two running runs for stale."""
    return record.status is Status.RUNNING and record.identifier == "eval"


class Querying:
    """`select` with `where` and `sort`."""

    @pytest.mark.parametrize("name", NAMES)
    def test_a_filter_on_params_selects_what_it_means(self, store: Store, name: str) -> None:
        records = [
            started_record(number, {name: value, "x": value} if number % 2 else {"x": value})
            for number, value in enumerate(VALUES, 1)
        ]
        store.load(records, {})
        everything = store.select(Selection())
        for condition in CONDITIONS if name == "x" else CONDITIONS[::9]:
            text = condition.replace("{}", f"params[{name!r}]")
            for where in (parse(text), parse(f"not ({text})")):
                expected = [run.uid for run in everything if matches(where, run)]
                assert uids(store, Selection(where=where)) == expected, text

    @pytest.mark.parametrize(
        "path", ["x.b", "x.b.c", "x[0]", "x[1]", "x['0']", "x['b'][0]", "x['']"]
    )
    def test_a_filter_reaches_into_nested_params(self, store: Store, path: str) -> None:
        store.load(
            [started_record(number, {"x": value}) for number, value in enumerate(VALUES, 1)], {}
        )
        everything = store.select(Selection())
        for text in (f"{path} == 1", f"{path} is None", f"{path}", f"not {path} == 'a'"):
            where = parse(text)
            expected = [run.uid for run in everything if matches(where, run)]
            assert uids(store, Selection(where=where)) == expected, text

    @pytest.mark.parametrize("text", FIELDS)
    def test_a_filter_on_what_a_run_is_selects_what_it_means(self, store: Store, text: str) -> None:
        store.load(sample(), {})
        everything = store.select(Selection())
        for where in (parse(text), parse(f"not ({text})"), parse(f"x == 0.2 and {text}")):
            selected = store.select(Selection(where=where, is_stale=is_stale))
            assert selected == [run for run in everything if matches(where, run, is_stale=is_stale)]

    @pytest.mark.parametrize("text", ORDERS)
    def test_runs_are_sorted_as_their_values_are(self, store: Store, text: str) -> None:
        store.load(sample(), {})
        order = parse_order(text)
        expected = sorted_runs(store.select(Selection()), order)
        assert store.select(Selection(sort=order)) == expected

    @pytest.mark.parametrize("order", [(), parse_order("-x"), parse_order("result['qu\"ote'],x")])
    @pytest.mark.parametrize(
        "where", [None, parse("status == 'done'"), parse("x < 0.3"), parse("not stale")]
    )
    def test_a_part_of_a_list_is_that_part_of_it(
        self, store: Store, where: object, order: object
    ) -> None:
        store.load(sample(), {})
        selection = Selection(where=where, sort=order, is_stale=is_stale)  # type: ignore[arg-type]
        whole = store.select(selection)
        for offset, limit in ((0, 2), (1, 2), (1, None), (2, 0), (9, 1), (0, 9)):
            part = store.select(selection._replace(offset=offset, limit=limit))
            end = None if limit is None else offset + limit
            assert part == whole[offset:end]

    @pytest.mark.parametrize("order", [(), parse_order("-x")])
    @pytest.mark.parametrize("where", [None, parse("status == 'done'"), parse("x < 0.3")])
    def test_the_names_of_a_selection_are_those_of_its_runs(
        self, store: Store, where: object, order: object
    ) -> None:
        store.load(sample(), {})
        selection = Selection(where=where, sort=order, newest_first=True)  # type: ignore[arg-type]
        assert store.keys(selection) == [run.key for run in store.select(selection)]
        part = selection._replace(offset=1, limit=2)
        assert store.keys(part) == [run.key for run in store.select(part)]

    def test_a_filter_holds_together_with_the_rest_of_a_selection(self, store: Store) -> None:
        for relpath in ("", "imagenet"):
            for x in (1, 2, 2):
                store.create(new_run({"x": x}, relpath=relpath))
        gone = store.select(Selection("imagenet"))[2]
        store.swap(gone, gone.changed(trashed_us=1))
        where = parse("x == 2")
        assert uids(store, Selection("imagenet", "train", where=where)) == ["0002"]
        assert uids(store, Selection("imagenet", where=where, trashed=True)) == ["0003"]
        assert uids(store, Selection(where=where, newest_first=True, limit=2)) == ["0002", "0003"]

    def test_a_long_filter_is_no_matter(self, store: Store) -> None:
        for x in (1, 2, 3):
            store.create(new_run({"x": x}))
        any_of = parse(" or ".join(["x == 2"] * 400))
        assert uids(store, Selection(where=any_of)) == ["0002"]
        one_of = parse(f"x in [{', '.join(['2'] * 1300)}]")
        assert uids(store, Selection(where=one_of)) == ["0002"]
        # A name that may be in many places, often: more values than SQLite binds.
        many_places = parse(f"a.b/c in [{'2,' * 2000}]")
        assert uids(store, Selection(where=many_places)) == []

    def test_a_filter_as_deep_as_can_be_is_no_matter(self, store: Store) -> None:
        for x in (1, 2, 3):
            store.create(new_run({"x": x}))
        text = "x == 2"
        for _ in range((MAX_DEPTH - 1) // 3):
            text = f"x > 0 and (x == 3 or not ({text}))"
        where = parse(text)
        expected = [run.uid for run in store.select(Selection()) if matches(where, run)]
        assert uids(store, Selection(where=where)) == expected

    def test_whether_a_run_is_stale_has_to_be_told(self, store: Store) -> None:
        store.create(new_run())
        with pytest.raises(ValueError, match="is_stale"):
            store.select(Selection(where=parse("not stale")))
