"""The rows of a project's runs and the `run.json` files beside them: read, swapped, described.

It knows nothing of what a run may become: `ledger.py` builds that on top.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar

from pycaddy import params as params_module
from pycaddy._files import Replacement, make_folders, replace_file
from pycaddy._names import check_name
from pycaddy.errors import (
    FolderTakenError,
    LedgerError,
    LedgerSyncError,
    ProjectFolderError,
    PycaddyError,
    RunNotFoundError,
)
from pycaddy.layout import SIDECAR, TRASH_FOLDER, StorageMode
from pycaddy.ledger import address as addresses
from pycaddy.ledger import folders, heartbeat, sidecar
from pycaddy.ledger.liveness import Liveness
from pycaddy.records import NewRun, RunKey, RunRecord, parse_uid
from pycaddy.status import Status
from pycaddy.stores import Choose, Selection, Store

__all__ = ["Change", "Register", "not_found"]

DURABILITIES = ("power", "process")

Change = Callable[[RunRecord], RunRecord]
"""Returns the next revision of a record, or the record itself if nothing changes; may raise."""


class Register:
    """The rows of a project's runs, and the `run.json` that describes each run in its folder.

    A change swaps one revision of a row for the next. `run.json` follows: it is written beside its
    place before the swap and renamed after it. See `Ledger` for the arguments.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        root: str | os.PathLike[str] | None = None,
        durability: str = "power",
        name: str | None = None,
        read_only: bool = False,
    ) -> None:
        if durability not in DURABILITIES:
            raise ValueError(f"durability must be 'power' or 'process', not {durability!r}.")
        found_root, self._place = addresses.locate(os.fspath(path))
        self.address = addresses.shown(self._place)
        """Where the ledger is, without secrets."""
        if root is None and not found_root:
            raise LedgerError(
                f"The ledger {self.address} does not say where the runs' files lie. Give root=...",
                ledger=self.address,
            )
        self.root = found_root if root is None else os.path.abspath(root)
        self.name = None if name is None else check_name(name, "name of the project")
        self.durability = durability
        self.read_only = read_only
        self.shared: set[str] = set()
        """Folders known to be entered for files of runs in PREFIX mode."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # The process that unpickles it must connect: a password in the URL is pickled too.
        return _reopen, (type(self), *self._opening)

    @property
    def _opening(self) -> tuple[str, str, str, str | None, bool]:
        return self._place, self.root, self.durability, self.name, self.read_only

    def for_root(self, root: str | os.PathLike[str], name: str | None = None) -> Self:
        """Return the ledger at the same address for the project in *root*, called *name*."""
        if self.root == os.path.abspath(root) and name in (None, self.name):
            return self
        place, _, durability, _, read_only = self._opening
        return _reopen(type(self), place, os.fspath(root), durability, name, read_only)

    @functools.cached_property
    def store(self) -> Store:
        """The store behind this ledger, opened when first needed."""
        path = None if self.read_only else addresses.earlier_file(self.root)
        if path is not None:
            return self._store_after(path)
        store = self._opened()
        if not self.read_only:
            addresses.write_project_file(self.root, store.project, self._place)
        return store

    def _opened(self) -> Store:
        return addresses.open_store(
            self.root, self._place, self.durability, self.name, read_only=self.read_only
        )

    def _store_after(self, path: str) -> Store:
        """Return the store once it has the runs of *path*, the `metadata.json` of pycaddy 0.2."""
        from pycaddy.ledger.earlier import read
        from pycaddy.ledger.takeover import check_new, take_over

        earlier = read(path, self.root, self._place)  # refused before anything is made
        check_new(self, earlier)
        store = self._opened()
        addresses.write_project_file(self.root, store.project, self._place)
        # Another handle, so that no thread uses this one before the runs are there.
        other = _reopen(type(self), *self._opening)
        other.store = store
        take_over(other, earlier)
        return store

    @functools.cached_property
    def hash_only(self) -> dict[tuple[str, str], set[str]]:
        """The hashes of runs of pycaddy 0.2 whose params are unknown, by (relpath, identifier).

        Read once, and kept up to date by what this handle fills in.
        """
        return {} if self.read_only else self.store.hash_only()

    def expect_hash_only(self, records: Iterable[RunRecord]) -> None:
        """Add to `hash_only` what *records*, which were just added to the store, have of it."""
        for record in records:
            if record.param_version == params_module.UNKNOWN:
                home = record.relpath, record.identifier
                self.hash_only.setdefault(home, set()).add(record.params_key)

    def records(self, selection: Selection) -> list[RunRecord]:
        """Return the runs of *selection*, as of one moment."""
        return self.store.select(self._judging(selection))

    def keys(self, selection: Selection) -> list[RunKey]:
        """Return the names of the runs of *selection*, as of one moment."""
        return self.store.keys(self._judging(selection))

    def create(self, run: NewRun) -> RunRecord:
        """Add *run* under the next uid of its identifier."""
        folders.check_home(self.root, run)
        return self.store.create(run)

    def find_or_create(
        self, run: NewRun, choose: Choose, *, status: Status | None = None
    ) -> tuple[RunRecord, bool]:
        """Return what *choose* picks among the runs with equal params, else add *run*.

        One transaction: of many callers with the same params, one adds.
        """
        folders.check_home(self.root, run)
        if (run.relpath, run.identifier) in self.hash_only:
            from pycaddy.ledger.hash_only import fill_in

            fill_in(self, run.relpath, run.identifier, [(run.params_text, run.params_key)])
        return self.store.find_or_create(run, choose, status=status)

    def reread(self, record: RunRecord) -> RunRecord:
        """Return *record* as the ledger has it now.

        Raises:
            RunNotFoundError: The run is not there any more, or in the trash.
        """
        now = self._reread_any(record)
        if now.trashed_us is not None:
            raise not_found(now.key, trashed=True)
        return now

    def change(
        self,
        record: RunRecord,
        decide: Change,
        *,
        trashed: bool = False,
        make_folder: bool = False,
    ) -> RunRecord:
        """Replace a run's record by what *decide* makes of it, and describe it in its folder.

        *decide* is called again with the ledger's record whenever another process was faster. A
        refusal counts only if the record was read in this call.

        Args:
            trashed: The run may be in the trash.
            make_folder: Make the folder of a run that has none yet.
        """
        has_folder = not make_folder or sidecar.has_one(record)
        folder = None if has_folder else self.make_folder(record)
        is_fresh = False
        while True:
            try:
                if record.trashed_us is not None and not trashed:
                    raise not_found(record.key, trashed=True)
                new = decide(record)
            except LedgerError:
                raise
            except PycaddyError as refusal:
                if is_fresh:
                    if folder is not None and isinstance(refusal, RunNotFoundError):
                        # In the trash: the folder would be in the way when it is restored.
                        with suppress(OSError):  # there is something in it
                            os.rmdir(folder)
                    raise
            else:
                if new is record:
                    if is_fresh:
                        return record
                elif self.swap(record, new):
                    return new
            record, is_fresh = self._reread_any(record), True

    def swap(self, old: RunRecord, new: RunRecord) -> bool:
        """Replace *old* by *new*, its next revision, and describe it in its folder.

        `run.json` is written before the swap: where the disk has no room for it, nothing changes
        and the call can be repeated. It gets its name after the swap, so it never says what the
        ledger does not have.

        Returns:
            Whether it was replaced. False: the run has changed since *old* was read.
        """
        if new.trashed_us is not None or not sidecar.has_one(new):
            return self.store.swap(old, new)
        description = self._write_description(new)
        swapped = False
        try:
            swapped = self.store.swap(old, new)
        except LedgerSyncError as error:
            swapped, error.record = True, new
            with suppress(ProjectFolderError):  # a rebuild does without; this error says more
                self._publish(new, description)
            raise
        finally:
            if description is not None and not swapped:
                description.discard()
        if swapped:
            self._publish(new, description)
            if not self.store.is_latest(new):
                self._describe_latest(new)
        return swapped

    def rewrite_params(self, changes: Sequence[tuple[RunRecord, RunRecord]]) -> bool:
        """Give runs other params, all or none, and describe them in their folders anew.

        Returns:
            Whether it was done. False: one of the runs has changed since.
        """
        if not self.store.rewrite_params(changes):
            return False
        for old, _ in changes:
            record = self._reread_any(old)
            if sidecar.has_one(record):
                self.describe(record)
        return True

    def describe(self, record: RunRecord) -> None:
        """Write the run's `run.json`, as the ledger has the run.

        Raises:
            ProjectFolderError: It cannot be written. What the ledger has is not touched.
        """
        self._publish(record, None)
        if not self.store.is_latest(record):
            self._describe_latest(record)

    def _describe_latest(self, record: RunRecord) -> None:
        """Write `run.json` again until it has what the ledger has.

        Another process may have changed the run after *record*, and put its own file there before
        this process did. Each process looks after it has written, so the last one to write sees
        its own record.
        """
        while True:
            now = self._get(record)
            if now is None or now.trashed_us is not None:
                return
            self._publish(now, None)
            if self.store.is_latest(now):
                return

    def _write_description(self, record: RunRecord) -> Replacement | None:
        """Write the run's `run.json` beside its place; None if its folder is gone."""
        path = os.path.join(self.root, record.layout.own(SIDECAR))
        try:
            return Replacement(path, sidecar.render(record, self.store.project))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ProjectFolderError(
                f"{path} cannot be written: {error.strerror}. The ledger was not changed. Make "
                "room or see to the permissions, and call again.",
                path=path,
            ) from error

    def _publish(self, record: RunRecord, description: Replacement | None) -> None:
        path = description.path if description else self.description_path(record)
        try:
            if description is not None:
                with suppress(FileNotFoundError):  # `doctor --fix` deleted it as a leftover
                    description.publish()
                    return
            make_folders(os.path.dirname(path))
            replace_file(path, sidecar.render(record, self.store.project))
        except OSError as error:
            raise ProjectFolderError(
                f"{path} cannot be written: {error.strerror}. The ledger has the change; once the "
                "cause is gone, `pycaddy doctor --fix` writes the file.",
                path=path,
            ) from error

    def description_path(self, record: RunRecord) -> str:
        """Return where the run's `run.json` lies: in the trash with its files, if they are."""
        path = os.path.join(self.root, record.layout.sidecar)
        if record.trashed_us is None or os.path.lexists(path):
            return path
        return os.path.join(self.root, TRASH_FOLDER, record.layout.sidecar)

    def make_folder(self, record: RunRecord) -> str:
        """Make the run's folder, even if the run has changed since *record* was read.

        Raises:
            RunNotFoundError: The run is in the trash.
        """
        if record.trashed_us is not None:
            record = self.reread(record)
        try:
            return folders.make(self.root, record, fresh=not sidecar.has_one(record))
        except FolderTakenError:
            now = self.reread(record)
            if not sidecar.has_one(now):
                raise
            return folders.make(self.root, now, fresh=False)

    def make_parents(self, record: RunRecord, path: str) -> None:
        """Make the folders above *path*, a nested file of the run.

        Raises:
            NameClashError: In PREFIX mode: one is the folder of a namespace or an identifier.
            ProjectFolderError: A file is in the way, or the disk refuses.
        """
        folder = path.rpartition("/")[0]
        if record.mode is StorageMode.PREFIX and folder not in self.shared:
            # Entered, so that no run is ever put where these files are.
            self.store.take_folder(folder, "files")
            self.shared.add(folder)
        folders.make_inner(os.path.join(self.root, folder))

    def is_gone(self, record: RunRecord, *, in_a_loop: bool = False) -> bool:
        """Whether no process works on a run.

        Its owner is known to be dead. Or it is this very process, and Ctrl-C or an error came
        between the start of the run in the ledger and its return.

        Args:
            in_a_loop: An owner that was alive half a second ago counts as alive.
        """
        return heartbeat.is_cut_off(self.store.project, record) or self._liveness.is_dead(
            record, in_a_loop=in_a_loop
        )

    def is_stale(self, record: RunRecord) -> bool:
        """Whether the run is RUNNING and its owner is known to be dead."""
        return record.status is Status.RUNNING and self.is_gone(record)

    @functools.cached_property
    def _liveness(self) -> Liveness:
        return Liveness(one_kernel=self.store.is_local)

    def _judging(self, selection: Selection) -> Selection:
        """Return *selection* with the function that decides which runs are stale."""
        if selection.where is None or selection.is_stale is not None:
            return selection
        return selection._replace(is_stale=self.is_stale)

    def _reread_any(self, record: RunRecord) -> RunRecord:
        found = self._get(record)
        if found is None:
            raise not_found(record.key, trashed=False)
        return found

    def _get(self, record: RunRecord) -> RunRecord | None:
        return self.store.get(record.relpath, record.identifier, parse_uid(record.uid))


def not_found(key: RunKey, *, trashed: bool) -> RunNotFoundError:
    """Return the error for a run that is not there, or is in the trash."""
    where = f" under '{key.relpath}'" if key.relpath else ""
    hint = (
        "It is in the trash; project.restore() brings it back."
        if trashed
        else f"`pycaddy ls {key.identifier}` lists the runs there are."
    )
    return RunNotFoundError(
        f"No run '{key.uid}' of '{key.identifier}'{where}. {hint}", run=str(key)
    )


R = TypeVar("R", bound=Register)


def _reopen(
    kind: type[R], address: str, root: str, durability: str, name: str | None, read_only: bool
) -> R:
    return kind(address, root=root, durability=durability, name=name, read_only=read_only)
