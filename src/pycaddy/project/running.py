"""A sweep, run to its end by an executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sized
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any

from pycaddy.errors import LeaseLostError, RunStateError
from pycaddy.executors import DaskClient, Opened, open_executor
from pycaddy.layout import StorageMode
from pycaddy.ledger import RunRecord, life
from pycaddy.ledger.owner import this_process
from pycaddy.project.claiming import Claims
from pycaddy.project.progress import Watcher, watching
from pycaddy.project.project import Project
from pycaddy.project.report import Failure, RunReport
from pycaddy.project.session import Session, describe_error
from pycaddy.project.worker import OUTPUT, Assignment, Outcome, output_tail, work
from pycaddy.status import Status
from pycaddy.stores import Selection

__all__ = ["run_sweep"]


def run_sweep(
    project: Project,
    function: Callable[[Session], Any],
    sweep: Iterable[Mapping[str, Any]],
    identifier: str,
    *,
    executor: str | Executor | DaskClient,
    workers: int | None,
    retries: int,
    timeout_s: float | None,
    gpus: int,
    fail_fast: bool,
    progress: bool,
    storage_mode: StorageMode,
    ignore: Collection[str],
) -> RunReport:
    """Do what `Project.run` promises."""
    if retries < 0:
        raise ValueError(f"retries must be 0 or more, not {retries!r}.")
    configs = list(sweep) if isinstance(sweep, Iterator) else sweep
    claims = Claims(
        project.ledger,
        project.relpath,
        identifier,
        configs,
        mode=storage_mode,
        ignore=ignore,
        max_attempts=1 + retries,
        earlier=_earlier_attempts(project, identifier),
    )
    preload = ("pycaddy.project.worker",)
    with (
        watching(identifier, _length(configs), wanted=progress) as watcher,
        open_executor(executor, workers, timeout_s=timeout_s, gpus=gpus, preload=preload) as opened,
    ):
        return _Sweep(project, function, claims, opened, watcher, fail_fast=fail_fast).run()


class _Sweep:
    """One call of `Project.run`: what is under way, and what came of the rest."""

    def __init__(
        self,
        project: Project,
        function: Callable[[Session], Any],
        claims: Claims,
        opened: Opened,
        watcher: Watcher,
        *,
        fail_fast: bool,
    ) -> None:
        self.project = project
        self.function = function
        self.claims = claims
        self.opened = opened
        self.watcher = watcher
        self.fail_fast = fail_fast
        self.under_way: dict[Future[Outcome], RunRecord] = {}
        self.failures: dict[str, Failure] = {}
        self.report = RunReport()
        self.passes = 0

    def run(self) -> RunReport:
        begun = time.perf_counter()
        try:
            # A run that fails while others are under way is claimed again on the next pass.
            while self.one_pass() and not self.must_stop():
                pass
        except KeyboardInterrupt as interrupt:
            self.give_back()
            interrupt.add_note(
                f"{self.report.done} runs were done. Call run() again to go on with the rest."
            )
            raise
        self.report.seconds = time.perf_counter() - begun
        self.report.held = self.claims.held
        self.report.duplicates = self.claims.duplicates
        self.report.failures = list(self.failures.values())
        return self.report

    def one_pass(self) -> bool:
        """Submit what can be claimed now and see it through; False if there was nothing."""
        any_claimed = False
        self.passes += 1
        for record in self.claims.one_pass():
            any_claimed = True
            self.submit(record)
            self.collect(down_to=self.opened.slots - 1)
            if self.must_stop():
                break
        self.collect(down_to=0)
        if self.passes == 1:  # later passes also skip what this call has done
            self.report.skipped = self.claims.done_before
        return any_claimed

    def must_stop(self) -> bool:
        return self.fail_fast and bool(self.failures)

    def submit(self, record: RunRecord) -> None:
        assignment = Assignment(
            self.project,
            record.key,
            record.attempt,
            giver=this_process(),
            capture=self.opened.isolated,
        )
        self.under_way[self.opened.executor.submit(work, assignment, self.function)] = record
        self.show()

    def collect(self, *, down_to: int) -> None:
        """Wait until no more than *down_to* runs are under way."""
        while len(self.under_way) > down_to:
            finished, _ = wait(self.under_way, return_when=FIRST_COMPLETED)
            for future in finished:
                self.take(self.under_way.pop(future), future)
            self.show()

    def take(self, record: RunRecord, future: Future[Outcome]) -> None:
        """Note how a run ended; what its worker could not record is recorded here."""
        try:
            outcome = future.result()
        except LeaseLostError:
            return  # it is somebody else's now, and theirs to count
        except Exception as error:  # noqa: BLE001 - whatever an executor raises ends this run only
            outcome = self.bury(record, error)
        self.failures.pop(str(record.key), None)
        if outcome.status is Status.DONE:
            self.report.done += 1
        else:
            folder = str(self.project.root / record.layout.folder)
            reason = outcome.reason or "it was marked as ERROR"
            self.failures[str(record.key)] = Failure(record.key, reason, folder)

    def bury(self, record: RunRecord, error: BaseException) -> Outcome:
        text = describe_error(error)
        if self.opened.isolated:
            text += output_tail(self.project.root / record.layout.file(OUTPUT, True))
        try:
            ended = life.finish(self.project.ledger, record, Status.ERROR, record.attempt, text)
        except RunStateError:
            ended = self.project.ledger.reread(record)
        reason = describe_error(error).strip().rpartition("\n")[2]
        return Outcome(record.key, ended.status, 0.0, reason)

    def give_back(self) -> None:
        """After Ctrl-C: end what is under way, so that the next call takes it at once."""
        self.opened.executor.shutdown(wait=True, cancel_futures=True)
        for record in self.under_way.values():
            self.bury(record, KeyboardInterrupt("interrupted"))

    def show(self) -> None:
        self.watcher.update(
            done=self.report.done,
            failed=len(self.failures),
            running=len(self.under_way),
            skipped=self.report.skipped or self.claims.done_before,
        )


def _earlier_attempts(project: Project, identifier: str) -> dict[str, int]:
    """Return the attempts of unfinished runs by params: a new call gives each a new chance."""
    records = project.ledger.records(Selection(project.relpath, identifier))
    return {
        record.param_hash: record.attempt for record in records if record.status is not Status.DONE
    }


def _length(configs: Iterable[Mapping[str, Any]]) -> int | None:
    try:
        return len(configs) if isinstance(configs, Sized) else None
    except TypeError:  # a sweep that only generating can count
        return None
