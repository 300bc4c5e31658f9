from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import _document, _tables
from benchmarks._rounds import in_blocks, interleaved, repeated, row


def test_all_take_part_in_every_round_and_each_is_first_as_often() -> None:
    turns: list[str] = []
    contestants = {name: lambda name=name: turns.append(name) for name in "abc"}
    times = interleaved(contestants, rounds=3)
    assert "".join(turns) == "abccbaabccba"
    assert {name: len(taken) for name, taken in times.items()} == {"a": 3, "b": 3, "c": 3}


def test_the_first_round_is_not_counted() -> None:
    answers = iter([100.0, 1.0, 2.0])
    assert interleaved({"a": None}, 2, clock=lambda _: next(answers)) == {"a": [1.0, 2.0]}


def test_a_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    found = row("work", [2.0, 30.0, 8.0], [1.0, 10.0, 2.0], limit=4, calls=2)
    assert found["ratio"] == 3
    assert (found["low"], found["high"]) == (2.5, 3.5)
    assert (found["ours_s"], found["floor_s"]) == (4, 1)


def test_a_contestant_in_blocks_goes_on_where_it_stopped() -> None:
    seen: list[int] = []
    block = in_blocks(seen.append, range(10), 3)
    block()
    block()
    assert seen == [0, 1, 2, 3, 4, 5]


def test_a_repeated_contestant_calls_so_often() -> None:
    seen: list[int] = []
    repeated(lambda: seen.append(1), 3)()
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("facts", "over"),
    [
        ({"ratio": 1.4, "limit": 1.5}, False),
        ({"ratio": 1.6, "limit": 1.5}, True),
        ({"ratio": 99.0, "limit": None}, False),
        ({"extra_s": 0.03, "limit_s": 0.04, "third_party": []}, False),
        ({"extra_s": 0.05, "limit_s": 0.04, "third_party": []}, True),
        ({"extra_s": 0.03, "limit_s": 0.04, "third_party": ["numpy"]}, True),
    ],
)
def test_a_row_above_its_limit_is_marked(facts: dict[str, object], over: bool) -> None:
    assert _tables.is_over(facts) is over


def test_the_document_takes_the_tables_and_keeps_its_words(tmp_path: Path) -> None:
    machine = dict.fromkeys(("python", "sqlite", "system", "cores", "file_system"), "?")
    result = {
        "figure": "lifecycle",
        "machine": {**machine, "fsync_us": 150.0, "load": 0.1},
        "measured_at": "2026-01-02T03:04:05+00:00",
        "rows": [row("a life", [2e-3], [1e-3], limit=1.5)],
    }
    (tmp_path / "lifecycle.json").write_text(json.dumps(result))
    document = tmp_path / "benchmarks.md"
    document.write_text("Before.\n<!-- lifecycle -->\nold\n<!-- end of lifecycle -->\nAfter.\n")
    assert _document.update(tmp_path, document) == ["lifecycle"]
    text = document.read_text()
    assert text.startswith("Before.\n")
    assert text.endswith("After.\n")
    assert "old" not in text
    assert "| a life | 2 ms | 1 ms | 2.00 | 2.00 - 2.00 | 1.50 | over |" in text


def test_the_document_has_a_place_for_every_figure() -> None:
    from benchmarks.run import FIGURES, PEERS

    text = _document.DOCUMENT.read_text()
    for figure in (*FIGURES, PEERS):
        assert text.index(f"<!-- {figure} -->") < text.index(f"<!-- end of {figure} -->")
