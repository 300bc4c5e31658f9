"""Backups and health."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.errors import LedgerError
from pycaddy.status import Status
from pycaddy.stores import Selection, Store
from pycaddy.testing._at_once import started
from pycaddy.testing._work import create, uids
from pycaddy.testing.factories import OpenBackup, OpenStore, new_run

__all__ = ["Keeping"]


class Keeping:
    """`backup` and `check`."""

    def test_a_healthy_ledger_has_nothing_wrong(self, store: Store) -> None:
        assert store.check() == []
        store.create(new_run())
        assert store.check() == []

    def test_a_ledger_tells_what_it_is_kept_in(self, store: Store, open_store: OpenStore) -> None:
        empty = store.facts()
        assert (empty.engine != "", empty.version != "", empty.projects) == (True, True, 0)
        store.create(new_run())
        other = open_store("another project")
        other.create(new_run())
        full = store.facts()
        assert (full.projects, full.schema, full.engine) == (2, empty.schema, empty.engine)
        assert full.size >= empty.size > 0
        other.close()

    def test_a_backup_is_a_ledger_with_all_there_was(
        self, store: Store, open_backup: OpenBackup, tmp_path: Path
    ) -> None:
        for number in range(3):
            record = store.create(new_run({"n": number}, relpath="imagenet"))
            store.swap(record, record.changed(status=Status.DONE))
        store.take_folder("imagenet/train/ckpt", "files")
        target = tmp_path / "backup"
        store.backup(str(target))
        later = store.create(new_run(relpath="imagenet"))

        copy = open_backup(str(target), store.project)
        assert copy.check() == []
        runs = store.select(Selection())
        runs.remove(later)
        assert copy.select(Selection()) == runs
        assert copy.folders("files") == {"imagenet/train/ckpt"}
        assert copy.create(new_run(relpath="imagenet")).uid == later.uid
        copy.close()

    def test_a_backup_takes_the_place_of_an_older_one(
        self, store: Store, open_backup: OpenBackup, tmp_path: Path
    ) -> None:
        folder = tmp_path / "backups"
        folder.mkdir()
        for _ in range(2):
            store.create(new_run())
            store.backup(str(folder / "backup"))
        assert [path.name for path in folder.iterdir()] == ["backup"]
        copy = open_backup(str(folder / "backup"), store.project)
        assert uids(copy) == ["0001", "0002"]
        copy.close()

    def test_backups_are_whole_while_others_write(
        self, store: Store, open_backup: OpenBackup, tmp_path: Path
    ) -> None:
        with started(4, create, store, new_run(), 40) as futures:
            for number in range(3):
                before = uids(store)
                target = tmp_path / f"backup-{number}"
                store.backup(str(target))
                copy = open_backup(str(target), store.project)
                assert copy.check() == []
                saved = uids(copy)
                assert saved[: len(before)] == before
                assert saved == [f"{n:04d}" for n in range(1, len(saved) + 1)]
                copy.close()
            for future in futures:
                future.result()
        assert len(uids(store)) == 160

    def test_a_backup_that_fails_names_its_target_and_leaves_nothing(
        self, store: Store, tmp_path: Path
    ) -> None:
        target = tmp_path / "missing" / "backup"
        with pytest.raises(LedgerError, match="missing"):
            store.backup(str(target))
        assert not target.parent.exists()
        assert store.create(new_run()).uid == "0001"
