"""Runs with equal params: found, or created, but never both."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread

import pytest

from pycaddy.records import NewRun, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Store
from pycaddy.testing._at_once import MANY, in_processes, in_threads
from pycaddy.testing._work import first, resume, uids
from pycaddy.testing.factories import new_run

__all__ = ["Finding"]


class Finding:
    """`find_or_create`."""

    def test_a_run_is_created_when_none_has_its_params(self, store: Store) -> None:
        store.create(new_run({"lr": 1}))
        record, created = store.find_or_create(new_run({"lr": 2}), first)
        assert created
        assert record.params == {"lr": 2}
        assert store.get("", "train", 2) == record

    def test_a_run_is_found_again_by_its_params(self, store: Store) -> None:
        record = store.create(new_run({"lr": 1}))
        assert store.find_or_create(new_run({"lr": 1.0}), first) == (record, False)
        assert uids(store) == ["0001"]

    def test_runs_are_offered_newest_first(self, store: Store) -> None:
        store.load([], {("", "train"): 9_997})
        for _ in range(4):
            store.create(new_run())
        assert uids_offered(store, new_run()) == ["10001", "10000", "9999", "9998"]

    def test_only_runs_of_the_same_identifier_and_namespace_are_offered(self, store: Store) -> None:
        store.create(new_run(identifier="eval"))
        store.create(new_run(relpath="imagenet"))
        store.create(new_run({"lr": 1}))
        assert uids_offered(store, new_run()) == []
        assert uids_offered(store, new_run(identifier="eval")) == ["0001"]

    def test_runs_in_the_trash_are_not_offered(self, store: Store) -> None:
        old, new = store.create(new_run()), store.create(new_run())
        store.swap(new, new.changed(trashed_us=1))
        assert uids_offered(store, new_run()) == ["0001"]
        store.swap(old, old.changed(trashed_us=1))
        record, created = store.find_or_create(new_run(), first)
        assert (record.uid, created) == ("0003", True)

    def test_with_a_status_the_newest_run_that_has_it_is_offered(self, store: Store) -> None:
        for status in (Status.DONE, Status.DONE, Status.ERROR, Status.PENDING):
            record = store.create(new_run())
            store.swap(record, record.changed(status=status))
        assert uids_offered(store, new_run(), status=Status.DONE)[0] == "0002"
        assert uids_offered(store, new_run(), status=Status.ERROR) == ["0003"]
        assert uids_offered(store, new_run(), status=Status.RUNNING) == []

    def test_when_none_is_chosen_a_run_is_created(self, store: Store) -> None:
        store.create(new_run())
        record, created = store.find_or_create(new_run(), lambda runs: None)
        assert (record.uid, created) == ("0002", True)

    def test_the_chosen_run_is_returned_whichever_it_is(self, store: Store) -> None:
        oldest = store.create(new_run())
        store.create(new_run())
        assert store.find_or_create(new_run(), lambda runs: runs[-1]) == (oldest, False)

    def test_a_choice_that_raises_changes_nothing(self, store: Store) -> None:
        def refuse(runs: Sequence[RunRecord]) -> RunRecord:
            raise LookupError("none of these")

        with pytest.raises(LookupError, match="none of these"):
            store.find_or_create(new_run(relpath="imagenet"), refuse)
        assert (store.identifiers(), store.counts()) == ([], {})
        assert store.folders("names") == set()
        assert store.create(new_run(relpath="imagenet")).uid == "0001"

    def test_a_choice_that_raises_late_changes_nothing(self, store: Store) -> None:
        asked = []

        def hesitate(runs: Sequence[RunRecord]) -> None:
            asked.append(runs)
            if len(asked) == 2:  # a store may ask before it locks, and again after
                raise LookupError("none of these")

        try:
            store.find_or_create(new_run(), hesitate)
        except LookupError:
            assert (store.identifiers(), store.counts()) == ([], {})
            assert store.create(new_run()).uid == "0001"
        else:
            assert uids(store) == ["0001"]

    @pytest.mark.parametrize("change", ["done", "trashed", "created"])
    def test_what_is_decided_on_stays_as_it_is_until_the_run_is_created(
        self, store: Store, change: str
    ) -> None:
        old = store.create(new_run())
        changes = {
            "done": lambda: store.swap(old, old.changed(status=Status.DONE)),
            "trashed": lambda: store.swap(old, old.changed(trashed_us=1)),
            "created": lambda: store.create(new_run()),
        }
        others: list[Thread] = []

        def choose(runs: Sequence[RunRecord]) -> None:
            if others:  # a store may ask before it locks, and again after
                others[-1].start()
                others[-1].join(0.2)
                assert others[-1].is_alive()
            others.append(Thread(target=changes[change]))

        record, created = store.find_or_create(new_run(), choose)
        assert (record.uid, created) == ("0002", True)
        others[0].join()
        assert store.get("", "train", 1) != old or uids(store) == ["0001", "0002", "0003"]

    def test_of_threads_with_the_same_params_one_creates(self, store: Store) -> None:
        created = in_threads(MANY, resume, store, SWEEP)
        assert [sum(column) for column in zip(*created, strict=True)] == [1] * len(SWEEP)
        assert uids(store) == [f"{n:04d}" for n in range(1, len(SWEEP) + 1)]

    def test_of_processes_with_the_same_params_one_creates(self, store: Store) -> None:
        created = in_processes(MANY, resume, store, SWEEP)
        assert [sum(column) for column in zip(*created, strict=True)] == [1] * len(SWEEP)
        assert uids(store) == [f"{n:04d}" for n in range(1, len(SWEEP) + 1)]


SWEEP = [new_run({"lr": number}) for number in range(20)]


def uids_offered(store: Store, run: NewRun, *, status: Status | None = None) -> list[str]:
    """Return the uids that are offered for *run*, and create nothing."""
    offered: list[list[str]] = []

    def look(runs: Sequence[RunRecord]) -> RunRecord | None:
        offered.append([record.uid for record in runs])
        raise LookupError

    with pytest.raises(LookupError):
        store.find_or_create(run, look, status=status)
    return offered[-1]
