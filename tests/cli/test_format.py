from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.cli._format import count, duration, flat, local_time, printable, value_text

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_obeyed(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BIDI


@given(st.text(st.characters()))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    assert not any(map(is_obeyed, printable(text)))
    assert not any(map(is_obeyed, printable(text, lines=True).translate({10: "", 9: ""})))


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_letters_of_every_script_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b", r"\x9b"),
        ("\u202e", r"\u202e"),
        ("\U000e0041", r"\U000e0041"),
        ("\udcff", r"\udcff"),
        ("a\r\nb", r"a\x0d\x0ab"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_a_control_character_is_written_as_in_python(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_ends_of_lines_and_tabs_are_kept_where_asked_for() -> None:
    assert printable("a\r\nb\n\tc\rd", lines=True) == "a\nb\n\tc\\x0dd"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0ms"),
        (0.0124, "12ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (250, "4m10s"),
        (3599.6, "1h00m"),
        (11100, "3h05m"),
        (86400 * 2 + 4 * 3600, "2d04h"),
        (86400 * 400, "400d00h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_time_is_shown_with_its_zone() -> None:
    moment = datetime(2025, 7, 1, 12, 30, 5, 999999, tzinfo=UTC)
    assert datetime.fromisoformat(local_time(moment)) == moment.replace(microsecond=0)
    assert value_text(moment) == value_text(moment, longest=60) == local_time(moment)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("adam", "adam"),
        ("two words", "'two words'"),
        ("", "''"),
        ("a=b", "'a=b'"),
        (0.1, "0.1"),
        (True, "True"),
        (None, "None"),
        ([64, 64], "[64, 64]"),
        ({}, "{}"),
    ],
)
def test_a_value_is_shown_as_python_has_it_but_words_are_bare(value: object, shown: str) -> None:
    assert value_text(value) == value_text(value, longest=60) == shown


def test_a_value_in_a_table_is_rounded_and_cut() -> None:
    assert value_text(0.123456789, longest=60) == "0.123457"
    assert value_text(0.123456789) == "0.123456789"
    assert value_text("x" * 61, longest=60) == "x" * 59 + "…"


def test_nested_values_get_dotted_names() -> None:
    assert dict(flat({"a": {"b": {"c": 1}, "d": {}}, "e": [2]})) == {
        "a.b.c": 1,
        "a.d": {},
        "e": [2],
    }


def test_counts_agree_with_their_nouns() -> None:
    assert [count(n, "run") for n in (0, 1, 2, 1000)] == ["0 runs", "1 run", "2 runs", "1,000 runs"]
