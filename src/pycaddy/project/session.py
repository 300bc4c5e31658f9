"""A handle on one run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

from pycaddy.errors import LedgerSyncError, PycaddyError
from pycaddy.ledger import Ledger, Move, RunKey, RunRecord, recording
from pycaddy.ledger.attempt_params import keep_params
from pycaddy.ledger.owner import this_process
from pycaddy.metrics.values import NOTHING, as_points
from pycaddy.params import thaw
from pycaddy.status import Status

if TYPE_CHECKING:
    from pycaddy.metrics.recorder import Recorder
    from pycaddy.metrics.series import Series
    from pycaddy.project.capture.parts import Parts
    from pycaddy.project.project import Project

__all__ = ["Session", "describe_error", "session_on"]

_LONGEST_ERROR = 65_536


class Session:
    """A handle on one run: builds its paths, moves its status, remembers its files.

    Made by `Project.session` and `Project.session_of`. What it returns is read from the ledger
    when asked for, so that any number of handles on a run agree. Handles may be pickled and
    used from any thread or process.

    As a context manager it starts the run, and ends it as DONE, or as ERROR with the traceback
    when the block raises anything, KeyboardInterrupt and SystemExit included:

        with project.session("train", params={"lr": 0.1}) as run:
            train(run.params, run.path("model.pt"))
    """

    __slots__ = (
        "_attempt", "_capture", "_has_folder", "_ledger", "_params_text", "_project", "_record",
        "_recorder",
    )  # fmt: skip

    def __init__(
        self,
        ledger: Ledger,
        record: RunRecord,
        capture: Parts,
        project: Project,
        params_text: str | None = None,
    ) -> None:
        self._ledger = ledger
        self._record = record
        self._capture = capture
        self._project = project  # only to hand it back
        self._attempt = record.attempt
        self._has_folder = False
        self._recorder: Recorder | None = None
        self._params_text = params_text
        """The params of the attempt that this handle will start, if they are not the record's."""

    @property
    def project(self) -> Project:
        """The project that the session was opened from."""
        return self._project

    @property
    def identifier(self) -> str:
        """What kind of run it is ("train")."""
        return self._record.identifier

    @property
    def uid(self) -> str:
        """The run's number within its identifier, zero-padded: "0001"."""
        return self._record.uid

    @property
    def key(self) -> RunKey:
        """The run's name within the project: "imagenet/train/0001" as text."""
        return self._record.key

    @property
    def params(self) -> dict[str, Any]:
        """The params as plain JSON values, the same in every process.

        Of a run that `ExistingRun.CONTINUE` found: as they were passed in this call, with its
        values of ignored params. `record.params_of(1)` has those of the first attempt.
        """
        return self._record.params if self._params_text is None else thaw(self._params_text)

    @property
    def param_hash(self) -> int | str:
        """The key that equal params share: SHA-256 of their canonical JSON, 64 hex digits.

        A run of `Ledger.allocate(..., param_hash=...)` has that value.
        """
        return self._record.param_hash

    @property
    def attempt(self) -> int:
        """Which start of the run this handle speaks for; 0 before the first."""
        return self._attempt

    @property
    def record(self) -> RunRecord:
        """All that the ledger knows of the run, read now."""
        self._record = self._ledger.reread(self._record)
        return self._record

    @property
    def status(self) -> Status:
        """PENDING, RUNNING, DONE or ERROR."""
        return self.record.status

    def is_done(self) -> bool:
        """Whether the status is DONE."""
        return self.status is Status.DONE

    @property
    def is_stale(self) -> bool:
        """Whether the run is RUNNING and its process is known to be dead."""
        return self._ledger.is_stale(self.record)

    @property
    def error_text(self) -> str | None:
        """Why the latest attempt failed: the traceback or the text given to `error`."""
        return self.record.error_text

    @property
    def created_at(self) -> datetime:
        """When the run was created, UTC."""
        return self._record.created_at

    @property
    def started_at(self) -> datetime | None:
        """When the latest attempt was started, UTC."""
        return self.record.started_at

    @property
    def ended_at(self) -> datetime | None:
        """When the run became DONE or ERROR, UTC."""
        return self.record.ended_at

    @property
    def history(self) -> tuple[Move, ...]:
        """Each change of the status with its time and attempt, oldest first."""
        return self.record.history

    @property
    def result(self) -> dict[str, Any] | None:
        """What the run found out. Assign a dict of JSON-like values to store it."""
        return self.record.result

    @result.setter
    def result(self, value: Mapping[str, Any] | None) -> None:
        self._record = self._ledger.set_result(self._record, value, self._attempt)

    @property
    def files(self) -> dict[str, Path]:
        """The attached files by key, as absolute paths."""
        root = Path(self._ledger.root)
        return {key: root / file.path for key, file in self.record.artifacts.items()}

    @property
    def folder(self) -> Path:
        """The directory of the run's files; made when asked for."""
        return Path(self._make_folder())

    def path(self, filename: str, include_identifier: bool = True) -> Path:
        """Return the path of the run's file *filename*; the folders above it are made.

        Args:
            filename: A name, or a nested one ("ckpt/last.pt").
            include_identifier: In PREFIX mode, put the uid before the name. False gives a file
                that all runs of the identifier share. No difference in SUBFOLDER mode.

        Raises:
            InvalidNameError: *filename* would leave the run's folder, or be another run's file.
        """
        layout = self._record.layout
        relative = layout.file(filename, include_identifier)
        if not self._has_folder:
            self._make_folder()
        if "/" in filename:
            self._ledger.make_parents(self._record, relative)
        return Path(self._ledger.root, relative)

    def attach_files(
        self,
        file_dict: Mapping[str, str | os.PathLike[str]],
        *,
        hash: bool = False,
        replace: bool = False,
    ) -> Self:
        """Remember files with the run, each under a key. Calls add up.

        Their sizes and times are recorded now and again by `done()`, and `Project.verify`
        compares. A file need not exist yet.

        Args:
            file_dict: Paths by key ("model"); relative ones start at the current directory.
            hash: Also record each file's SHA-256.
            replace: Let a key that is taken point to another file.

        Raises:
            FileKeyError: A key is taken by another file, or the file is the ledger's own.
        """
        self._record = self._ledger.attach(
            self._record, file_dict, hash=hash, replace=replace, attempt=self._attempt
        )
        return self

    @overload
    def log(self, name: str, value: Any, *, step: int | None = None) -> None: ...
    @overload
    def log(self, name: Mapping[str, Any], *, step: int | None = None) -> None: ...
    def log(
        self, name: str | Mapping[str, Any], value: Any = NOTHING, *, step: int | None = None
    ) -> None:
        """Append a point to a series: `log("loss", 0.3)`; or to several: `log({"loss": 0.3})`.

        Points are buffered: they are on disk after `flush()`, after `done()` and `error()`, and
        at the latest one second later. Nothing is waited for, and a disk that fails is
        logged as a warning and not raised.

        Args:
            name: Series name; "/" groups series on the page ("loss/train"). Or values by name.
            value: A scalar. NaN and infinities are kept, and NaN is skipped by min, max and mean.
            step: Position on the x axis, >= 0. Default: the series' last step + 1.

        Raises:
            RunFinishedError: The run is DONE or ERROR.
            LeaseLostError: Another process has taken the run over in the meantime.
            TypeError: *value* has a shape; log its mean, or one name per element.
        """
        points = as_points(name, value, step)
        recorder = self._recorder
        if recorder is None or not recorder.add(points):
            recorder = self._recorder = recording.recorder_for(
                self._ledger, self._record, self._attempt
            )
            recorder.add(points)

    def log_system(self, every_s: float = 10.0) -> Self:
        """Log the use of processor, memory and NVIDIA devices until the run ends.

        The series are named "system/...". Needs `pip install 'pycaddy[system]'`.

        Args:
            every_s: Seconds between two points.

        Raises:
            MissingExtraError: psutil is not installed.
        """
        from pycaddy.metrics.system import watch

        watch(self.log, every_s)
        return self

    def flush(self) -> Self:
        """Write what this process has logged of the run; it is on disk when this returns."""
        recording.flush(self._ledger, self._record)
        return self

    @overload
    def metrics(self) -> dict[str, dict[str, Any]]: ...
    @overload
    def metrics(self, name: str) -> Series: ...
    def metrics(self, name: str | None = None) -> Series | dict[str, dict[str, Any]]:
        """Return a series; without *name* the summary of each, by name.

        Raises:
            MetricNotFoundError: The run has logged no series of this name.
            MetricsError: Its metrics cannot be read.
        """
        if name is None:
            return recording.summaries(self._ledger, self.record)
        return recording.series(self._ledger, self._record, name)

    @property
    def capture(self) -> dict[str, Any]:
        """What was noted of the code and the machine when the run was last started."""
        return self.record.capture

    @property
    def tags(self) -> tuple[str, ...]:
        """The words that the run was marked with, sorted."""
        return self.record.tags

    def tag(self, *tags: str) -> Self:
        """Mark the run with *tags*, whatever its status is and whoever works on it.

        Raises:
            InvalidNameError: A tag has a space or another character in it that it may not have.
        """
        self._record = self._ledger.tag(self._record, add=tags)
        return self

    def untag(self, *tags: str) -> Self:
        """Take *tags* off the run; those that it does not have do no harm."""
        self._record = self._ledger.tag(self._record, remove=tags)
        return self

    def note(self, text: str | None) -> Self:
        """Write a note to the run, in place of the one before; `record.note` reads it.

        Args:
            text: Up to 20,000 characters. None or "": no note.
        """
        self._record = self._ledger.note(self._record, text)
        return self

    def start(self) -> Self:
        """Mark the run as RUNNING in this process: another attempt, unless it is already.

        Raises:
            RunFinishedError: The run is DONE; `reopen()` starts it all the same.
            RunBusyError: Somebody is on it who is not known to be dead.
            FolderTakenError: The folder holds a run that the ledger does not know.
        """
        self._start()
        if self._params_text is not None:
            self._record = keep_params(self._ledger, self._record, self._params_text)
            self._params_text = None
        return self

    def done(self) -> Self:
        """Mark the run as DONE. On a DONE run this changes nothing.

        Raises:
            LeaseLostError: Another process has taken the run over in the meantime.
            RunStateError: The run ended in ERROR; start another attempt first.
        """
        self._end_output()
        self._record = self._ledger.finish(self._record, self._attempt)
        return self

    def error(self, reason: BaseException | str | None = None) -> Self:
        """Mark the run as ERROR. On a run in ERROR this changes nothing.

        Args:
            reason: An exception, whose traceback is kept, or a text.

        Raises:
            LeaseLostError: Another process has taken the run over in the meantime.
        """
        error_text = None if reason is None else describe_error(reason)
        self._end_output()
        self._record = self._ledger.fail(self._record, self._attempt, error_text)
        return self

    def reopen(self) -> Self:
        """Mark a DONE run as RUNNING in this process: another attempt in the same folder.

        Raises:
            RunStateError: The run is not DONE.
        """
        return self._start(reopen=True)

    def remove(self) -> None:
        """Put the run and its own files into the trash; `Project.restore` brings them back.

        Files that it shares or that lie outside its folder stay where they are.

        Raises:
            RunBusyError: Somebody is on it who is not known to be dead.
        """
        from pycaddy.ledger.trash import remove

        self._record = remove(self._ledger, self._record)
        self._has_folder = False

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            # The block may have ended the run itself, and removed it.
            if self._record.trashed_us is None and not self.record.status.is_final:
                self.done()
            return
        try:
            self.error(error)
        except (PycaddyError, OSError) as second:
            # What went wrong first is what has to be seen.
            error.add_note(f"The run could not be marked as ERROR: {second}")

    def _end_output(self) -> None:
        if "output" in self._capture:
            from pycaddy.project.capture.output import end_output

            end_output(self._ledger, self._record)

    def _start(self, *, reopen: bool = False) -> Self:
        """Start an attempt with what is captured: the text first, in the same transaction."""
        ledger, before, captured = self._ledger, self._record, None
        if self._capture:
            from pycaddy.project.capture.snapshot import keep, take

            captured = take(self._capture, ledger.root)
        text = None if captured is None else captured.text
        try:
            started = ledger.start(before, self._attempt, capture_text=text, reopen=reopen)
        except LedgerSyncError as error:
            if isinstance(error.record, RunRecord):  # it has started: calling again goes on
                self._take(error.record)
            raise
        except BaseException as interrupt:
            if not isinstance(interrupt, Exception):
                self._take_started()
            raise
        self._record, self._attempt, self._recorder = started, started.attempt, None
        self._has_folder = True
        if captured is not None and captured.files and started.revision != before.revision:
            self._record = keep(captured, ledger, started)
        if "output" in self._capture:
            from pycaddy.project.capture.output import begin_output

            self._record = begin_output(ledger, self._record)
        return self

    def _take_started(self) -> None:
        """After Ctrl-C: take the attempt that was started, if it was."""
        with suppress(PycaddyError, OSError):
            record = self._ledger.reread(self._record)
            started = record.attempt == self._attempt + 1 and record.owner == this_process()
            if started and record.status is Status.RUNNING:
                self._take(record)

    def _make_folder(self) -> str:
        folder = self._ledger.make_folder(self._record)
        self._has_folder = True
        return folder

    def _take(self, record: RunRecord) -> None:
        self._record = record
        self._attempt = record.attempt
        self._recorder = None

    def __getstate__(self) -> tuple[None, dict[str, Any]]:
        self.flush()
        state = {name: getattr(self, name) for name in self.__slots__}
        return None, state | {"_recorder": None}  # what is logged elsewhere is recorded there

    def __repr__(self) -> str:
        record = self._record
        return f"Session({str(record.key)!r}, {record.status.name}, params={self.params!r})"

    def _repr_html_(self) -> str:
        from pycaddy.project._html import session_html

        return session_html(self.record, self.files)


def session_on(project: Project, record: RunRecord, params_text: str | None = None) -> Session:
    """Return a session of *project* on the run of *record*.

    Args:
        params_text: The params for the next attempt, if its ignored params may be others.
    """
    if params_text == record.params_text or record.status is Status.DONE:
        params_text = None
    return Session(project.ledger, record, project.capture, project, params_text)


def describe_error(reason: BaseException | str) -> str:
    """Return the traceback or text to keep: encodable, and its end if it is too long.

    Raises:
        TypeError: *reason* is neither an exception nor a text.
    """
    if isinstance(reason, BaseException):
        from traceback import format_exception

        text = "".join(format_exception(reason))
    elif isinstance(reason, str):
        text = reason
    else:
        raise TypeError(f"error() takes an exception or a text, not {reason!r}.")
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
    if len(text) > _LONGEST_ERROR:
        text = f"... ({len(text) - _LONGEST_ERROR} characters left out)\n{text[-_LONGEST_ERROR:]}"
    return text
