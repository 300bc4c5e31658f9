"""Folders: each belongs to one name and one kind."""

from __future__ import annotations

import pytest

from pycaddy.errors import NameClashError
from pycaddy.stores import Selection, Store
from pycaddy.testing._work import first
from pycaddy.testing.factories import new_run, started_record

__all__ = ["Folders"]

# Each pair is one folder where a file system ignores case.
TWINS = [
    ("train", "Train"),
    ("train", "TRAIN"),
    ("größe", "GRÖSSE"),
    ("straße", "STRASSE"),
    ("Ünïcode", "ünïcode"),
    ("Σ", "ς"),
]


class Folders:
    """`take_folder`, `folders`, and what creating and loading enter."""

    def test_a_run_enters_its_folder_and_those_above(self, store: Store) -> None:
        store.create(new_run(relpath="imagenet/randaug"))
        assert store.folders("names") == {
            "imagenet",
            "imagenet/randaug",
            "imagenet/randaug/train",
        }
        assert store.folders("files") == set()

    def test_a_folder_of_files_is_entered_once(self, store: Store) -> None:
        store.create(new_run())
        for _ in range(2):
            store.take_folder("train/ckpt", "files")
        assert store.folders("files") == {"train/ckpt"}
        assert store.folders("names") == {"train"}

    @pytest.mark.parametrize("deeper_first", [True, False])
    def test_folders_of_files_lie_in_one_another(self, store: Store, deeper_first: bool) -> None:
        store.create(new_run())
        both = ["train/a", "train/a/b/c"]
        for path in reversed(both) if deeper_first else both:
            store.take_folder(path, "files")
        store.take_folder("train/a/b", "files")
        assert store.folders("files") == {"train/a", "train/a/b", "train/a/b/c"}
        assert store.folders("names") == {"train"}

    @pytest.mark.parametrize(("name", "twin"), TWINS)
    def test_an_identifier_that_differs_by_case_is_refused(
        self, store: Store, name: str, twin: str
    ) -> None:
        store.create(new_run(identifier=name))
        with pytest.raises(NameClashError) as refused:
            store.create(new_run(identifier=twin))
        assert name in str(refused.value)
        assert twin in str(refused.value)
        with pytest.raises(NameClashError):
            store.find_or_create(new_run(identifier=twin), first)
        assert store.create(new_run(identifier=name)).uid == "0002"

    @pytest.mark.parametrize("twin", ["Imagenet/v2/x", "imagenet/V2/x", "imagenet/v2/Train"])
    def test_names_that_differ_by_case_clash_at_every_depth(self, store: Store, twin: str) -> None:
        store.create(new_run(relpath="imagenet/v2"))
        relpath, _, identifier = twin.rpartition("/")
        with pytest.raises(NameClashError):
            store.create(new_run(relpath=relpath, identifier=identifier))
        with pytest.raises(NameClashError):
            store.take_folder(twin, "files")

    def test_names_in_different_folders_do_not_clash(self, store: Store) -> None:
        store.create(new_run(relpath="a", identifier="train"))
        store.create(new_run(relpath="b", identifier="Train"))
        assert len(store.select(Selection())) == 2

    @pytest.mark.parametrize("twin", ["fresh/Imagenet", "Imagenet", "Imagenet/train"])
    def test_a_refused_name_changes_nothing(self, store: Store, twin: str) -> None:
        store.create(new_run(relpath="imagenet"))
        store.create(new_run(relpath="fresh/imagenet"))
        before = (store.identifiers(), store.counts(), store.folders("names"))
        with pytest.raises(NameClashError):
            store.create(new_run(relpath=twin, identifier="new"))
        with pytest.raises(NameClashError):
            store.take_folder(f"{twin}/new", "files")
        assert (store.identifiers(), store.counts(), store.folders("names")) == before
        assert store.folders("files") == set()

    def test_a_folder_of_files_is_no_place_for_runs(self, store: Store) -> None:
        store.create(new_run())
        store.take_folder("train/ckpt", "files")
        with pytest.raises(NameClashError):
            store.create(new_run(relpath="train", identifier="ckpt"))
        assert store.folders("names") == {"train"}

    def test_a_folder_of_runs_is_no_place_for_shared_files(self, store: Store) -> None:
        store.create(new_run(relpath="train", identifier="ckpt"))
        for path in ("train/ckpt", "train"):
            with pytest.raises(NameClashError):
                store.take_folder(path, "files")
        assert store.folders("files") == set()

    def test_what_is_loaded_enters_its_folders(self, store: Store) -> None:
        store.load(
            [started_record(1, relpath="imagenet")], {("zoo", "eval"): 3}, ["imagenet/train/ckpt"]
        )
        assert store.folders("names") == {"imagenet", "imagenet/train", "zoo", "zoo/eval"}
        assert store.folders("files") == {"imagenet/train/ckpt"}
        with pytest.raises(NameClashError):
            store.create(new_run(identifier="Imagenet"))
