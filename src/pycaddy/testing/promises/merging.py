"""Runs from elsewhere, added and replaced: all of it or nothing."""

from __future__ import annotations

from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.testing.factories import new_run, started_record

__all__ = ["Merging"]


class Merging:
    """`merge`."""

    def test_runs_are_added_and_replaced_together(self, store: Store) -> None:
        old = store.create(new_run())
        new = old.changed(status=Status.DONE, attempt=1)
        assert store.merge([started_record(5)], [(old, new)])
        assert [run.uid for run in store.select(Selection())] == ["0001", "0005"]
        assert store.get("", "train", 1) == new
        assert store.create(new_run()).uid == "0006"

    def test_a_taken_uid_changes_nothing(self, store: Store) -> None:
        old = store.create(new_run())
        new = old.changed(status=Status.DONE, attempt=1)
        taken = [started_record(5), started_record(1)]
        assert not store.merge(taken, [(old, new)])
        assert store.select(Selection()) == [old]

    def test_a_run_that_has_changed_since_changes_nothing(self, store: Store) -> None:
        old = store.create(new_run())
        now = old.changed(status=Status.DONE, attempt=1)
        assert store.swap(old, now)
        assert not store.merge([started_record(5)], [(old, old.changed(status=Status.ERROR))])
        assert store.select(Selection()) == [now]
