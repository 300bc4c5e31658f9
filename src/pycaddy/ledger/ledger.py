"""The registry of a project's runs."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pycaddy import codec
from pycaddy import params as params_module
from pycaddy._clock import utc_now_us
from pycaddy._files import Replacement, make_folders, replace_file
from pycaddy._names import check_name, check_parts
from pycaddy.errors import (
    FolderTakenError,
    LedgerError,
    LedgerSyncError,
    ProjectFolderError,
    PycaddyError,
    RunNotFoundError,
)
from pycaddy.layout import TRASH_FOLDER
from pycaddy.ledger import address as addresses
from pycaddy.ledger import folders, heart, life, lookup, sidecar
from pycaddy.ledger.watch import Watch
from pycaddy.records import NewRun, RunKey, RunRecord, parse_uid
from pycaddy.status import Status, check_status
from pycaddy.stores import Choose, Decide, Selection, Store

if TYPE_CHECKING:
    from pycaddy.ledger.rebuild import RebuildReport

__all__ = ["Ledger"]

DURABILITIES = ("power", "process")

Change = Callable[[RunRecord], RunRecord]


class Ledger:
    """The registry of a project's runs: which there are, and who may do what to them.

    Every call is one transaction, durable when it returns; `allocate` with a status and `log`
    with files and a status are two. Any number of threads and processes may share a ledger. It
    pickles as its address.

    Args:
        path: The project's root folder; a file in it whose name ends in `.json`, which need not
            exist; the path of a ledger file (`*.db`, `*.sqlite`); or the URL of a PostgreSQL
            database.
        lock: Not used: the ledger does its own locking. Programs for pycaddy 0.2 pass one.
        root: The folder that the runs' files lie in. Default: found from *path*.
        name: What the project is called in a ledger that it shares with others. Default: the id
            in its `project.json`, made when it is first used.
        durability: "power": what was acknowledged survives a power cut. "process": it survives
            a crash of the process; a power cut may take the last changes, and commits are about
            ten times faster.
        read_only: Refuse every change.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        lock: object = None,
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
        self._allocated = lookup.Allocated()

    @classmethod
    def set_global_lock(cls, lock: object) -> None:
        """Do nothing: the ledger does its own locking. Programs for pycaddy 0.2 call it."""

    def __repr__(self) -> str:
        return f"Ledger({self.address!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Whoever unpickles it must connect: a password in the URL goes along, unseen.
        return _reopen, (self._place, self.root, self.durability, self.name, self.read_only)

    def for_root(self, root: str | os.PathLike[str], name: str | None = None) -> Ledger:
        """Return the ledger at the same address for the project in *root*, called *name*."""
        if self.root == os.path.abspath(root) and name in (None, self.name):
            return self
        return _reopen(self._place, os.fspath(root), self.durability, name, self.read_only)

    def rebuild(self) -> RebuildReport:
        """Take the runs that the folders describe into the ledger; see `Project.rebuild`."""
        from pycaddy.ledger.rebuild import rebuild

        return rebuild(self.root, self.durability, self._place)

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
        from pycaddy.ledger.takeover import take_over

        earlier = read(path, self.root, self._place)  # refused before anything is made
        store = self._opened()
        addresses.write_project_file(self.root, store.project, self._place)
        # Another handle, so that nobody uses this one before the runs are there.
        other = _reopen(self._place, self.root, self.durability, self.name, self.read_only)
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

    def allocate(
        self,
        identifier: str,
        relpath: str | os.PathLike[str] = "",
        param_hash: int | str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        status: Status = Status.PENDING,
    ) -> str:
        """Add a run and return its uid, which is never given twice.

        Args:
            identifier: What kind of run it is ("train").
            relpath: The namespace below the root; "" is the root itself.
            param_hash: What to find the run by; 12345 and "12345" are different. Default: the
                key of *params*.
            params: Stored with the run.
            status: What the run starts as.

        Raises:
            InvalidNameError: *identifier* or *relpath* cannot be a folder's name.
            ParamsError: *params* have no canonical form.
            TypeError: *param_hash* is not an int or a str, or is a bool.
        """
        check_status(status)
        frozen = params_module.freeze(params)
        key = frozen.key if param_hash is None else codec.encode_param_hash(param_hash)
        record = self.create(NewRun(check_relpath(relpath), identifier, frozen.text, key))
        self._allocated.add(record.relpath, identifier, parse_uid(record.uid))
        if status is not Status.PENDING:
            record = life.move(self, record, status)
        return record.uid

    def log(
        self,
        identifier: str,
        uid: str | int,
        status: Status | None = None,
        path_dict: Mapping[str, str | os.PathLike[str]] | None = None,
        *,
        relpath: str | os.PathLike[str] | None = None,
    ) -> None:
        """Move a run to *status*, or attach the files of *path_dict* to it, or both.

        Args:
            identifier: What kind of run it is ("train").
            uid: Its number ("0007", "7" or 7).
            status: The next status.
            path_dict: Files by key; relative paths count from the current directory.
            relpath: The run's namespace. Default: as for `read`.

        Raises:
            RunNotFoundError: There is no such run, or several match.
            RunStateError: The status table refuses the move.
            FileKeyError: A file cannot be attached.
        """
        if status is not None:
            check_status(status)
        record = self.read(identifier, uid, relpath=relpath)
        if path_dict:
            record = life.attach(self, record, path_dict)
        if status is not None:
            life.move(self, record, status)

    def get_record(
        self, identifier: str, uid: str | int, *, relpath: str | os.PathLike[str] | None = None
    ) -> RunRecord | None:
        """Return a run, or None if there is no such run or it is in the trash.

        Args:
            identifier: What kind of run it is ("train").
            uid: Its number ("0007", "7" or 7).
            relpath: The run's namespace. Default: as for `read`.

        Raises:
            RunNotFoundError: Without *relpath*: several runs match.
        """
        try:
            number = parse_uid(uid)
        except RunNotFoundError:
            return None
        record = self._find(identifier, number, relpath)
        return None if record is None or record.trashed_us is not None else record

    def read(
        self, identifier: str, uid: str | int, *, relpath: str | os.PathLike[str] | None = None
    ) -> RunRecord:
        """Return a run that must exist.

        Args:
            identifier: What kind of run it is ("train").
            uid: Its number ("0007", "7" or 7).
            relpath: The run's namespace; "" is the root. Default: the latest run with this name
                that this handle allocated, else the run in the root, else the only match in any
                namespace.

        Raises:
            RunNotFoundError: There is no such run, it is in the trash, or several match.
        """
        record = self._find(identifier, parse_uid(uid), relpath)
        if record is None or record.trashed_us is not None:
            namespace = check_relpath(relpath or "") if record is None else record.relpath
            raise _not_found(namespace, identifier, uid, trashed=record is not None)
        return record

    def _find(
        self, identifier: str, uid: int, relpath: str | os.PathLike[str] | None
    ) -> RunRecord | None:
        """Return a run, in the trash or not, or None."""
        if relpath is None:
            return lookup.find(self, self._allocated, identifier, uid)
        return self.store.get(check_relpath(relpath), identifier, uid)

    def get_uid_record_dict(
        self, identifier: str, relpath: str | os.PathLike[str] = ""
    ) -> dict[str, RunRecord]:
        """Return all runs of *identifier* by uid, in the order of their numbers."""
        records = self.records(Selection(relpath=check_relpath(relpath), identifier=identifier))
        return {record.uid: record for record in records}

    def find_by_param_hash(
        self, identifier: str, param_hash: int | str, relpath: str | os.PathLike[str] = ""
    ) -> tuple[str, RunRecord] | None:
        """Return (uid, run) of the newest run with this key in the namespace, or None.

        Raises:
            TypeError: *param_hash* is not an int or a str, or is a bool.
        """
        selection = Selection(
            relpath=check_relpath(relpath),
            identifier=identifier,
            params_key=codec.encode_param_hash(param_hash),
            newest_first=True,
            limit=1,
        )
        records = self.records(selection)
        return (records[0].uid, records[0]) if records else None

    def load(self) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
        """Return every run as plain JSON values: {identifier: {relpath: {uid: run}}}.

        What a run is as a dict, `RunRecord.model_dump` tells. An older name; `Project.runs`
        filters, and returns sessions.
        """
        loaded: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
        for record in self.records(Selection()):
            runs = loaded.setdefault(record.identifier, {}).setdefault(record.relpath, {})
            runs[record.uid] = record.model_dump()
        return loaded

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
        """Return *record* as the ledger has it now."""
        return self.read(record.identifier, record.uid, relpath=record.relpath)

    def claim(self, runs: Sequence[NewRun], decide: Decide) -> tuple[int, RunRecord] | None:
        """Store the first record that *decide* makes of *runs*; see `Store.claim`."""
        folders.check_home(self.root, runs[0])
        with heart.Taking(self.store) as taking:

            def noted(run: NewRun, found: Sequence[RunRecord]) -> RunRecord | None:
                wanted = decide(run, found)
                return None if wanted is None else taking.begins(wanted)

            claimed = self.store.claim(runs, noted)
            if claimed is None:
                return None
            _, record = claimed
            try:
                self._make_ready(record)
                heart.hold(self.store, record)
            except BaseException as error:
                # Nobody will work on it; others would have to wait for the end of this process.
                with suppress(Exception):
                    life.bury(self, record, f"It was not begun: {type(error).__name__}: {error}")
                raise
        return claimed

    def _make_ready(self, record: RunRecord) -> None:
        """Make the folder of a run that was claimed, and describe it there."""
        try:
            folders.make(self.root, record, fresh=sidecar.is_first(record))
        except FolderTakenError:
            if self._reread_any(record).revision == record.revision:
                # Its uid belongs to a run that the ledger does not know: nobody may claim it again.
                self.change(record, lambda seen: seen.changed(trashed_us=utc_now_us()))
                raise
            # Somebody has marked the run already, and described it.
        self.describe(record)

    def change(self, record: RunRecord, decide: Change, *, trashed: bool = False) -> RunRecord:
        """Replace a run's record by what *decide* makes of it, and describe it in its folder.

        *decide* is called again, with what the ledger has, whenever somebody was faster. What
        it refuses on an outdated record is not yet refused.

        Args:
            trashed: The run may be in the trash.
        """
        fresh = False
        while True:
            stored = self._try_change(record, decide, fresh=fresh, trashed=trashed)
            if stored is not None:
                break
            record, fresh = self._reread_any(record), True
        return stored

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

    def _try_change(
        self, record: RunRecord, decide: Change, *, fresh: bool, trashed: bool
    ) -> RunRecord | None:
        try:
            if record.trashed_us is not None and not trashed:
                raise _not_found(record.relpath, record.identifier, record.uid, trashed=True)
            wanted = decide(record)
        except LedgerError:
            raise
        except PycaddyError:
            if fresh:
                raise
            return None
        if wanted is not record:
            return wanted if self._swap(record, wanted) else None
        return record if fresh else None

    def _swap(self, old: RunRecord, new: RunRecord) -> bool:
        if new.trashed_us is not None or not sidecar.has_one(new):
            return self.store.swap(old, new)
        # Written first: where there is no room for it nothing is changed, and the call can be
        # repeated. Put in its place last: it never says what the ledger does not know.
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
            self.describe(new, description)
        return swapped

    def _write_description(self, record: RunRecord) -> Replacement | None:
        """Write the run's `run.json` beside its place; None where its folder is gone."""
        path = self.description_path(record)
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

    def describe(self, record: RunRecord, description: Replacement | None = None) -> None:
        """Put the run's `run.json` into its place; the last one there is what the ledger has.

        Args:
            description: As it lies beside its place already.

        Raises:
            ProjectFolderError: It cannot be written. What the ledger has is not touched.
        """
        self._publish(record, description)
        # Whoever changed the run meanwhile may have put its own there before ours: the last one
        # to write looks after it has written, and finds that the ledger has what it wrote.
        while not self.store.is_latest(record):
            now = self._get(record)
            if now is None or now.trashed_us is not None:
                return
            record = now
            self._publish(record, None)

    def _publish(self, record: RunRecord, description: Replacement | None) -> None:
        path = description.path if description else self.description_path(record)
        try:
            if description is not None:
                with suppress(FileNotFoundError):  # a doctor took it for a left-over
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

    def is_gone(self, record: RunRecord, *, in_a_loop: bool = False) -> bool:
        """Whether nobody works on a run any more.

        Its owner is known to be dead; or it is this very process, and Ctrl-C, or an error, came
        when it had begun the run in the ledger.

        Args:
            in_a_loop: Who was alive half a second ago counts as alive.
        """
        return heart.is_cut_off(self.store, record) or self._watch.is_dead(
            record, in_a_loop=in_a_loop
        )

    def is_stale(self, record: RunRecord) -> bool:
        """Whether the run is RUNNING and its owner is known to be dead."""
        return record.status is Status.RUNNING and self.is_gone(record)

    @functools.cached_property
    def _watch(self) -> Watch:
        return Watch(one_kernel=self.store.is_local)

    def _judging(self, selection: Selection) -> Selection:
        """Return *selection* with what tells its filter which runs are stale."""
        if selection.where is None or selection.is_stale is not None:
            return selection
        return selection._replace(is_stale=self.is_stale)

    def _reread_any(self, record: RunRecord) -> RunRecord:
        found = self._get(record)
        if found is None:
            raise _not_found(record.relpath, record.identifier, record.uid, trashed=False)
        return found

    def _get(self, record: RunRecord) -> RunRecord | None:
        return self.store.get(record.relpath, record.identifier, parse_uid(record.uid))


def check_relpath(relpath: str | os.PathLike[str]) -> str:
    """Return a namespace as the ledger keeps it: "" or parts with "/" between them."""
    text = os.fspath(relpath).replace(os.sep, "/")
    return "" if text in ("", ".") else "/".join(check_parts(text, "relpath"))


def _not_found(relpath: str, identifier: str, uid: str | int, *, trashed: bool) -> PycaddyError:
    key = RunKey(relpath, identifier, str(uid))
    where = f" under '{relpath}'" if relpath else ""
    hint = (
        "It is in the trash; project.restore() brings it back."
        if trashed
        else f"`pycaddy ls {identifier}` lists the runs there are."
    )
    return RunNotFoundError(f"No run '{uid}' of '{identifier}'{where}. {hint}", run=str(key))


def _reopen(address: str, root: str, durability: str, name: str | None, read_only: bool) -> Ledger:
    return Ledger(address, root=root, durability=durability, name=name, read_only=read_only)
