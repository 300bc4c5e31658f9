"""Claims: of many who want a run, one gets it. And the beat of those who have one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import pytest

from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Selection, Store, new_record
from pycaddy.testing._at_once import MANY, in_processes, in_threads
from pycaddy.testing._work import begin, claim_all
from pycaddy.testing.factories import new_run

__all__ = ["Claiming"]

SWEEP = [new_run({"lr": number}) for number in range(30)]


class Claiming:
    """`claim` and `beat`."""

    def test_a_claim_adds_a_run_that_is_not_there(self, store: Store) -> None:
        claimed = store.claim(SWEEP, begin)
        assert claimed is not None
        position, record = claimed
        assert (position, record.uid, record.params) == (0, "0001", {"lr": 0})
        assert (record.status, record.attempt) == (Status.RUNNING, 1)
        assert store.get("", "train", 1) == record
        assert store.create(new_run()).uid == "0002"

    def test_a_claim_takes_up_a_run_that_is_there(self, store: Store) -> None:
        waiting = store.create(SWEEP[1])
        claimed = store.claim(SWEEP[1:], begin)
        assert claimed == (0, waiting.changed(status=Status.RUNNING, attempt=1))
        assert store.select(Selection()) == [claimed[1]]

    def test_a_claimed_run_is_changed_by_who_claimed_it(self, store: Store) -> None:
        for _ in range(2):
            claimed = store.claim(SWEEP, begin)
            assert claimed is not None
            _, record = claimed
            done = record.changed(status=Status.DONE)
            assert store.swap(record, done)
            assert not store.swap(record, record.changed(status=Status.ERROR))
            assert store.get("", "train", int(record.uid)) == done

    def test_runs_are_offered_in_their_order_until_one_is_taken(self, store: Store) -> None:
        offered: list[NewRun] = []

        def third(run: NewRun, runs: Sequence[RunRecord]) -> RunRecord | None:
            offered.append(run)
            return new_record(run) if len(offered) == 3 else None

        claimed = store.claim(SWEEP, third)
        assert claimed is not None
        assert claimed[0] == 2
        assert offered == SWEEP[:3]
        assert [record.params for record in store.select(Selection())] == [{"lr": 2}]

    def test_all_runs_with_equal_params_are_offered_newest_first(self, store: Store) -> None:
        store.create(SWEEP[1])
        for status in (Status.DONE, Status.ERROR, Status.RUNNING, Status.PENDING):
            record = store.create(SWEEP[0])
            store.swap(record, record.changed(status=status))
        removed = store.create(SWEEP[0])
        store.swap(removed, removed.changed(trashed_us=1))
        offered: list[list[str]] = []

        def look(run: NewRun, runs: Sequence[RunRecord]) -> None:
            offered.append([record.uid for record in runs])

        assert store.claim(SWEEP[:3], look) is None
        assert offered == [["0005", "0004", "0003", "0002"], ["0001"], []]

    def test_when_nothing_is_taken_nothing_changes(self, store: Store) -> None:
        assert store.claim(SWEEP, lambda run, runs: None) is None
        assert (store.counts(), store.identifiers(), store.folders("names")) == ({}, [], set())

    def test_a_decision_that_raises_changes_nothing(self, store: Store) -> None:
        def refuse(run: NewRun, runs: Sequence[RunRecord]) -> None:
            raise LookupError("none of these")

        with pytest.raises(LookupError, match="none of these"):
            store.claim(SWEEP, refuse)
        assert (store.counts(), store.identifiers(), store.folders("names")) == ({}, [], set())
        assert store.create(new_run()).uid == "0001"

    def test_of_threads_that_claim_a_sweep_each_gets_runs_of_its_own(self, store: Store) -> None:
        positions = in_threads(MANY, claim_all, store, SWEEP)
        assert sorted(chain(*positions)) == list(range(len(SWEEP)))
        assert all_began_once(store)

    def test_of_processes_that_claim_a_sweep_each_gets_runs_of_its_own(self, store: Store) -> None:
        for waiting in SWEEP[::2]:
            store.create(waiting)
        positions = in_processes(MANY, claim_all, store, SWEEP)
        assert sorted(chain(*positions)) == list(range(len(SWEEP)))
        assert all_began_once(store)

    def test_a_beat_is_counted_for_each_run_that_is_held(self, store: Store) -> None:
        records = [claimed(store) for _ in range(3)]
        before = store.select(Selection())
        held = {record.row: record.attempt for record in records[:2]}
        assert store.beat(held) == set()
        assert store.beat(held) == set()
        after = store.select(Selection())
        assert [new.beat - old.beat for old, new in zip(before, after, strict=True)] == [2, 2, 0]

    def test_a_beat_tells_which_runs_are_held_no_more(self, store: Store) -> None:
        ended, taken_over, held = (claimed(store) for _ in range(3))
        store.swap(ended, ended.changed(status=Status.DONE))
        store.swap(taken_over, taken_over.changed(attempt=2))
        rows = {record.row: 1 for record in (ended, taken_over, held)}
        assert store.beat(rows) == {ended.row, taken_over.row}
        beats = [record.beat for record in store.select(Selection())]
        assert beats == [ended.beat, taken_over.beat, held.beat + 1]
        assert store.beat({}) == set()

    def test_a_beat_is_in_nobody_s_way(self, store: Store) -> None:
        record = claimed(store)
        store.beat({record.row: 1})
        assert store.swap(record, record.changed(status=Status.DONE))
        found = store.get("", "train", 1)
        assert found is not None
        assert found.beat == record.beat + 1


def claimed(store: Store) -> RunRecord:
    """Claim the next run of the sweep."""
    answer = store.claim(SWEEP, begin)
    assert answer is not None
    return answer[1]


def all_began_once(store: Store) -> bool:
    """Whether each run of the sweep is there once, in its first attempt."""
    records = store.select(Selection())
    keys = sorted(record.params_key for record in records)
    return keys == sorted(run.params_key for run in SWEEP) and all(
        (record.status, record.attempt) == (Status.RUNNING, 1) for record in records
    )
