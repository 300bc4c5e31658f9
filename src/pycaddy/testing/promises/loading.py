"""Runs taken in with the uids they have: what a rebuild does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pycaddy.codec import FileRecord, encode_files
from pycaddy.errors import NameClashError
from pycaddy.layout import StorageMode
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.testing._at_once import MANY, in_processes
from pycaddy.testing._work import load, uids
from pycaddy.testing.factories import new_run, started_record

__all__ = ["Loading"]


class Loading:
    """`load`."""

    def test_loaded_runs_are_as_they_were(self, store: Store) -> None:
        records = [
            started_record(7, {"lr": 0.1}, relpath="imagenet", result_text='{"loss": 1}'),
            started_record(
                12,
                identifier="größe",
                mode=StorageMode.PREFIX,
                status=Status.ERROR,
                error_text="x",
                attempt=3,
                files_text=encode_files({"model": FileRecord("größe/0012_m.pt", 1, 2)}),
            ),
            started_record(10_000, trashed_us=5),
        ]
        assert store.load(records, {}) == 3
        for record in records:
            found = store.get(record.relpath, record.identifier, int(record.uid))
            assert found is not None
            assert found._replace(row=0, revision=1) == record

    def test_a_loaded_run_goes_on_like_any_other(self, store: Store) -> None:
        store.load([started_record(7, {"lr": 1}, row=99, revision=99)], {})
        (old,) = store.select(Selection())
        new = old.changed(status=Status.RUNNING, attempt=2)
        assert store.swap(old, new)
        assert store.find_or_create(new_run({"lr": 1}), lambda runs: runs[0]) == (new, False)

    def test_a_handle_from_before_does_not_change_a_loaded_run(self, store: Store) -> None:
        before = store.create(new_run())
        ended = before.changed(status=Status.DONE, attempt=1)
        store.load([started_record(1)], {})  # the run that was never started gives way
        assert not store.swap(before, ended)
        assert not store.swap(before._replace(row=store.select(Selection())[0].row), ended)

    def test_loading_twice_adds_nothing(self, store: Store) -> None:
        records = [started_record(uid) for uid in (1, 2, 9)]
        assert store.load(records, {}) == 3
        before = store.select(Selection())
        assert store.load(records, {}) == 0
        assert store.load([*records, started_record(4)], {}) == 1
        assert [run for run in store.select(Selection()) if run.uid != "0004"] == before

    def test_a_run_that_is_there_stays_as_it_is(self, store: Store) -> None:
        kept = []
        for changes in ({"status": Status.RUNNING, "attempt": 1}, {"status": Status.DONE}):
            record = store.create(new_run({"mine": True}))
            kept.append(record.changed(**changes))
            assert store.swap(record, kept[-1])
        assert store.load([started_record(1), started_record(2)], {}) == 0
        assert store.select(Selection()) == kept

    def test_a_run_that_was_never_started_gives_way(self, store: Store) -> None:
        store.create(new_run({"mine": True}))
        store.create(new_run({"mine": True}))
        assert store.load([started_record(1, {"found": True})], {}) == 1
        assert [run.params for run in store.select(Selection())] == [
            {"found": True},
            {"mine": True},
        ]

    def test_uids_go_on_after_the_loaded_ones(self, store: Store) -> None:
        store.load([started_record(41), started_record(7)], {("", "eval"): 9})
        assert store.create(new_run()).uid == "0042"
        assert store.create(new_run(identifier="eval")).uid == "0010"

    def test_counters_never_go_back(self, store: Store) -> None:
        for _ in range(5):
            store.create(new_run())
        store.load([started_record(2)], {("", "train"): 3})
        assert store.create(new_run()).uid == "0006"

    def test_what_cannot_be_read_to_its_end_is_not_loaded_at_all(self, store: Store) -> None:
        def broken() -> Iterator[RunRecord]:
            yield started_record(1)
            raise OSError("the disk is gone")

        with pytest.raises(OSError, match="the disk is gone"):
            store.load(broken(), {("", "eval"): 9}, ["train/ckpt"])
        assert (store.counts(), store.identifiers(), store.folders("files")) == ({}, [], set())
        assert store.create(new_run()).uid == "0001"

    def test_a_clash_of_names_loads_nothing(self, store: Store) -> None:
        twins = [started_record(1, identifier="train"), started_record(1, identifier="Train")]
        with pytest.raises(NameClashError):
            store.load(twins, {})
        assert (store.counts(), store.folders("names")) == ({}, set())

    def test_newest_first_holds_for_loaded_runs(self, store: Store) -> None:
        store.load([started_record(3), started_record(10_000), started_record(9_999)], {})
        store.load([started_record(1)], {})
        newest_first = Selection(relpath="", identifier="train", newest_first=True)
        assert uids(store, newest_first) == ["10000", "9999", "0003", "0001"]

    def test_runs_loaded_together_are_ordered_by_when_they_were_created(self, store: Store) -> None:
        begin = started_record(1).created_us
        ages = {"b": 30, "a": 10, "c": 20}
        store.load(
            [started_record(1, identifier=n, created_us=begin + us) for n, us in ages.items()], {}
        )
        found = store.select(Selection(newest_first=True))
        assert [run.identifier for run in found] == ["b", "c", "a"]

    def test_processes_that_load_the_same_runs_add_each_once(self, store: Store) -> None:
        records = [started_record(uid) for uid in range(1, 31)]
        assert sum(in_processes(MANY, load, store, records)) == 30
        assert uids(store) == [record.uid for record in records]
