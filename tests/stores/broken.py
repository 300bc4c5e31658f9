"""Stores that break one promise each, as a hurried author might."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from pycaddy.errors import NameClashError
from pycaddy.records import NewRun, RunKey, RunRecord
from pycaddy.status import Status
from pycaddy.stores import Choose, Decide, Identifier, Selection
from pycaddy.stores.sqlite.store import SqliteStore


class Broken(SqliteStore):
    def __init__(self, path: str, project: str | None = None) -> None:
        super().__init__(path, project, durability="process")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self._given_project)

    def all(self) -> list[RunRecord]:
        return [
            run for trashed in (False, True) for run in super().select(Selection(trashed=trashed))
        ]


class GivesUidsAgain(Broken):
    """Goes on from the highest uid that it can see."""

    def create(self, run: NewRun) -> RunRecord:
        with self._writing() as at:
            at.sql.execute("DELETE FROM run WHERE trashed IS NOT NULL")
            at.sql.execute(
                "UPDATE identifier SET last_uid = "
                "coalesce((SELECT max(uid) FROM run WHERE identifier = identifier.id), 0)"
            )
        return super().create(run)


class CountsForAllIdentifiers(Broken):
    """Has one counter."""

    def create(self, run: NewRun) -> RunRecord:
        highest = max((int(record.uid) for record in self.all()), default=0)
        super().load([], {(run.relpath, run.identifier): highest})
        return super().create(run)


class ForgetsTheOwner(Broken):
    def create(self, run: NewRun) -> RunRecord:
        return super().create(run._replace(owner=None))


class TidiesParams(Broken):
    """Keeps the params as a database's JSON type does."""

    def create(self, run: NewRun) -> RunRecord:
        import json

        text = json.dumps(json.loads(run.params_text), sort_keys=True)
        return super().create(run._replace(params_text=text))


class FindsThenCreates(Broken):
    """Uses two transactions; another caller comes in between."""

    between = threading.Barrier(2)

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        with self._reading() as at:
            found = choose(self._find(at, run, status))
        if found is not None:
            return found, False
        with suppress(threading.BrokenBarrierError):
            self.between.wait(timeout=0.2)
        return self.create(run), True


class CreatesThenChooses(Broken):
    """Leaves a run behind when the choice raises."""

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        record = self.create(run)
        with self._reading() as at:
            offered = [found for found in self._find(at, run, status) if found != record]
        found = choose(offered)
        return (record, True) if found is None else (found, False)


class Offers(Broken):
    """Offers what `offered` returns."""

    def offered(self, run: NewRun, status: Status | None) -> Sequence[RunRecord]:
        raise NotImplementedError

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        found = choose(self.offered(run, status))
        return (self.create(run), True) if found is None else (found, False)


class OffersTheOldestFirst(Offers):
    def offered(self, run: NewRun, status: Status | None) -> Sequence[RunRecord]:
        with self._reading() as at:
            return self._find(at, run, status)[::-1]


class OffersEveryStatus(Offers):
    def offered(self, run: NewRun, status: Status | None) -> Sequence[RunRecord]:
        with self._reading() as at:
            return self._find(at, run, None)


class OffersTheTrash(Offers):
    def offered(self, run: NewRun, status: Status | None) -> Sequence[RunRecord]:
        found = [record for record in self.all() if record.params_key == run.params_key]
        home = (run.relpath, run.identifier)
        return [record for record in found[::-1] if (record.relpath, record.identifier) == home]


class OffersAllIdentifiers(Offers):
    def offered(self, run: NewRun, status: Status | None) -> Sequence[RunRecord]:
        selection = Selection(params_key=run.params_key, status=status, newest_first=True)
        return self.select(selection)


class ClaimsWhatItHasSeen(Broken):
    """Decides on what it read before its transaction."""

    between = threading.Barrier(2)

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        for position, run in enumerate(runs):
            with self._reading() as at:
                wanted = decide(run, self._find(at, run, None))
            if wanted is not None:
                with suppress(threading.BrokenBarrierError):
                    self.between.wait(timeout=0.2)
                with self._writing() as at:
                    return position, self._insert(at, wanted)
        return None


class ForgetsTheRevision(Broken):
    """Begins to count again when it adds a run."""

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        claimed = super().claim(runs, decide)
        with self._writing() as at:
            at.sql.execute("UPDATE run SET revision=1")
        return claimed


