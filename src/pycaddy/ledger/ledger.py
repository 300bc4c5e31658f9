"""The registry of a project's runs, and what may happen to a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from pycaddy import codec
from pycaddy import params as params_module
from pycaddy._clock import utc_now_us
from pycaddy._names import check_tag
from pycaddy.errors import (
    FolderTakenError,
    LedgerError,
    LedgerSyncError,
    ParamsError,
    PycaddyError,
    RunNotFoundError,
    RunStateError,
)
from pycaddy.layout import check_relpath
from pycaddy.ledger import artifacts, folders, heartbeat, lookup, recording, sidecar, transitions
from pycaddy.ledger.owner import this_process
from pycaddy.ledger.register import Register, not_found
from pycaddy.records import NewRun, Owner, RunKey, RunRecord, parse_uid
from pycaddy.status import Status, check_status
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from pycaddy.ledger.rebuild import RebuildReport

__all__ = ["Claim", "Ledger"]

_LONGEST_NOTE = 20_000

Claim = Callable[[NewRun, Sequence[RunRecord], int], RunRecord | None]
"""Makes the attempt to start on a wanted run, given the runs with equal params, newest first, and
the start time in microseconds; None leaves the run to other processes."""


class Ledger(Register):
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
        super().__init__(path, root=root, durability=durability, name=name, read_only=read_only)
        self._allocated = lookup.Allocated()

    @classmethod
    def set_global_lock(cls, lock: object) -> None:
        """Do nothing: the ledger does its own locking. Programs for pycaddy 0.2 call it."""

    def rebuild(self) -> RebuildReport:
        """Take the runs that the folders describe into the ledger; see `Project.rebuild`."""
        from pycaddy.ledger.rebuild import rebuild

        return rebuild(self.root, self.durability, self._place)

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
            record = self._move(record, status)
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
            record = self.attach(record, path_dict)
        if status is not None:
            self._move(record, status)

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
            raise not_found(RunKey(namespace, identifier, str(uid)), trashed=record is not None)
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

    def claim(self, runs: Sequence[NewRun], decide: Claim) -> tuple[int, RunRecord] | None:
        """Start the first of *runs* that *decide* makes an attempt for, in this process.

        One transaction: of many callers, one claims a run. Its folder is there when this returns.

        Args:
            runs: All of one identifier, in the order in which they are wanted.
            decide: See `Claim`.

        Returns:
            The position in *runs* and the record; None if nothing was claimed.
        """
        folders.check_home(self.root, runs[0])
        begun_us = 0
        try:
            begun_us = heartbeat.begin(self.store.project)
            claimed = self.store.claim(runs, lambda run, found: decide(run, found, begun_us))
            if claimed is None:
                heartbeat.give_up(self.store.project, begun_us, may_have_started=False)
                return None
            _, record = claimed
            try:
                self._make_ready(record)
                heartbeat.hold(self.store, record, begun_us)
            except BaseException as error:
                # Other processes would have to wait for the end of this one.
                with suppress(Exception):
                    self.reap(record, f"It was not begun: {type(error).__name__}: {error}")
                raise
        except BaseException as error:
            heartbeat.give_up(self.store.project, begun_us, may_have_started=_is_open(error))
            raise
        return claimed

    def start(
        self,
        record: RunRecord,
        attempt: int,
        *,
        capture_text: str | None = None,
        reopen: bool = False,
    ) -> RunRecord:
        """Start another attempt in this process; the run's folder is there when this returns.

        Args:
            attempt: The attempt that the caller knows of. If it runs already, nothing changes.
            capture_text: What was captured of the code and the machine, as JSON.
            reopen: Start a run that is DONE, and no other one.

        Raises:
            RunFinishedError: The run is DONE.
            RunStateError: With *reopen*: it is not DONE.
            RunBusyError: A process that is not known to be dead works on it.
        """
        store, begun_us = self.store, 0
        try:
            begun_us = heartbeat.begin(store.project)
            decide = partial(
                transitions.reopen if reopen else transitions.start,
                owner=this_process(),
                now_us=begun_us,
                attempt=attempt,
                gone=self.is_gone,
                capture_text=capture_text,
            )
            started = self.change(record, decide, make_folder=True)
            heartbeat.hold(store, started, begun_us)
        except BaseException as error:
            if isinstance(error, LedgerSyncError) and isinstance(error.record, RunRecord):
                heartbeat.hold(store, error.record, begun_us)  # it has started all the same
            else:
                heartbeat.give_up(store.project, begun_us, may_have_started=_is_open(error))
            raise
        return started

    def adopt(self, record: RunRecord, attempt: int, giver: Owner) -> RunRecord:
        """Take over an attempt that the process *giver* started for this one."""
        owner = this_process().driven_by(giver)
        adopted = self.change(
            record, partial(transitions.adopt, owner=owner, attempt=attempt, giver=giver)
        )
        heartbeat.hold(self.store, adopted)
        return adopted

    def finish(self, record: RunRecord, attempt: int) -> RunRecord:
        """End a run as DONE, with the facts of its files and metrics as they are now.

        Raises:
            LeaseLostError: A later attempt has been started.
            RunStateError: The run is in ERROR.
        """
        return self._end(record, Status.DONE, attempt)

    def fail(self, record: RunRecord, attempt: int, error_text: str | None = None) -> RunRecord:
        """End a run as ERROR, with the facts of its files and metrics as they are now.

        Raises:
            LeaseLostError: A later attempt has been started.
        """
        return self._end(record, Status.ERROR, attempt, error_text)

    def _end(
        self, record: RunRecord, status: Status, attempt: int, error_text: str | None = None
    ) -> RunRecord:
        with recording.Ending(self, record) as summary_text:

            def ended(seen: RunRecord) -> RunRecord:
                return transitions.end(
                    seen,
                    status,
                    utc_now_us(),
                    attempt=attempt,
                    files_text=artifacts.refresh(seen.files_text, self.root),
                    summary_text=summary_text,
                    error_text=error_text,
                )

            finished = self.change(record, ended, make_folder=True)
        heartbeat.release(self.store, finished)
        return finished

    def reap(self, record: RunRecord, reason: str) -> RunRecord:
        """End a run as ERROR for its worker, if it is still RUNNING in the attempt of *record*."""
        with recording.Ending(self, record, lost=True) as summary_text:

            def reaped(seen: RunRecord) -> RunRecord:
                return transitions.reap(
                    seen,
                    utc_now_us(),
                    attempt=record.attempt,
                    reason=reason,
                    summary_text=summary_text,
                )

            ended = self.change(record, reaped)
        heartbeat.release(self.store, record)
        return ended

    def attach(
        self,
        record: RunRecord,
        files: Mapping[str, str | os.PathLike[str]],
        *,
        hash: bool = False,
        replace: bool = False,
        attempt: int | None = None,
    ) -> RunRecord:
        """Add files to a run by key; see `Session.attach_files`.

        Args:
            attempt: Refuse the change if a later attempt has been started. None: do not ask.
        """

        def attached(seen: RunRecord) -> RunRecord:
            if attempt is not None:
                transitions.fence(seen, attempt)
            known = artifacts.attach(
                seen.artifacts,
                files,
                self.root,
                run=str(seen.key),
                ledger=self.address,
                hash=hash,
                replace=replace,
            )
            text = codec.encode_files(known)
            return seen if text == seen.files_text else seen.changed(files_text=text)

        return self.change(record, attached)

    def set_result(
        self, record: RunRecord, result: Mapping[str, Any] | None, attempt: int
    ) -> RunRecord:
        """Store a run's result in place of the one before."""
        text = None if result is None else _result_text(result)
        return self.change(record, partial(transitions.replace, attempt=attempt, result_text=text))

    def set_capture(self, record: RunRecord, capture: Mapping[str, Any], attempt: int) -> RunRecord:
        """Store what was captured of the code and the machine after the attempt was started."""
        text = codec.encode(capture)
        return self.change(record, partial(transitions.replace, attempt=attempt, capture_text=text))

    def tag(
        self, record: RunRecord, *, add: Iterable[str] = (), remove: Iterable[str] = ()
    ) -> RunRecord:
        """Add tags to a run and remove others, whichever process works on it."""
        added, removed = {check_tag(tag) for tag in add}, {check_tag(tag) for tag in remove}

        def tagged(seen: RunRecord) -> RunRecord:
            text = codec.encode_tags((set(seen.tags) | added) - removed)
            return seen if text == seen.tags_text else seen.changed(tags_text=text)

        return self.change(record, tagged)

    def note(self, record: RunRecord, text: str | None) -> RunRecord:
        """Write a note to a run in place of the one before; "" or None removes it."""
        note = None if text is None else _note_text(text)
        return self.change(record, partial(transitions.replace, note=note))

    def _move(self, record: RunRecord, status: Status) -> RunRecord:
        """Move a run to *status* in the name of its latest attempt."""
        if status is Status.RUNNING:
            return self.start(record, record.attempt)
        if status.is_final:
            return self._end(record, status, record.attempt)
        raise RunStateError(
            f"Run {record.key} is {record.status.name}, and no run becomes PENDING again. "
            "Allocate a new one.",
            run=str(record.key),
            status=record.status,
        )

    def _make_ready(self, record: RunRecord) -> None:
        """Make the folder of a run that was claimed, and describe it there."""
        try:
            folders.make(self.root, record, fresh=sidecar.is_first(record))
        except FolderTakenError:
            if self._reread_any(record).revision == record.revision:
                # Its uid belongs to a run that the ledger does not have: nothing may claim it.
                self.change(record, lambda seen: seen.changed(trashed_us=utc_now_us()))
                raise
            # Another process has changed the run already, and described it.
        self.describe(record)


def _is_open(error: BaseException) -> bool:
    """Whether the ledger may have what *error* cut off: only a refusal says that it has not."""
    return isinstance(error, LedgerError) or not isinstance(error, PycaddyError)


def _note_text(text: object) -> str | None:
    if not isinstance(text, str):
        raise TypeError(f"A note must be a text, not {text!r}.")
    if len(text) > _LONGEST_NOTE:
        raise ValueError(
            f"The note has {len(text):,} characters, and {_LONGEST_NOTE:,} is the most. Write it "
            "to a file of the run: session.path('notes.txt')."
        )
    # What no database takes is written out.
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00") or None


def _result_text(result: Mapping[str, Any]) -> str:
    plain = params_module.plain(result, name="result")
    if not isinstance(plain, dict):
        raise ParamsError(
            f"A result must be a mapping, not a {type(result).__name__}. "
            "Give the value a name: {'value': ...}.",
            path="result",
        )
    return params_module.dump(plain, name="result")
