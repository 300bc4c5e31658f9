"""Lists of runs: which, in which order, as of which moment."""

from __future__ import annotations

import pytest

from pycaddy.status import Status
from pycaddy.stores import Identifier, Selection, Store
from pycaddy.testing._at_once import started
from pycaddy.testing._work import load_batches, uids
from pycaddy.testing.factories import OpenStore, new_run, started_record

__all__ = ["Selecting"]

# Beside "imagenet" lie names that begin with it, and go on with what sorts next to "/".
NAMESPACES = (
    "",
    "imagenet",
    "imagenet/randaug",
    "imagenet/randaug/v2",
    "imagenet-x",
    "imagenet.x",
    "imagenet0",
    "imagenet2",
    "imagenets/randaug",
    "Zoo",
)


class Selecting:
    """`select`, `counts`, `totals` and `identifiers`."""

    def test_nothing_is_there_at_first(self, store: Store) -> None:
        assert store.select(Selection()) == []
        assert store.counts() == {}
        assert store.totals() == {}
        assert store.identifiers() == []

    def test_runs_come_by_namespace_identifier_and_number(self, store: Store) -> None:
        for relpath in reversed(NAMESPACES):
            for identifier in ("train", "Train2", "eval", "größe"):
                for _ in range(2):
                    store.create(new_run(relpath=relpath, identifier=identifier))
        keys = [
            (record.relpath, record.identifier, int(record.uid))
            for record in store.select(Selection())
        ]
        assert len(keys) == len(NAMESPACES) * 8
        assert keys == sorted(keys)

    def test_uids_are_ordered_as_numbers(self, store: Store) -> None:
        store.load([], {("", "train"): 9_997})
        for _ in range(4):
            store.create(new_run())
        assert uids(store) == ["9998", "9999", "10000", "10001"]
        newest_first = Selection(relpath="", identifier="train", newest_first=True)
        assert uids(store, newest_first) == ["10001", "10000", "9999", "9998"]

    def test_a_selected_run_is_whole(self, store: Store) -> None:
        old = store.create(new_run({"lr": 0.1}, relpath="imagenet"))
        new = old.changed(status=Status.ERROR, error_text="x", result_text="{}")
        store.swap(old, new)
        assert store.select(Selection()) == [new]

    def test_a_namespace_alone_has_its_own_runs(self, store: Store) -> None:
        for relpath in NAMESPACES:
            store.create(new_run(relpath=relpath))
        for relpath in NAMESPACES:
            assert namespaces(store, Selection(relpath)) == [relpath]
        assert namespaces(store, Selection("image")) == []

    def test_a_namespace_with_those_below_leaves_out_longer_names(self, store: Store) -> None:
        for relpath in NAMESPACES:
            store.create(new_run(relpath=relpath))
        assert namespaces(store, Selection("imagenet", recursive=True)) == [
            "imagenet",
            "imagenet/randaug",
            "imagenet/randaug/v2",
        ]
        assert namespaces(store, Selection("imagenet/randaug/v2", recursive=True)) == [
            "imagenet/randaug/v2"
        ]
        assert namespaces(store, Selection("image", recursive=True)) == []

    @pytest.mark.parametrize("selection", [Selection("", recursive=True), Selection()])
    def test_below_the_root_lies_everything(self, store: Store, selection: Selection) -> None:
        for relpath in NAMESPACES:
            store.create(new_run(relpath=relpath))
        assert namespaces(store, selection) == sorted(NAMESPACES)

    @pytest.mark.parametrize(
        ("name", "other"),
        [("a_b", "axb"), ("100%", "100 percent"), ("a%", "ab"), ("[ab]", "a"), ("größe", "große")],
    )
    def test_every_character_of_a_name_means_itself(
        self, store: Store, name: str, other: str
    ) -> None:
        for relpath in (name, f"{name}/below", other, f"{other}/below"):
            for identifier in (name, other):
                store.create(new_run(relpath=relpath, identifier=identifier))
        selection = Selection(name, name, recursive=True)
        found = [(record.relpath, record.identifier) for record in store.select(selection)]
        assert found == [(name, name), (f"{name}/below", name)]

    def test_an_identifier_is_found_in_all_namespaces(self, store: Store) -> None:
        for relpath in ("", "imagenet"):
            for identifier in ("train", "train2", "eval"):
                store.create(new_run(relpath=relpath, identifier=identifier))
        assert keys(store, Selection(identifier="train")) == ["train/0001", "imagenet/train/0001"]
        assert keys(store, Selection("imagenet", "eval")) == ["imagenet/eval/0001"]

    def test_a_status_is_selected(self, store: Store) -> None:
        for status in (Status.DONE, Status.ERROR, Status.DONE, Status.RUNNING):
            record = store.create(new_run())
            store.swap(record, record.changed(status=status))
        assert uids(store, Selection(status=Status.DONE)) == ["0001", "0003"]
        assert uids(store, Selection(status=Status.RUNNING)) == ["0004"]
        assert uids(store, Selection(status=Status.PENDING)) == []

    def test_equal_params_are_selected_by_their_key(self, store: Store) -> None:
        for values in ({"lr": 1}, {"lr": 2}, {"lr": 1}):
            store.create(new_run(values))
        key = new_run({"lr": 1}).params_key
        assert uids(store, Selection(params_key=key)) == ["0001", "0003"]
        assert uids(store, Selection(params_key="0" * 64)) == []

    def test_a_uid_is_selected_in_every_namespace(self, store: Store) -> None:
        for relpath in ("", "imagenet", "imagenet/v2"):
            for _ in range(2 if relpath else 1):
                store.create(new_run(relpath=relpath))
        store.create(new_run(identifier="eval"))
        assert keys(store, Selection(uid=2)) == ["imagenet/train/0002", "imagenet/v2/train/0002"]
        found = keys(store, Selection(identifier="train", uid=1))
        assert found == ["train/0001", "imagenet/train/0001", "imagenet/v2/train/0001"]
        assert keys(store, Selection(relpath="imagenet", uid=1)) == ["imagenet/train/0001"]
        assert keys(store, Selection(uid=3)) == []

    def test_all_conditions_hold_together(self, store: Store) -> None:
        for relpath in ("", "imagenet", "imagenet/v2"):
            for identifier in ("train", "eval"):
                for status in (Status.DONE, Status.ERROR):
                    run = new_run({"s": status.value}, relpath=relpath, identifier=identifier)
                    record = store.create(run)
                    store.swap(record, record.changed(status=status))
        selection = Selection(
            relpath="imagenet",
            identifier="train",
            recursive=True,
            status=Status.DONE,
            params_key=new_run({"s": "done"}).params_key,
        )
        assert keys(store, selection) == ["imagenet/train/0001", "imagenet/v2/train/0001"]

    def test_the_trash_is_seen_alone_or_not_at_all(self, store: Store) -> None:
        create_three_and_remove_the_second(store)
        assert uids(store) == ["0001", "0003"]
        assert uids(store, Selection(trashed=True)) == ["0002"]

    def test_newest_first_is_the_order_of_creation_backwards(self, store: Store) -> None:
        for relpath, identifier in (("b", "x"), ("a", "y"), ("b", "x"), ("", "z")):
            store.create(new_run(relpath=relpath, identifier=identifier))
        newest_first = ["z/0001", "b/x/0002", "a/y/0001", "b/x/0001"]
        assert keys(store, Selection(newest_first=True)) == newest_first
        assert keys(store, Selection(newest_first=True, limit=2)) == newest_first[:2]

    def test_a_limit_takes_the_first(self, store: Store) -> None:
        for _ in range(3):
            store.create(new_run())
        assert uids(store, Selection(limit=2)) == ["0001", "0002"]
        assert uids(store, Selection(limit=0)) == []
        assert len(uids(store, Selection(limit=10))) == 3

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_an_offset_passes_over_the_first(self, store: Store, newest_first: bool) -> None:
        for _ in range(5):
            store.create(new_run())
        listed = uids(store, Selection(newest_first=newest_first))
        for offset in range(7):
            page = Selection(newest_first=newest_first, offset=offset, limit=2)
            assert uids(store, page) == listed[offset : offset + 2]
            rest = Selection(newest_first=newest_first, offset=offset)
            assert uids(store, rest) == listed[offset:]

    def test_the_version_is_another_one_after_a_change(
        self, store: Store, open_store: OpenStore
    ) -> None:
        record = store.create(new_run())
        other = open_store("a project")
        before = other.version()
        assert store.swap(record, record.changed(note="seen"))
        assert other.version() != before
        other.close()

    def test_a_list_is_of_one_moment(self, store: Store) -> None:
        with started(1, load_batches, store, 20, 25) as futures:
            seen = [0]
            while not futures[0].done():
                seen.append(len(store.select(Selection())))
            futures[0].result()
        assert all(number % 25 == 0 for number in seen)
        assert seen == sorted(seen)

    def test_runs_are_counted_by_status_without_the_trash(self, store: Store) -> None:
        create_three_and_remove_the_second(store)
        done = store.create(new_run(relpath="imagenet"))
        store.swap(done, done.changed(status=Status.DONE))
        assert store.counts() == {
            ("", "train", Status.PENDING): 2,
            ("imagenet", "train", Status.DONE): 1,
        }

    def test_the_hashes_of_what_is_done_come_without_the_rest(self, store: Store) -> None:
        done, failed, removed, _ = (store.create(new_run({"lr": lr})) for lr in range(4))
        elsewhere = store.create(new_run({"lr": 9}, relpath="imagenet"))
        store.swap(done, done.changed(status=Status.DONE))
        store.swap(failed, failed.changed(status=Status.ERROR))
        store.swap(removed, removed.changed(status=Status.DONE, trashed_us=1))
        store.swap(elsewhere, elsewhere.changed(status=Status.DONE))
        assert store.done_hashes("", "train") == {done.params_key}
        assert store.done_hashes("imagenet", "train") == {elsewhere.params_key}
        assert store.done_hashes("", "eval") == set()

    def test_runs_are_counted_by_identifier_without_the_trash(self, store: Store) -> None:
        create_three_and_remove_the_second(store)
        done = store.create(new_run(relpath="imagenet"))
        store.swap(done, done.changed(status=Status.DONE))
        assert store.totals() == {("", "train"): 2, ("imagenet", "train"): 1}

    def test_identifiers_tell_the_last_uid_given(self, store: Store) -> None:
        create_three_and_remove_the_second(store)
        store.load([started_record(7, identifier="eval")], {("a", "größe"): 12})
        store.create(new_run(relpath="Zoo"))
        assert store.identifiers() == [
            Identifier("", "eval", 7),
            Identifier("", "train", 3),
            Identifier("Zoo", "train", 1),
            Identifier("a", "größe", 12),
        ]


def create_three_and_remove_the_second(store: Store) -> None:
    """Leave the second of three runs in the trash."""
    _, second, _ = (store.create(new_run()) for _ in range(3))
    assert store.swap(second, second.changed(trashed_us=1))


def keys(store: Store, selection: Selection) -> list[str]:
    """Return the names of the runs in their order."""
    return [str(record.key) for record in store.select(selection)]


def namespaces(store: Store, selection: Selection) -> list[str]:
    """Return the namespace of each run in their order."""
    return [record.relpath for record in store.select(selection)]
