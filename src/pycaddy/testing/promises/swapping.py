"""Changes: accepted from those who know the latest revision."""

from __future__ import annotations

from pycaddy.codec import FileRecord, append_move, encode_files, encode_owner
from pycaddy.layout import StorageMode
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.testing._at_once import MANY, in_processes, in_threads
from pycaddy.testing._work import count_up, first, mark
from pycaddy.testing.factories import OpenStore, new_run, some_owner, started_record

__all__ = ["Swapping"]


class Swapping:
    """`swap`, `is_latest`, `forget` and `rewrite_params`."""

    def test_the_next_revision_replaces_a_record(self, store: Store, open_store: OpenStore) -> None:
        old = store.create(new_run({"lr": 0.1}))
        new = old.changed(
            status=Status.ERROR,
            attempt=3,
            files_text=encode_files({"model ü": FileRecord("train/0001/m.pt", 9, 10**18, "ab")}),
            result_text='{"loss": NaN}',
            error_text='It\'s "broken"\n\t🜁',
            owner_text=encode_owner(some_owner()),
            started_us=1,
            ended_us=2**53,
            trashed_us=3,
            history_text=append_move(old.history_text, Status.ERROR, 4, 3, "broken"),
        )
        assert store.swap(old, new)
        assert store.get("", "train", 1) == new
        assert open_store(store.project).get("", "train", 1) == new

    def test_a_record_is_the_latest_until_somebody_changes_the_run(
        self, store: Store, open_store: OpenStore
    ) -> None:
        old, other = store.create(new_run({"lr": 1})), store.create(new_run({"lr": 2}))
        assert store.is_latest(old)
        new = old.changed(note="in between")
        assert open_store(store.project).swap(old, new)
        assert not store.is_latest(old)
        assert store.is_latest(new)
        removed = new.changed(trashed_us=1)
        store.swap(new, removed)
        store.forget(removed)
        assert not store.is_latest(removed)
        assert store.is_latest(other)

    def test_values_can_be_taken_back(self, store: Store) -> None:
        old = store.create(new_run(owner=some_owner()))
        full = old.changed(result_text="{}", error_text="x", ended_us=1, trashed_us=1)
        empty = full.changed(
            result_text=None, error_text=None, ended_us=None, trashed_us=None, owner_text=None
        )
        assert store.swap(old, full)
        assert store.swap(full, empty)
        assert store.get("", "train", 1) == empty

    def test_what_a_run_was_created_with_stays(self, store: Store) -> None:
        old = store.create(new_run({"lr": 0.1}))
        store.swap(
            old,
            old.changed(
                params_text='{"lr":0.2}',
                params_key="0" * 64,
                mode=StorageMode.PREFIX,
                created_us=0,
            ),
        )
        assert store.get("", "train", 1) == old.changed()

    def test_params_can_be_rewritten_and_nothing_else(self, store: Store) -> None:
        old = [store.create(new_run({"lr": lr})) for lr in (0.1, 0.2, 0.3)]
        wanted = [new_run({"opt": {"lr": lr}}) for lr in (0.1, 0.2)]
        new = [
            record.changed(
                params_text=run.params_text, params_key=run.params_key, param_version=7, attempt=9
            )
            for record, run in zip(old, wanted, strict=False)
        ]
        assert store.rewrite_params(list(zip(old, new, strict=False)))
        expected = [record._replace(attempt=0) for record in new]
        assert store.select(Selection()) == [*expected, old[2]]
        assert store.find_or_create(wanted[0], first) == (expected[0], False)
        assert store.rewrite_params([])

    def test_runs_that_have_only_a_hash_are_named_until_they_get_their_params(
        self, store: Store
    ) -> None:
        assert store.hash_only() == {}
        runs = [
            started_record(uid, params_key=f"{uid}" * 64, param_version=0, identifier=name)
            for uid, name in ((0, "train"), (1, "train"), (2, "eval"), (3, "eval"))
        ]
        store.load([*runs, started_record(4)], {})
        removed = store.get("", "eval", 3)
        assert removed is not None
        assert store.swap(removed, removed.changed(trashed_us=1))
        assert store.hash_only() == {
            ("", "train"): {"0" * 64, "1" * 64},
            ("", "eval"): {"2" * 64},
        }
        old = store.get("", "train", 0)
        assert old is not None
        assert old.uid == "0000"
        new = new_run({"lr": 1})
        changes = {"params_text": new.params_text, "params_key": new.params_key}
        assert store.rewrite_params([(old, old.changed(param_version=1, **changes))])
        assert store.hash_only() == {("", "train"): {"1" * 64}, ("", "eval"): {"2" * 64}}
        found, created = store.find_or_create(new, first)
        assert (found.uid, created) == ("0000", False)

    def test_params_are_rewritten_of_all_runs_or_of_none(self, store: Store) -> None:
        old = [store.create(new_run()) for _ in range(2)]
        later = old[1].changed(attempt=1)
        assert store.swap(old[1], later)
        changes = [(record, record.changed(params_text='{"x":1}')) for record in old]
        assert not store.rewrite_params(changes)
        assert store.select(Selection()) == [old[0], later]

    def test_an_outdated_record_is_refused_and_nothing_changes(self, store: Store) -> None:
        old = store.create(new_run())
        new = old.changed(status=Status.RUNNING, attempt=1)
        assert store.swap(old, new)
        assert not store.swap(old, old.changed(status=Status.DONE))
        assert not store.swap(old, new)
        assert store.get("", "train", 1) == new

    def test_a_change_touches_no_other_run(self, store: Store) -> None:
        before = [store.create(new_run()) for _ in range(3)]
        assert store.swap(before[1], before[1].changed(status=Status.DONE))
        assert [store.get("", "train", uid) for uid in (1, 3)] == [before[0], before[2]]

    def test_a_record_of_another_ledger_is_refused(self, store: Store) -> None:
        # A ledger that was rebuilt has other runs in the rows that it had before.
        runs = [new_run(), new_run(), new_run(identifier="eval"), new_run(relpath="imagenet")]
        before = [store.create(run) for run in runs]
        for mine in before:
            for other in before:
                strange = mine._replace(row=other.row)
                assert mine is other or not store.swap(strange, strange.changed(attempt=9))
        assert [record.attempt for record in store.select(Selection())] == [0] * 4
        assert all(store.swap(mine, mine.changed(attempt=9)) for mine in before)

    def test_of_threads_that_change_the_same_record_one_wins(self, store: Store) -> None:
        records = [store.create(new_run()) for _ in range(10)]
        names = in_threads(MANY, mark, store, records)
        assert winners(names) == errors(store)

    def test_of_processes_that_change_the_same_record_one_wins(self, store: Store) -> None:
        records = [store.create(new_run()) for _ in range(10)]
        names = in_processes(MANY, mark, store, records)
        assert winners(names) == errors(store)

    def test_no_change_of_many_processes_is_lost(self, store: Store) -> None:
        record = store.create(new_run())
        in_processes(MANY, count_up, store, record, 10)
        found = store.get("", "train", 1)
        assert found is not None
        assert (found.attempt, found.revision) == (MANY * 10, MANY * 10 + 1)

    def test_a_run_in_the_trash_is_forgotten_and_its_uid_stays_taken(self, store: Store) -> None:
        old = store.create(new_run())
        trashed = old.changed(trashed_us=1)
        store.swap(old, trashed)
        assert store.forget(trashed)
        assert store.get("", "train", 1) is None
        assert store.create(new_run()).uid == "0002"

    def test_a_run_is_forgotten_only_in_the_trash_and_as_it_is_there(self, store: Store) -> None:
        old = store.create(new_run())
        assert not store.forget(old)
        trashed = old.changed(trashed_us=1)
        store.swap(old, trashed)
        store.swap(trashed, restored := trashed.changed(trashed_us=None))
        assert not store.forget(trashed)
        assert store.get("", "train", 1) == restored


def winners(names: list[list[str | None]]) -> list[list[str]]:
    """Return the names of those who were let change each record."""
    return [[name for name in column if name] for column in zip(*names, strict=True)]


def errors(store: Store) -> list[list[str | None]]:
    """Return the one name that stands in each record."""
    return [[record.error_text] for record in store.select(Selection())]
