"""Whatever is typed as a filter is read, or refused at a place in it; and SQL means the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pycaddy import Project, Status
from pycaddy.errors import FilterError
from pycaddy.filters import Not, matches, parse, parse_order
from pycaddy.stores import Selection
from tests.faults.conftest import LONG
from tests.postgres import with_schema

EXAMPLES = settings(max_examples=5000 if LONG else 400)
WORDS = [
    "lr", "opt.lr", "params['ä b']", "layers[0]", "result.loss", "metrics['val/acc'].max",
    "metrics.loss", "status", "uid", "attempt", "seconds", "note", "error", "stale", "tags",
    "files", "created_at", "capture.git.commit", "identifier", "x",
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "is None", "is not None", "and", "or", "not",
    "(", ")", "[", "]", ",", ".", "1", "0.1", "-1", "1e400", "9" * 30, "True", "None", "'done'",
    "'a'", "'0001'", "'2026-01-31'", "''", "'%'", "'\\ud800'", "'\\0'", "float('nan')",
    "float('-inf')", ".startswith('a')", ".endswith('é')", "lambda", "if", "else", "for", "*", "**",
    ":=", "await", "yield", "{", "}", "@", "f'{x}'", "b'x'", "1j", "0x1F", "1_0", "...", "#", "\\",
    "\n", "\t", "\x0c", "\r", "\u2028", "\ufeff", "\x00", "é", "\ufb01", "\U0001d425\U0001d42b",
    "\ud800", '"""', ";",
]  # fmt: skip
soup = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=14).map(" ".join)
glued = st.lists(st.sampled_from(WORDS), max_size=10).map("".join)
names = st.sampled_from([word for word in WORDS[:20] if word not in ("stale", "tags", "files")])
values = st.sampled_from(
    ["1", "0.1", "-1", "1e400", "'a'", "''", "True", "'done'", "'é'", "'0001'"]
)
tests = st.builds(
    "{} {} {}".format, names, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), values | names
) | st.sampled_from(
    ["'a' in tags", "'a' in files", "x in [1, 'a']", "x not in (0.1,)", "not x", "x is None",
     "note.startswith('%')", "error.endswith('_')", "'a' in x", "0 < lr <= 1", "stale"]
)  # fmt: skip
sensible = st.lists(tests, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from([" and ", " or ", " and not "]).map(lambda word: word.join(parts))
)


@given(st.text() | soup | glued | sensible)
@example("\u2028 == 1 and")
@example("x == '\ud800' and y ==")
@example("a.b.c" * 300)
@example("[" * 199)
@example("-" * 4000 + "1")
@EXAMPLES
def test_any_text_is_a_filter_or_is_refused_at_a_place_in_it(text: str) -> None:
    for read in (parse, parse_order):
        try:
            read(text)
        except FilterError as error:
            place: int = error.column  # type: ignore[attr-defined]
            assert 1 <= place <= len(text) + 1
            message = str(error)
            lines = message.split("\n")
            if len(lines) > 1:  # the filter, and a caret below the place
                assert lines[-1].strip() == "^"
                assert 4 <= lines[-1].index("^") <= 4 + len(lines[-2])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """Runs that have what the words above ask for, each in its own way."""
    url = None
    if request.param == "postgres":
        url = with_schema(request.getfixturevalue("postgres"), "fuzzed")
    project = Project(tmp_path_factory.mktemp("fuzzed"), ledger=url, durability="process")
    params: list[dict[str, Any]] = [
        {"lr": 0.1, "x": 1, "opt": {"lr": 0.1}, "layers": [1, "a"]},
        {"lr": 1, "x": "a", "ä b": True, "opt": [0.1]},
        {"lr": float("inf"), "x": [1, "a", None]},
        {"lr": float("nan"), "x": {"a": 1}, "layers": {"0": 1}},
        {"lr": "0.1", "x": None, "opt": None},
        {"x": False, "lr": True},
        {},
    ]
    for number, each in enumerate(params):
        run = project.session("train", each)
        if number:
            run.start()
            run.log({"loss": 0.5 - number, "val/acc": number})
            run.result = {"loss": each.get("lr")}
            run.attach_files({"a": run.path("a.txt")}).tag("a")
        if number > 2:
            run.error("größer %_\n" * number) if number % 2 else run.done()
        run.note(["%", "", "a", None][number % 4])
    yield project
    for run in project.sessions(status=Status.RUNNING):
        run.done()
    project.ledger.store.close()


@given(sensible | soup)
@settings(max_examples=2000 if LONG else 150)
def test_the_database_selects_what_the_filter_means(project: Project, text: str) -> None:
    try:
        tree = parse(text)
    except FilterError:
        with pytest.raises(FilterError):
            project.runs(where=text)
        return
    ledger = project.ledger
    everything = ledger.records(Selection())
    meant = [run.uid for run in everything if matches(tree, run, is_stale=ledger.is_stale)]
    assert [run.uid for run in project.runs(where=text)] == meant
    others = ledger.records(Selection(where=Not(tree)))
    assert len(others) == len(everything) - len(meant)


def test_the_folder_of_the_project_is_all_there_is_after_it(project: Project) -> None:
    assert sorted(path.name for path in Path(project.root).iterdir()) == [".pycaddy", "train"]
