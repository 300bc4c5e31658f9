"""A sweep, run to its end by an executor."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress

from pycaddy.errors import LeaseLostError
from pycaddy.executors import DaskClient, Opened, SlurmExecutor, open_executor
from pycaddy.ledger import RunRecord, heartbeat
from pycaddy.ledger.owner import this_process
from pycaddy.project.claiming import Claims, length_of
from pycaddy.project.function import check_function
from pycaddy.project.progress import Watcher, watching
from pycaddy.project.report import Failure, RunReport
from pycaddy.project.session import describe_error
from pycaddy.project.study import Study
from pycaddy.project.worker import OUTPUT, Assignment, Outcome, output_tail, work
from pycaddy.status import Status

__all__ = ["PRELOAD", "SweepRun", "run_study"]

PRELOAD = ("pycaddy.project.worker", "pycaddy.stores.sqlite.store")
_WAIT_S = 1.0


def run_study(
    study: Study,
    executor: str | Executor | DaskClient | SlurmExecutor,
    *,
    workers: int | None,
    gpus: int,
    progress: bool,
) -> RunReport:
    """Do what `Project.run` promises."""
    _refuse_while_importing()
    others = check_function(
        study.project.ledger, study.claims(), study.function, chosen=study.chosen
    )
    if executor == "slurm":
        executor = SlurmExecutor()
    report = _carried_out(study, executor, workers=workers, gpus=gpus, progress=progress)
    report.other_functions = others
    return report


def _carried_out(
    study: Study,
    executor: str | Executor | DaskClient | SlurmExecutor,
    *,
    workers: int | None,
    gpus: int,
    progress: bool,
) -> RunReport:
    with watching(study.identifier, length_of(study.configs), wanted=progress) as watcher:
        if isinstance(executor, SlurmExecutor):
            from pycaddy.project.detached import run_on_slurm

            return run_on_slurm(study, executor, watcher, workers=workers, gpus=gpus)
        with open_executor(
            executor, workers, timeout_s=study.timeout_s, gpus=gpus, preload=PRELOAD
        ) as opened:
            return SweepRun(study, study.claims(), opened, watcher).run()


class SweepRun:
    """A study carried out by one executor: what is under way, and what came of the rest.

    Args:
        study: What to do.
        claims: Takes the runs.
        opened: Carries them out.
        watcher: Is told how far it is.
        may_begin: Asked before each run.
        patience_s: When the rest is in other hands, how many seconds to wait for one of them
            to become free.
    """

    def __init__(
        self,
        study: Study,
        claims: Claims,
        opened: Opened,
        watcher: Watcher,
        *,
        may_begin: Callable[[], bool] = lambda: True,
        patience_s: float = 0.0,
    ) -> None:
        self.study = study
        self.project = study.project
        self.claims = claims
        self.opened = opened
        self.watcher = watcher
        self.may_begin = may_begin
        self.patience_s = patience_s
        self.in_hand: RunRecord | None = None
        self.under_way: dict[Future[Outcome], RunRecord] = {}
        self.failures: dict[str, Failure] = {}
        self.report = RunReport()
        self.passes = 0

    def run(self) -> RunReport:
        begun = time.perf_counter()
        try:
            try:
                self.all_passes()
            except Exception:
                self.see_through()
                raise
        except BaseException as interrupt:
            if isinstance(interrupt, Exception):
                raise
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

    def all_passes(self) -> None:
        """Go through the sweep until nothing can be claimed.

        A run that fails while others are under way is claimed again on the next pass.
        """
        last_claim = time.monotonic()
        while not self.must_stop():
            if self.one_pass():
                last_claim = time.monotonic()
            elif self.claims.held and time.monotonic() - last_claim < self.patience_s:
                time.sleep(_WAIT_S)
            else:
                return

    def one_pass(self) -> bool:
        """Submit what can be claimed now and see it through; False if there was nothing."""
        any_claimed = False
        self.passes += 1
        for record in self.claims.one_pass():
            any_claimed = True
            self.in_hand = record
            self.submit(record)
            self.in_hand = None
            self.collect(down_to=self.opened.slots - 1)
            if self.must_stop():
                break
        self.collect(down_to=0)
        if self.passes == 1:  # later passes also skip what this call has done
            self.report.skipped = self.claims.done_before
        return any_claimed

    def must_stop(self) -> bool:
        return bool(self.study.fail_fast and self.failures) or not self.may_begin()

    def submit(self, record: RunRecord) -> None:
        assignment = Assignment(
            self.project,
            record.key,
            record.attempt,
            giver=this_process(),
            capture=self.opened.isolated,
        )
        try:
            future = self.opened.executor.submit(work, assignment, self.study.function)
        except Exception as error:
            self.bury(record, error)
            raise
        self.under_way[future] = record
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
        # It was claimed here, and ended in the worker.
        heartbeat.release(self.project.ledger.store, record)
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
        ended = self.project.ledger.reap(record, text)
        reason = describe_error(error).strip().rpartition("\n")[2]
        return Outcome(record.key, ended.status, 0.0, reason)

    def see_through(self) -> None:
        """After an error, of the sweep or the executor: what has begun still ends."""
        left = len(self.under_way)
        while left:
            with suppress(Exception):  # the first error is the one to tell
                self.collect(down_to=0)
            if len(self.under_way) == left:
                return  # nobody can wait for them
            left = len(self.under_way)

    def give_back(self) -> None:
        """After Ctrl-C: end what is under way, so that the next call takes it at once."""
        self.opened.executor.shutdown(wait=True, cancel_futures=True)
        left = [self.in_hand] if self.in_hand else []
        for record in (*left, *self.under_way.values()):
            self.bury(record, KeyboardInterrupt("interrupted"))

    def show(self) -> None:
        self.watcher.update(
            done=self.report.done,
            failed=len(self.failures),
            running=len(self.under_way),
            skipped=self.report.skipped or self.claims.done_before,
        )


def _refuse_while_importing() -> None:
    """Refuse a script that a worker process imports, to find the function in it."""
    imported = sys.modules.get("__mp_main__")
    if imported is not None and imported is not sys.modules["__main__"]:
        raise RuntimeError(
            "run() was called while a worker imported this script: it would run once more in each "
            "process. Put the call under `if __name__ == '__main__':`."
        )
