"""Uids and records as values."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycaddy.errors import RunNotFoundError
from pycaddy.layout import StorageMode
from pycaddy.records import NewRun, RunKey, RunRecord, format_uid, parse_uid
from pycaddy.stores.rows import new_record

RECORD = new_record(NewRun("a", "train", '{"lr":0.1}', "key", StorageMode.PREFIX))


@pytest.mark.parametrize(
    ("number", "uid"), [(0, "0000"), (1, "0001"), (42, "0042"), (9999, "9999"), (10000, "10000")]
)
def test_a_uid_has_four_digits_or_as_many_as_it_needs(number: int, uid: str) -> None:
    assert format_uid(number) == uid
    assert parse_uid(uid) == number


@given(st.integers(0, 10**18 - 1))
def test_a_uid_is_read_back(number: int) -> None:
    assert parse_uid(format_uid(number)) == parse_uid(number) == parse_uid(str(number)) == number


@pytest.mark.parametrize("uid", ["", "x", "-1", "1.0", " 1", "٣", "1" * 19, -2, True, 10**18])
def test_what_no_uid_is(uid: str | int) -> None:
    with pytest.raises(RunNotFoundError, match=r"No run can have the uid .*as in 'train/0001'"):
        parse_uid(uid)


def test_a_key_is_a_path() -> None:
    assert str(RunKey("", "train", "0001")) == "train/0001"
    assert str(RunKey("a/b", "train", "0001")) == "a/b/train/0001"


def test_a_change_is_the_next_revision() -> None:
    changed = RECORD.changed(attempt=1)
    assert (changed.revision, changed.attempt) == (RECORD.revision + 1, 1)
    with pytest.raises((TypeError, ValueError), match="statsu"):
        RECORD.changed(statsu="done")
    assert RECORD.attempt == 0


def test_records_are_equal_whatever_is_known_of_their_leases() -> None:
    seen = RECORD._replace(lapsed=True)
    assert (seen == RECORD, seen != RECORD, hash(seen) == hash(RECORD)) == (True, False, True)
    assert (changed := RECORD._replace(attempt=1)) != RECORD
    assert changed not in {RECORD, seen}


def test_a_record_is_decoded_anew_each_time() -> None:
    assert RECORD.params == {"lr": 0.1}
    assert RECORD.params is not RECORD.params
    assert RECORD.layout.mode is StorageMode.PREFIX
    assert RECORD.seconds is None
    assert RECORD.changed(started_us=1_000_000, ended_us=3_500_000).seconds == 2.5


def test_a_record_pickles() -> None:
    again: RunRecord = pickle.loads(pickle.dumps(RECORD))
    assert again == RECORD
    assert hash(again) == hash(RECORD)
