"""A store in many hands: threads, processes, forks, pickles and other projects."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from pycaddy.stores import Identifier, Selection, Store
from pycaddy.testing._at_once import MANY, forked, in_fork, in_processes, in_threads
from pycaddy.testing._work import create, uids, use
from pycaddy.testing.factories import OpenStore, new_run

__all__ = ["Sharing"]


class Sharing:
    """What holds for all methods together."""

    def test_it_says_where_and_whose_it_is(self, store: Store, open_store: OpenStore) -> None:
        other = open_store("another project")
        assert (store.project, other.project) == ("a project", "another project")
        assert store.address == other.address != ""
        assert store.is_local is other.is_local

    def test_two_stores_on_one_ledger_see_the_same(
        self, store: Store, open_store: OpenStore
    ) -> None:
        other = open_store(store.project)
        first = store.create(new_run())
        assert other.swap(first, first.changed(error_text="seen"))
        assert other.create(new_run()).uid == "0002"
        assert store.select(Selection()) == other.select(Selection())
        other.close()
        assert uids(store) == ["0001", "0002"]

    def test_projects_in_one_ledger_do_not_see_one_another(
        self, store: Store, open_store: OpenStore
    ) -> None:
        other = open_store("another project")
        mine = store.create(new_run({"lr": 1}, relpath="a"))
        assert other.select(Selection()) == []
        assert other.get("a", "train", 1) is None
        assert (other.counts(), other.identifiers(), other.folders("names")) == ({}, [], set())

        theirs, created = other.find_or_create(new_run({"lr": 1}, relpath="a"), lambda runs: None)
        assert (theirs.uid, created) == ("0001", True)
        other.load([], {("", "eval"): 5})
        assert store.select(Selection()) == [mine]
        assert store.identifiers() == [Identifier("a", "train", 1)]
        assert store.folders("names") == {"a", "a/train"}

    def test_names_of_other_projects_may_differ_by_case(
        self, store: Store, open_store: OpenStore
    ) -> None:
        store.create(new_run(identifier="train"))
        assert open_store("another project").create(new_run(identifier="Train")).uid == "0001"

    def test_it_pickles_as_its_address(self, store: Store, open_store: OpenStore) -> None:
        for original in (store, open_store("another project")):
            original.create(new_run())
            copy = pickle.loads(pickle.dumps(original))
            assert (copy.address, copy.project) == (original.address, original.project)
            assert use(copy) == uids(original) == ["0001", "0002"]
            copy.close()
            original.close()

    def test_it_pickles_before_it_is_used(self, open_store: OpenStore) -> None:
        assert use(pickle.loads(pickle.dumps(open_store("a project")))) == ["0001"]

    def test_it_is_closed_and_used_again(self, store: Store) -> None:
        store.close()
        assert use(store) == ["0001"]
        store.close()
        store.close()
        assert use(store) == ["0001", "0002"]

    def test_threads_come_and_go(self, store: Store) -> None:
        for _ in range(5):
            in_threads(MANY, use, store)
        assert len(uids(store)) == 5 * MANY

    def test_it_is_used_in_spawned_processes(self, store: Store) -> None:
        store.create(new_run())
        assert len(max(in_processes(2, use, store, method="spawn"), key=len)) == 3
        assert len(uids(store)) == 3

    if hasattr(os, "fork"):

        def test_a_fork_uses_what_it_inherits(self, store: Store) -> None:
            store.create(new_run())
            assert in_fork(use, store) == ["0001", "0002"]
            assert use(store) == ["0001", "0002", "0003"]
            assert in_fork(in_fork, use, store) == ["0001", "0002", "0003", "0004"]

        def test_a_fork_closes_only_its_own(self, store: Store) -> None:
            store.create(new_run())
            in_fork(store.close)
            assert use(store) == ["0001", "0002"]

        def test_forks_are_made_while_threads_write(self, store: Store) -> None:
            store.create(new_run())
            with writing(store) as written:
                for _ in range(10):
                    in_fork(use, store)
            assert len(uids(store)) == 1 + len(written) + 10
            assert store.check() == []

        def test_what_a_fork_writes_outlives_the_others(
            self, store: Store, open_store: OpenStore
        ) -> None:
            store.create(new_run())
            with forked(use_twice, store) as fork:
                assert fork.recv() == ["0001", "0002"]
                store.close()
                in_processes(1, uids, open_store(store.project))
                fork.send("go on")
                assert fork.recv() == ["0001", "0002", "0003"]
            assert uids(store) == ["0001", "0002", "0003"]


def use_twice(pipe: Connection, store: Store) -> None:
    """Use the store, say so, and use it once more when told to go on."""
    pipe.send(use(store))
    pipe.recv()
    pipe.send(use(store))


@contextmanager
def writing(store: Store) -> Iterator[list[str]]:
    """Let threads create runs during the block; yields the list of their uids."""
    stop = threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            written.extend(create(store, new_run(), 1))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield written
    finally:
        stop.set()
        for thread in threads:
            thread.join()
