"""A namespace of runs: a folder and its ledger."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycaddy import params as params_module
from pycaddy._clock import span_us, utc_now_us
from pycaddy._names import check_parts
from pycaddy.layout import StorageMode, check_namespace, check_relpath, check_storage_mode
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.ledger.owner import this_process
from pycaddy.project._find import find
from pycaddy.project._root import absolute_root, make_root
from pycaddy.project.capture.parts import DEFAULT, parse_parts
from pycaddy.project.session import Session, session_on
from pycaddy.project.strategy import ExistingRun, find_or_create
from pycaddy.records import NewRun, RunKey
from pycaddy.status import Status, check_status
from pycaddy.stores import Selection

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from datetime import timedelta

    from pycaddy.executors import DaskClient, SlurmExecutor
    from pycaddy.ledger.cleanup import Cleanup
    from pycaddy.ledger.doctor import Finding
    from pycaddy.ledger.rebuild import RebuildReport
    from pycaddy.ledger.usage import Usage
    from pycaddy.ledger.verify import Difference
    from pycaddy.metrics.series import Series
    from pycaddy.project.claiming import Configs, Retry
    from pycaddy.project.notebook import NotebookPage
    from pycaddy.project.report import RunReport
    from pycaddy.query import Diff, MigrationReport, Rows, Runs

__all__ = ["Project"]


class Project:
    """A namespace of runs: a root folder, a path below it, and the ledger of the root.

    Args:
        root: The folder of the project. Made absolute now: a later chdir changes nothing.
        relpath: The namespace below the root ("imagenet/randaug"); see `sub`.
        storage_mode: How the files of one run are kept apart from those of the others.
        ledger: Another place for the ledger: the path of a `.db` file, the URL of a PostgreSQL
            database, or a `Ledger`, which then serves this root. Default: what the project was
            made with, for a new one what $PYCADDY_LEDGER says, else `.pycaddy/ledger.db`.
        name: What the project is called in a ledger that it shares with others: folders on
            several machines are one project if they have the same name. Default: an id of its own.
        durability: "power": what was acknowledged survives a power cut. "process": it survives
            a crash of the process; a power cut may take the last changes, and commits are about
            ten times faster.
        ignore: Params that do not tell runs apart ("seed", or "optimizer.workers" for a nested
            one). They are kept in the record.
        capture: What to note of the code and the machine when a run starts, and whether to keep
            what it prints: "git,packages,env,output"; docs/capture.md. None: nothing. Default:
            what costs nothing.

    Example:
        >>> from pycaddy.project import Project
        >>> project = Project("results").ensure_folder()
        >>> run = project.session("train", params={"lr": 1e-3}).start()
        >>> _ = run.path("model.txt").write_text("weights")
        >>> run.done()
        Session('train/0001', DONE, params={'lr': 0.001})
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        relpath: str | os.PathLike[str] = "",
        storage_mode: StorageMode = StorageMode.SUBFOLDER,
        *,
        ledger: str | os.PathLike[str] | Ledger | None = None,
        name: str | None = None,
        durability: str = "power",
        ignore: Collection[str] = (),
        capture: str | None = DEFAULT,
    ) -> None:
        self.root = absolute_root(root)
        self.relpath = check_relpath(relpath)
        check_namespace(tuple(self.relpath.split("/")) if self.relpath else ())
        self.storage_mode = check_storage_mode(storage_mode)
        self.ignore = params_module.ignored_names(ignore)
        self.capture = parse_parts(capture)
        """The parts that are captured."""
        if isinstance(ledger, Ledger):
            self._ledger = ledger.for_root(self.root, name)
        else:
            address = self.root if ledger is None else ledger
            self._ledger = Ledger(address, root=self.root, durability=durability, name=name)
        self._has_root = False

    @property
    def ledger(self) -> Ledger:
        """The registry of the runs, shared by all namespaces of the root."""
        if not self._has_root:
            make_root(str(self.root))
            self._has_root = True
        return self._ledger

    @property
    def folder(self) -> Path:
        """The folder of this namespace: the root and the relpath."""
        return self.root / self.relpath

    @property
    def path(self) -> Path:
        """The same as `folder`, under the name that it had in pycaddy 0.2."""
        return self.folder

    def ensure_folder(self) -> Project:
        """Make the project's folder if it does not exist. Returns the project.

        Raises:
            ProjectFolderError: Something is in the way, or the disk refuses.
            NameClashError: A folder beside it differs only by case.
        """
        make_root(str(self.folder))
        self._has_root = True
        return self

    def sub(self, name: str) -> Project:
        """Return the project of the namespace *name* ("imagenet" or "imagenet/randaug") below.

        Raises:
            InvalidNameError: A part of *name* cannot be a folder's name.
        """
        parts = check_parts(name, "name of a sub-project")
        return Project(
            self.root,
            "/".join((self.relpath, *parts)) if self.relpath else "/".join(parts),
            self.storage_mode,
            ledger=self._ledger,
            ignore=self.ignore,
            capture=",".join(self.capture),
        )

    def session(
        self,
        identifier: str,
        params: Mapping[str, Any] | None = None,
        existing_run_strategy: ExistingRun | None = None,
        storage_mode: StorageMode | None = None,
        *,
        ignore: Collection[str] = (),
    ) -> Session:
        """Open a run: a fresh one, or what *existing_run_strategy* finds.

        Args:
            identifier: What kind of run it is ("train"): the folder its runs lie in.
            params: What tells this run from the others. A mapping of JSON-like values, numpy
                numbers and arrays, paths, enums, dates, dataclasses and the like.
            existing_run_strategy: See `ExistingRun`. None: a fresh run.
            storage_mode: For this run, in place of the project's.
            ignore: Params that do not tell runs apart, besides the project's.

        Raises:
            InvalidNameError: *identifier* cannot be a folder's name.
            ParamsError: A param has no canonical form; the message names it.
            RunBusyError: With CONTINUE: somebody is on the run.
        """
        ignored = self.ignore + params_module.ignored_names(ignore)
        frozen = params_module.freeze(params, ignore=ignored)
        run = NewRun(
            self.relpath,
            identifier,
            frozen.text,
            frozen.key,
            self.storage_mode if storage_mode is None else check_storage_mode(storage_mode),
            owner=this_process(),
        )
        if frozen.earlier_key is not None and existing_run_strategy not in (None, ExistingRun.NEW):
            from pycaddy.ledger.earlier_form import update_form

            update_form(self.ledger, self.relpath, identifier, [frozen], ignored)
        record = find_or_create(self.ledger, run, existing_run_strategy)
        return session_on(self, record, frozen.text)

    def claim(
        self,
        identifier: str,
        sweep: Configs,
        *,
        max_attempts: int = 3,
        retry: Collection[Retry] = ("error", "stale"),
        wait: bool = False,
        storage_mode: StorageMode | None = None,
        ignore: Collection[str] = (),
    ) -> Iterator[Session]:
        """Take the runs of a sweep one after another, each by one process only.

        Start the same script in ten terminals, or as a job array: every configuration is done
        once. A run is taken if it is neither DONE nor in somebody's hands; it is RUNNING in
        this process when it is yielded, in the order of the sweep.

            for run in project.claim("train", sweep):
                with run:
                    train(run.params, run.path("model.pt"))

        Args:
            identifier: What kind of runs they are ("train").
            sweep: Their params: a sweep, or any iterable of mappings. Equal ones are run once.
                Or an `OptunaSweep`, which chooses each after the results of those before it.
            max_attempts: How often a run may be started in all, by anybody.
            retry: Which runs to take again: those that ended in "error", and those that are
                "stale", whose process died.
            wait: When the rest is in other hands, wait in case they fail or die.
            storage_mode: For new runs, in place of the project's.
            ignore: Params that do not tell runs apart, besides the project's.

        Raises:
            ParamsError: A configuration has no canonical form.
        """
        from pycaddy.project.claiming import ClaimOptions, Claims

        options = ClaimOptions.of(
            self,
            identifier,
            storage_mode=storage_mode,
            ignore=ignore,
            max_attempts=max_attempts,
            retry=retry,
            wait=wait,
        )
        claims = Claims(self.ledger, sweep, options)
        return (session_on(self, record) for record in claims)

    def run(
        self,
        function: Callable[[Session], Mapping[str, Any] | None],
        sweep: Configs,
        *,
        identifier: str | None = None,
        executor: str | Executor | DaskClient | SlurmExecutor = "local",
        workers: int | None = None,
        retries: int = 0,
        timeout_s: float | None = None,
        gpus: int = 0,
        fail_fast: bool = False,
        progress: bool = True,
        storage_mode: StorageMode | None = None,
        ignore: Collection[str] = (),
    ) -> RunReport:
        """Call *function* with a session for each configuration that is not DONE yet.

        A dict that it returns becomes the run's result. What it raises ends its run in ERROR,
        with the traceback, and no other one. Call it again after an interruption, a crash or
        a change of mind: what is DONE is skipped, the rest gets another chance. Several calls
        may share a sweep, from any number of processes.

        Args:
            function: Takes the `Session`: `run.params`, `run.path(...)`.
            sweep: The params of the runs: a sweep, or any iterable of mappings. Or an
                `OptunaSweep`, which chooses each after the results of those before it.
            identifier: What kind of runs they are. Default: the function's name. A lambda, a
                partial, a bound method, and what a decorator without `functools.wraps` returns
                need one.
            executor: "local": a process of its own for each run, whose output goes to
                `stdout.log` in its folder. "threads" and "serial": in this process. "dask" and
                "ray": a cluster of this machine's cores. "slurm" or a `SlurmExecutor`: job
                arrays, which go on when this process ends; call `run` again to come back to
                them. Or a Dask scheduler's address or client, or any
                `concurrent.futures.Executor`.
            workers: How many runs at a time. Default: one per core; with Slurm, as many as it
                has room for.
            retries: How often to start a run again that failed in this call.
            timeout_s: "local" and "slurm" only: seconds after which a run is ended as failed.
            gpus: "local", "ray" and "slurm" only: devices for each run, as
                CUDA_VISIBLE_DEVICES.
            fail_fast: Begin no more runs once one has failed.
            progress: Show a progress bar on a terminal or in a notebook.
            storage_mode: For new runs, in place of the project's.
            ignore: Params that do not tell runs apart, besides the project's.

        Returns:
            How many are done, were skipped or failed, and why; it prints as a summary.

        Raises:
            FunctionClashError: Without *identifier*: another function with this name made the
                results that would be skipped.
            ValueError: Without *identifier*: the function has no name of its own.
        """
        from pycaddy.project.running import run_study
        from pycaddy.project.study import Study

        study = Study.of(
            self,
            function,
            sweep,
            identifier,
            retries=retries,
            timeout_s=timeout_s,
            fail_fast=fail_fast,
            storage_mode=storage_mode,
            ignore=ignore,
        )
        return run_study(study, executor, workers=workers, gpus=gpus, progress=progress)

    def reap(self, *, recursive: bool = True) -> list[Session]:
        """Mark stale runs as ERROR, and return sessions on them.

        A run is stale when it is RUNNING and its process is known to be dead: by the kernel on
        this machine, elsewhere by a heartbeat that has stood still for two minutes while this
        project watched. A live run is never touched.
        """
        running = Selection(self.relpath, recursive=recursive, status=Status.RUNNING)
        buried = [
            self.ledger.reap(record, f"Its process ({record.owner}) died.")
            for record in self.ledger.records(running)
            if self.ledger.is_stale(record)
        ]
        return [session_on(self, record) for record in buried if record.status is Status.ERROR]

    def session_of(self, run: str | int | RunKey, uid: str | int | None = None) -> Session:
        """Return a session on a run that exists.

        Args:
            run: "train/0007", a path below this namespace ("randaug/train/0007"), or the uid
                alone where only one identifier has it. With *uid*: the identifier. Or the key
                of a session or record, whatever its namespace.
            uid: "0007" or 7.

        Raises:
            RunNotFoundError: There is no such run, or a uid alone fits several.
        """
        return session_on(self, find(self.ledger, self.relpath, run, uid))

    def sessions(
        self,
        identifier: str | None = None,
        *,
        status: Status | None = None,
        recursive: bool = False,
    ) -> list[Session]:
        """Return sessions on the runs of this namespace, by identifier and uid.

        Args:
            identifier: Only those of this identifier.
            status: Only those with this status.
            recursive: Also those of the namespaces below.
        """
        if status is not None:
            check_status(status)
        selection = Selection(self.relpath, identifier, recursive=recursive, status=status)
        return [session_on(self, record) for record in self.ledger.records(selection)]

    def runs(
        self,
        identifier: str | None = None,
        *,
        where: str | None = None,
        sort: str | Sequence[str] | None = None,
        recursive: bool = False,
        limit: int | None = None,
        offset: int = 0,
        trashed: bool = False,
    ) -> Runs[Session]:
        """Find runs of this namespace by what they are: a sequence of sessions, and a table.

            project.runs("train", where="lr < 1e-2 and status == 'done'", sort="-val/acc", limit=5)

        Args:
            identifier: Only those of this identifier ("train", or "randaug/train" below).
            where: A condition on params, results, metrics and fields; see docs/query.md.
            sort: The names of the values to sort by, "-" for the greatest first, with commas or
                as a list. Runs that lack it come last. Default: by identifier and uid.
            recursive: Also the namespaces below.
            limit: At most so many.
            offset: Leave out so many of the first.
            trashed: Those in the trash, and only those.

        Raises:
            FilterError: *where* or *sort* cannot be read; the message points at the place.
        """
        from pycaddy.query import select

        relpath, name = self._home(identifier)
        selection = Selection(
            relpath, name, recursive=recursive, trashed=trashed, limit=limit, offset=offset
        )
        return select(self.ledger, selection, where, sort, functools.partial(session_on, self))

    def diff(self, one: str | RunKey, other: str | RunKey) -> Diff:
        """Return what differs between two runs, named as for `session_of`; it prints well.

        Raises:
            RunNotFoundError: There is no such run.
        """
        from pycaddy.query import diff

        records = (find(self.ledger, self.relpath, run, None) for run in (one, other))
        return diff(*records)

    def params_that_vary(
        self, identifier: str, *, where: str | None = None
    ) -> dict[str, list[Any]]:
        """Return the params in which the runs of *identifier* differ, with their values.

        Names lead into nested params with dots: {"opt.lr": [0.1, 0.01]}.
        """
        return self.runs(identifier, where=where).params_that_vary()

    def join(
        self,
        *identifiers: str,
        on: str | Sequence[str] = "params",
        where: str | None = "status == 'done'",
    ) -> Rows:
        """Put the runs of several identifiers side by side: a row for all that belong together.

            project.join("train", "eval", on="params")

        What they do not share is named after them: `train.result.loss`, `eval.uid`.

        Args:
            identifiers: Two or more of this namespace.
            on: What they have to share: "params", all of them; "uid"; or the names of some values.
            where: Which runs are looked at. Default: those that are done.
        """
        from pycaddy.query import join

        return join({each: self.runs(each, where=where).records for each in identifiers}, on)

    def migrate(
        self,
        identifier: str,
        *,
        add: Mapping[str, Any] | None = None,
        rename: Mapping[str, str] | None = None,
        drop: Collection[str] = (),
        where: str | None = None,
        ignore: Collection[str] = (),
        dry_run: bool = False,
    ) -> MigrationReport:
        """Give the runs of *identifier* the params that they would have today, all or none.

        The script has a new param, or calls one otherwise: after this, RESUME finds the old runs.
        Their ledger is backed up before. Runs in the trash are changed as well.

            project.migrate("train", add={"wd": 0.0}, rename={"lr": "opt.lr"}, dry_run=True)

        Args:
            add: Params for the runs that lack them.
            rename: New names by old ones; dots lead into nested params.
            drop: Params to take away.
            where: Only these runs.
            ignore: Besides the project's, the params that had no part in the runs' keys.
            dry_run: Change nothing, and report what would be changed.

        Raises:
            RunBusyError: Somebody is on one of the runs. Nothing was changed.
            ParamsError: A run has a param both by its old and its new name, or the like.
        """
        from pycaddy.query import Migration, migrate

        migration = Migration(rename or {}, drop, add or {})
        records = [
            record
            for trashed in (False, True)
            for record in self.runs(identifier, where=where, trashed=trashed).records
        ]
        left_out = self.ignore + params_module.ignored_names(ignore)
        return migrate(self.ledger, records, migration, ignore=left_out, dry_run=dry_run)

    def metrics(
        self, runs: Iterable[Session | RunRecord | RunKey | str], name: str
    ) -> dict[RunKey, Series]:
        """Return the series *name* of several runs, by the runs' keys.

        Args:
            runs: Sessions or records, or what `session_of` takes. A run that has no such series
                is left out.
            name: The series ("loss/train").

        Raises:
            MetricsError: The metrics of a run cannot be read.
        """
        from pycaddy.ledger import recording

        records = [run if isinstance(run, RunRecord) else self._record_of(run) for run in runs]
        found = {record.key: recording.read(self.ledger, record, name) for record in records}
        return {key: series for key, series in found.items() if series is not None}

    def trash(self, *, recursive: bool = True) -> list[RunRecord]:
        """Return the removed runs of this namespace and, by default, of those below."""
        return self.ledger.records(Selection(self.relpath, recursive=recursive, trashed=True))

    def restore(self, run: str | int | RunKey, uid: str | int | None = None) -> Session:
        """Bring a removed run and its files back. It is named as for `session_of`.

        Raises:
            RunNotFoundError: It is not in the trash.
            FolderTakenError: Something else lies where its files were.
        """
        from pycaddy.ledger.trash import restore

        return session_on(
            self, restore(self.ledger, find(self.ledger, self.relpath, run, uid, trashed=True))
        )

    def gc(
        self,
        *,
        keep_best: tuple[str, int] | tuple[str, int, str] | None = None,
        older_than: str | timedelta | None = None,
        status: Status | None = None,
        keep_tagged: bool = True,
        dry_run: bool = False,
    ) -> Cleanup:
        """Put runs that have ended, and that nothing speaks for, into the trash.

        Of this namespace and those below. At least one of the conditions must be given, and a
        run goes only if all of them let it go; one that is not DONE or ERROR never does.

        Args:
            keep_best: The best of each identifier stay: ("val/acc", 3) by a value of that name.
                The smallest is the best if the name contains "loss" or "err", else the largest;
                ("regret", 3, "min") or "max" says which. Where no run has it, all stay.
            older_than: Only runs that ended so long ago: "30d", "12h", or a timedelta.
            status: Only runs that ended as DONE, or as ERROR.
            keep_tagged: Runs with a tag stay.
            dry_run: Only tell which they are.

        Raises:
            FilterError: The name in *keep_best* cannot be read.
            ValueError: Without a condition.
        """
        from pycaddy.ledger.cleanup import Best, clean, dispensable

        if keep_best is None and older_than is None and status is None:
            raise ValueError(
                "gc() needs to be told what may go: keep_best=('val/acc', 3), older_than='30d' or "
                "status=Status.ERROR."
            )
        if status is not None:
            check_status(status)
        runs = dispensable(
            self.ledger.records(Selection(self.relpath, recursive=True)),
            best=None if keep_best is None else Best.of(keep_best),
            before_us=None if older_than is None else utc_now_us() - span_us(older_than),
            status=status,
            keep_tagged=keep_tagged,
        )
        return clean(self.ledger, runs, dry_run=dry_run)

    def empty_trash(
        self, *, older_than: str | timedelta | None = None, dry_run: bool = False
    ) -> Cleanup:
        """Delete the removed runs of this namespace and those below, for good.

        Args:
            older_than: Only those that were removed so long ago: "30d", or a timedelta.
            dry_run: Only tell which they are.
        """
        from pycaddy.ledger.cleanup import empty

        before_us = utc_now_us() - (0 if older_than is None else span_us(older_than))
        runs = [run for run in self.trash() if (run.trashed_us or 0) <= before_us]
        return empty(self.ledger, runs, dry_run=dry_run)

    def disk_usage(self) -> Usage:
        """Return how many bytes the runs of this namespace and those below take, by run and kind.

        Attached files elsewhere, and files that runs share, do not count.
        """
        from pycaddy.ledger.usage import measure

        return measure(self.ledger, self.ledger.records(Selection(self.relpath, recursive=True)))

    def verify(self, *, data: bool = False) -> list[Difference]:
        """Compare the attached files of all runs below with what was recorded of them.

        Args:
            data: Read every file that was attached with a hash, not only its size and time.

        Returns:
            What differs; empty if all is as it was.
        """
        from pycaddy.ledger.verify import differences

        records = self.ledger.records(Selection(self.relpath, recursive=True))
        return list(differences(self.ledger, records, data=data))

    def rebuild(self) -> RebuildReport:
        """Take the runs that the folders describe into the ledger, made anew if it must be.

        Raises:
            LedgerError: There is nothing to make it from.
        """
        return self._ledger.rebuild()

    def doctor(self, *, fix: bool = False) -> list[Finding]:
        """Compare ledger, folders and machine; return what is wrong, with what to do.

        Args:
            fix: Mend what can be mended without losing anything: each `run.json` that is
                missing or outdated is written again.
        """
        from pycaddy.ledger.doctor import examine

        return list(examine(self.ledger, fix=fix))

    def ui(self, *, height: int = 720, port: int = 0, read_only: bool = False) -> NotebookPage:
        """Show the runs in a notebook: the page of `pycaddy ui`, from a process of its own.

        As the last value of a cell it is a frame in the notebook; `.link` opens it in a browser.
        It ends with this process, and at `.close()`. It reads the ledger from disk, so that it
        follows runs wherever they are made.

        Args:
            height: Of the frame, in pixels.
            port: The port to listen on. 0: any free one.
            read_only: Offer nothing that changes a run.

        Raises:
            MissingExtraError: The extra `ui` is not installed.
            PageAddressError: The page cannot be served; the message tells why.
        """
        from pycaddy.project.notebook import NotebookPage

        self.ensure_folder().ledger.store.version()  # there is a ledger to look at
        root = str(self.root)
        return NotebookPage(root, self.relpath, height=height, port=port, read_only=read_only)

    def __repr__(self) -> str:
        relpath = f", {self.relpath!r}" if self.relpath else ""
        return f"Project({str(self.root)!r}{relpath})"

    def _repr_html_(self) -> str:
        from pycaddy.project._html import project_html

        return project_html(self.root, self.relpath, self.ledger.store.counts())

    def _home(self, identifier: str | None) -> tuple[str, str | None]:
        """Return the namespace and the name of an identifier that may lie below."""
        below, _, name = (identifier or "").rpartition("/")
        return "/".join(filter(None, (self.relpath, below))), name or None

    def _record_of(self, run: Session | RunKey | str) -> RunRecord:
        return find(self.ledger, self.relpath, run.key if isinstance(run, Session) else run, None)