class BeatsForOthers(Broken):
    """Counts a beat for whoever has the run now."""

    def beat(self, held: Mapping[int, int]) -> set[int]:
        with self._writing() as at:
            for row in held:
                at.sql.execute("UPDATE run SET beat=beat+1 WHERE id=?", (row,))
        return set()


class IgnoresRevisions(Broken):
    """The last one to write wins."""

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        now = self.get(old.relpath, old.identifier, int(old.uid))
        assert now is not None
        return super().swap(now, new._replace(revision=now.revision + 1))


class TrustsItsOwnMemory(Broken):
    """Takes what it stored itself for the latest."""

    def is_latest(self, record: RunRecord) -> bool:
        return True


class ComparesBeforeItLocks(Broken):
    """Looks whether the revision is right, and writes without a condition."""

    between = threading.Barrier(2)

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        now = self.get(old.relpath, old.identifier, int(old.uid))
        if now is None or now.revision != old.revision:
            return False
        with suppress(threading.BrokenBarrierError):
            self.between.wait(timeout=0.05)
        with self._writing() as at:
            at.sql.execute(
                "UPDATE run SET revision=?, attempt=?, error=? WHERE id=?",
                (new.revision, new.attempt, new.error_text, old.row),
            )
        return True


class LosesTheResult(Broken):
    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        return super().swap(old, new._replace(result_text=None))


class KeepsTheFirstError(Broken):
    """Writes only what is there, as COALESCE does."""

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        return super().swap(old, new._replace(error_text=new.error_text or old.error_text))


class Selects(Broken):
    """Selects as `kept` and `order` say."""

    def kept(self, run: RunRecord, selection: Selection) -> bool:
        return True

    def select(self, selection: Selection) -> list[RunRecord]:
        rest = selection._replace(relpath=None, limit=None)
        runs = [run for run in super().select(rest) if self.kept(run, selection)]
        return runs if selection.limit is None else runs[: selection.limit]


class TakesLongerNames(Selects):
    """Takes all names that begin with it."""

    def kept(self, run: RunRecord, selection: Selection) -> bool:
        if selection.recursive:
            return run.relpath.startswith(selection.relpath or "")
        return selection.relpath in (None, run.relpath)


class TakesNamesForPatterns(Selects):
    """Uses LIKE."""

    def kept(self, run: RunRecord, selection: Selection) -> bool:
        if selection.relpath is None:
            return True
        with self._reading() as at:
            below = "/%" if selection.recursive and selection.relpath else ""
            return bool(
                at.sql.execute(
                    "SELECT :r LIKE :p OR :r LIKE :p || :b OR (:all AND :p = '')",
                    {
                        "r": run.relpath,
                        "p": selection.relpath,
                        "b": below,
                        "all": selection.recursive,
                    },
                ).fetchone()[0]
            )


class OrdersUidsAsText(Broken):
    def select(self, selection: Selection) -> list[RunRecord]:
        runs = super().select(selection._replace(limit=None))
        runs.sort(key=lambda run: run.uid, reverse=selection.newest_first)
        return runs[: selection.limit]


class OrdersAsPeopleDo(Broken):
    """Uses the collation of a language."""

    def select(self, selection: Selection) -> list[RunRecord]:
        runs = super().select(selection)
        if not selection.newest_first:
            runs.sort(key=lambda run: (run.relpath.lower(), run.identifier, int(run.uid)))
        return runs


class LimitsBeforeItFilters(Broken):
    def select(self, selection: Selection) -> list[RunRecord]:
        runs = super().select(selection._replace(newest_first=False))
        return runs[::-1] if selection.newest_first else runs


class NamesThemInAnyOrder(Broken):
    def keys(self, selection: Selection) -> list[RunKey]:
        return super().keys(selection._replace(sort=()))


class ShowsTheTrash(Broken):
    def select(self, selection: Selection) -> list[RunRecord]:
        return super().select(selection) + (
            [] if selection.trashed else super().select(selection._replace(trashed=True))
        )


class TakesTheTrashForDone(Broken):
    def done_hashes(self, relpath: str, identifier: str) -> set[str]:
        trashed = super().select(Selection(relpath, identifier, trashed=True))
        return super().done_hashes(relpath, identifier) | {run.params_key for run in trashed}


class CountsTheTrash(Broken):
    def counts(self) -> dict[tuple[str, str, Status], int]:
        counted = super().counts()
        for run in super().select(Selection(trashed=True)):
            key = (run.relpath, run.identifier, run.status)
            counted[key] = counted.get(key, 0) + 1
        return counted


