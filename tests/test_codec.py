"""A record's parts as JSON text: read back as they were written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy import codec
from pycaddy._clock import from_iso, to_datetime, to_iso, utc_now_us
from pycaddy.codec import FileRecord, Move, Owner
from pycaddy.status import Status

TEXT = st.text(max_size=20)
WHOLE = st.integers(0, 2**63 - 1)
OWNERS = st.tuples(TEXT, TEXT, TEXT, WHOLE, WHOLE).map(lambda facts: Owner(*facts))
FILES = st.dictionaries(
    TEXT,
    st.one_of(
        st.tuples(TEXT),
        st.tuples(TEXT, WHOLE, WHOLE),
        st.tuples(TEXT, WHOLE, WHOLE, TEXT, st.just(True)),
        st.tuples(TEXT, st.none(), st.none(), st.none(), st.just(True)),
        st.tuples(TEXT, st.none(), st.none(), st.none(), st.just(False), TEXT),
    ).map(lambda facts: FileRecord(*facts)),
    max_size=4,
)
TIMES = st.integers(0, 4_000_000_000_000_000)


@given(st.integers() | TEXT.filter(lambda text: not text.startswith("int:")))
def test_a_param_hash_is_read_back_with_its_type(value: int | str) -> None:
    text = codec.encode_param_hash(value)
    read = codec.decode_param_hash(text)
    assert (type(read), read) == (type(value), value)
    assert isinstance(value, int) or text == value


@given(FILES)
def test_files_are_read_back(files: dict[str, FileRecord]) -> None:
    text = codec.encode_files(files)
    assert codec.decode_files(text) == files
    assert list(codec.decode_files(text)) == list(files)
    assert codec.encode_files(codec.decode_files(text)) == text


def test_what_is_not_known_of_a_file_is_left_out() -> None:
    assert codec.encode_files({}) == "{}"
    assert json.loads(codec.encode_files({"a": FileRecord("x")})) == {"a": {"path": "x"}}
    hashed = FileRecord("x", 1, 2, "ab", hashed=True)
    assert json.loads(codec.encode_files({"a": hashed})) == {
        "a": {"path": "x", "size": 1, "mtime_ns": 2, "sha256": "ab"}
    }
    wanted = FileRecord("x", hashed=True)
    assert json.loads(codec.encode_files({"a": wanted})) == {"a": {"path": "x", "sha256": None}}


@given(OWNERS)
def test_an_owner_is_read_back(owner: Owner) -> None:
    giver = owner._replace(pid=1, started=2)
    for each in (owner, owner.driven_by(giver), owner._replace(boot="other").driven_by(giver)):
        back = codec.decode_owner(codec.encode_owner(each))
        assert back is not None
        assert tuple(back) == tuple(each)
        assert (each == owner) == (each.boot == owner.boot)
    assert str(owner) == f"pid {owner.pid} on {owner.host}"


def test_nobody_is_an_owner_too() -> None:
    assert codec.encode_owner(None) is None
    assert codec.decode_owner(None) is None


@given(
    TIMES,
    st.lists(
        st.tuples(st.sampled_from(Status), TIMES, st.integers(0, 999), st.none() | TEXT), max_size=5
    ),
)
def test_a_history_only_grows_and_is_read_back(
    begun: int, moves: list[tuple[Status, int, int, str | None]]
) -> None:
    history = codec.begin_history(Status.PENDING, begun)
    expected = [Move(Status.PENDING, to_datetime(begun), 0)]
    for status, at, attempt, detail in moves:
        longer = codec.append_move(history, status, at, attempt, detail)
        assert longer.startswith(history[:-1])
        history = longer
        expected.append(Move(status, to_datetime(at), attempt, detail))
        json.loads(history)
    assert codec.decode_history(history) == tuple(expected)


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists))
def test_encoding_is_strict_json_on_one_line(value: object) -> None:
    text = codec.encode(value)
    assert json.loads(text) == value
    assert "\n" not in text


def test_text_outside_ascii_stays_readable() -> None:
    assert codec.encode({"ü": "码🚀"}) == '{"ü":"码🚀"}'


@given(st.integers(-(10**17), 10**17))
def test_a_time_is_read_back_to_the_microsecond(us: int) -> None:
    try:
        moment = to_datetime(us)
    except OverflowError:
        return
    assert moment.tzinfo is UTC
    assert from_iso(to_iso(us)) == us
    assert datetime.fromisoformat(to_iso(us)) == moment


def test_times_are_written_with_their_zone_and_always_alike() -> None:
    assert to_iso(0) == "1970-01-01T00:00:00.000000+00:00"
    assert to_iso(1_500_000) == "1970-01-01T00:00:01.500000+00:00"
    assert from_iso("1970-01-01T01:00:01+01:00") == 1_000_000
    assert from_iso("1970-01-01T00:00:01Z") == 1_000_000


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no zone\. Write it with \+00:00\."):
        from_iso("2026-01-01T00:00:00")


def test_now_is_now() -> None:
    before = datetime.now(timezone(timedelta(hours=5)))
    now = to_datetime(utc_now_us())
    assert before - timedelta(seconds=1) < now < datetime.now(UTC) + timedelta(seconds=1)
