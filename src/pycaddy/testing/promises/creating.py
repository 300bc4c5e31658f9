"""New runs and their uids."""

from __future__ import annotations

from itertools import chain

import pytest

from pycaddy.layout import StorageMode
from pycaddy.status import Status
from pycaddy.stores import Store
from pycaddy.testing._at_once import MANY, in_processes, in_threads
from pycaddy.testing._work import create, uids
from pycaddy.testing.factories import OpenStore, new_run, some_owner

__all__ = ["Creating"]

# What databases have been known to change: escapes, blanks, quotes, text beyond 16 bits.
TEXTS = ("", " a  b ", "'\"\\", "%_*?", "\n\t\x01", "größe", "日本語", "🜁", "e\u0301", "null")


class Creating:
    """`create` and `get`."""

    def test_a_new_run_is_pending_and_has_what_it_was_created_with(self, store: Store) -> None:
        run = new_run(
            {"lr": 0.1},
            relpath="imagenet/randaug",
            mode=StorageMode.PREFIX,
            owner=some_owner(),
        )
        record = store.create(run)
        assert str(record.key) == "imagenet/randaug/train/0001"
        assert record.mode is StorageMode.PREFIX
        assert (record.params_text, record.params_key) == (run.params_text, run.params_key)
        assert record.owner == some_owner()
        assert record.status is Status.PENDING
        assert (record.attempt, record.revision) == (0, 1)
        assert (record.files, record.result, record.error_text) == ({}, None, None)
        assert (record.started_at, record.ended_at, record.trashed_us) == (None, None, None)
        assert [move.status for move in record.history] == [Status.PENDING]

    def test_a_run_is_there_for_everybody_when_create_returns(
        self, store: Store, open_store: OpenStore
    ) -> None:
        record = store.create(new_run(relpath="imagenet"))
        assert store.get("imagenet", "train", 1) == record
        assert open_store(store.project).get("imagenet", "train", 1) == record

    def test_get_answers_none_for_a_run_that_is_not_there(self, store: Store) -> None:
        store.create(new_run(relpath="imagenet"))
        assert store.get("imagenet", "train", 2) is None
        assert store.get("imagenet", "eval", 1) is None
        assert store.get("", "train", 1) is None

    @pytest.mark.parametrize("text", TEXTS, ids=ascii)
    def test_texts_come_back_as_they_went_in(self, store: Store, text: str) -> None:
        run = new_run({"z": text, "a": {text: [1.5, None, True]}})
        record = store.create(run)
        found = store.get("", "train", 1)
        assert found is not None
        assert (found.params_text, found.params) == (run.params_text, record.params)

    def test_uids_count_from_one_in_each_identifier_of_each_namespace(self, store: Store) -> None:
        homes = [("", "train"), ("", "eval"), ("imagenet", "train"), ("imagenet/v2", "train")]
        for number in ("0001", "0002", "0003"):
            for relpath, identifier in homes:
                run = new_run(relpath=relpath, identifier=identifier)
                assert store.create(run).uid == number

    def test_uids_grow_past_four_digits(self, store: Store) -> None:
        store.load([], {("", "train"): 9_998})
        assert create(store, new_run(), 3) == ["9999", "10000", "10001"]
        store.load([], {("", "train"): 99_999_999})
        assert create(store, new_run(), 1) == ["100000000"]

    def test_the_uid_of_a_removed_run_is_not_given_again(
        self, store: Store, open_store: OpenStore
    ) -> None:
        create(store, new_run(), 2)
        newest = store.create(new_run())
        store.swap(newest, newest.changed(trashed_us=1))
        assert store.create(new_run()).uid == "0004"
        store.close()
        assert open_store(store.project).create(new_run()).uid == "0005"

    def test_threads_that_create_at_once_get_uids_of_their_own(self, store: Store) -> None:
        given = in_threads(MANY, create, store, new_run(), 10)
        assert sorted(chain(*given)) == uids(store) == [f"{n:04d}" for n in range(1, 81)]

    def test_processes_that_create_at_once_get_uids_of_their_own(self, store: Store) -> None:
        given = in_processes(MANY, create, store, new_run(), 10)
        assert sorted(chain(*given)) == uids(store) == [f"{n:04d}" for n in range(1, 81)]