class TotalsTheTrash(Broken):
    def totals(self) -> dict[tuple[str, str], int]:
        counted = super().totals()
        for run in super().select(Selection(trashed=True)):
            key = (run.relpath, run.identifier)
            counted[key] = counted.get(key, 0) + 1
        return counted


class TellsTheHighestUid(Broken):
    """Says which uids there are, not which were given."""

    def identifiers(self) -> list[Identifier]:
        runs = super().select(Selection())
        return [
            counter._replace(
                last_uid=max(
                    (
                        int(run.uid)
                        for run in runs
                        if (run.relpath, run.identifier) == (counter.relpath, counter.name)
                    ),
                    default=0,
                ),
            )
            for counter in super().identifiers()
        ]


class TellsLettersApart(Broken):
    """Takes "train" and "Train" for two folders."""

    def _take_folder(self, at: Any, path: str, kind: str) -> None:
        at.sql.execute(
            "INSERT OR IGNORE INTO folder (project, folded, path, kind) VALUES (?, ?, ?, ?)",
            (self.project, path, path, kind),
        )


class FoldsOnlyAscii(Broken):
    """Uses lower() of the database."""

    def _take_folder(self, at: Any, path: str, kind: str) -> None:
        taken = at.sql.execute(
            "SELECT path FROM folder WHERE lower(path) = lower(?) AND path != ?", (path, path)
        ).fetchone()
        if taken:
            raise NameClashError(f"{path!r} {taken[0]!r}")
        at.sql.execute(
            "INSERT OR IGNORE INTO folder (project, folded, path, kind) VALUES (?, ?, ?, ?)",
            (self.project, path, path, kind),
        )


class LoadsOverWhatIsThere(Broken):
    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        records = list(records)
        with self._writing() as at:
            for record in records:
                at.sql.execute(
                    "DELETE FROM run WHERE uid=? AND identifier IN (SELECT id FROM identifier "
                    "WHERE relpath=? AND name=?)",
                    (int(record.uid), record.relpath, record.identifier),
                )
        return super().load(records, highest, shared)


class LoadsOneByOne(Broken):
    """Uses a transaction for each run."""

    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        load = super().load
        return sum(load([record], {}) for record in records) + load([], highest, shared)


class KeepsWhatWasNeverStarted(Broken):
    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        there = {run.key for run in self.all()}
        return super().load([run for run in records if run.key not in there], highest, shared)


class SetsCountersBack(Broken):
    def load(
        self,
        records: Iterable[RunRecord],
        highest: Mapping[tuple[str, str], int],
        shared: Iterable[str] = (),
    ) -> int:
        added = super().load(records, highest, shared)
        with self._writing() as at:
            for (relpath, name), uid in highest.items():
                at.sql.execute(
                    "UPDATE identifier SET last_uid=? WHERE relpath=? AND name=?",
                    (uid, relpath, name),
                )
        return added


class CopiesTheFile(Broken):
    """Takes the file for the ledger, and its log for something else."""

    def backup(self, target: str) -> None:
        with self._reading():
            shutil.copyfile(self.path, target)


class SharesTheLedger(Broken):
    """Does not look whose a run is."""

    def __init__(self, path: str, project: str | None = None) -> None:
        super().__init__(path, "everybody")
        self._named = project

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self._named)


class ForgetsWhoItIs(Broken):
    """Pickles its path alone."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path,)


class CannotBeUsedAfterClose(Broken):
    closed: ClassVar[set[int]] = set()

    def close(self) -> None:
        super().close()
        self._connections.hold = None  # type: ignore[method-assign,assignment]


class WorksInOneProcessOnly(Broken):
    """Answers other processes with what was there when it was made."""

    def __init__(self, path: str, project: str | None = None) -> None:
        super().__init__(path, project)
        self._process = os.getpid()

    def select(self, selection: Selection) -> list[RunRecord]:
        return super().select(selection) if os.getpid() == self._process else []


class TrustsRows(Broken):
    """Takes a row for a run, whichever ledger it is from."""

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        with self._writing() as at:
            return bool(
                at.sql.execute(
                    "UPDATE run SET revision=?, attempt=? WHERE id=? AND revision=?",
                    (new.revision, new.attempt, old.row, old.revision),
                ).rowcount
            )


class ForgetsByName(Broken):
    """Does not look whether the run was brought back in the meantime."""

    def forget(self, record: RunRecord) -> bool:
        with self._writing() as at:
            return bool(at.sql.execute("DELETE FROM run WHERE id=?", (record.row,)).rowcount)
