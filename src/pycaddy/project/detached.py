"""A study on Slurm: the driver, which submits arrays of tasks and watches the ledger.

It holds nothing that the next call could not find out again: the tasks claim their runs
themselves, the ledger says how each run ended, and the job's name says which tasks are ours.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pycaddy.errors import WorkerDiedError
from pycaddy.executors import SlurmExecutor, slurm
from pycaddy.ledger import RunRecord
from pycaddy.ledger.liveness import LEASE_S
from pycaddy.project.claiming import Survey
from pycaddy.project.parcel import Parcel
from pycaddy.project.progress import Watcher
from pycaddy.project.report import Failure, RunReport
from pycaddy.project.study import Study
from pycaddy.status import Status

__all__ = ["PATIENCE_S", "run_on_slurm", "shortfall"]

# After a lease of watching, whoever died on another machine is known to be dead.
PATIENCE_S = LEASE_S + 30
_FRUITLESS_ARRAYS = 3
_LOOK_SHARE = 0.1


def run_on_slurm(
    study: Study, options: SlurmExecutor, watcher: Watcher, *, workers: int | None, gpus: int
) -> RunReport:
    """Do what `Project.run` promises, by tasks of Slurm."""
    return _Driver(study, options, watcher, workers=workers, gpus=gpus).run()


def shortfall(free: int, living: int, workers: int | None) -> tuple[int, int]:
    """Return how many tasks to submit, and how many of them may run at a time.

    One task per free run, up to the largest array, though a task does run after run: those
    beyond *workers* take the places of tasks that end early, with nobody there to watch.
    """
    most = min(free, slurm.LARGEST_ARRAY)
    missing = min(most, workers or most) - living
    return (most - living, missing) if missing > 0 else (0, 0)


class _Driver:
    """One call of `Project.run` with Slurm."""

    def __init__(
        self,
        study: Study,
        options: SlurmExecutor,
        watcher: Watcher,
        *,
        workers: int | None,
        gpus: int,
    ) -> None:
        self.study = study
        self.options = options
        self.watcher = watcher
        self.workers = workers
        self.gpus = gpus
        self.claims = study.claims(max_lost=options.max_lost)
        self.keys = self.claims.keys()
        self.parcel = Parcel.of(study, self.keys)
        self.report = RunReport(duplicates=self.claims.duplicates)
        self.fruitless = 0
        self.ended_at_submission = -1

    def run(self) -> RunReport:
        begun = time.perf_counter()
        survey = self.look()
        self.report.skipped = survey.done
        if survey.free or survey.held:
            self.parcel.write(self.study, max_lost=self.options.max_lost)
            try:
                survey = self.watch(survey)
            except KeyboardInterrupt as interrupt:
                interrupt.add_note(
                    "Slurm goes on with the runs. Call run() again to come back to them, or end "
                    f"them: scancel --name={self.parcel.name}"
                )
                raise
        elif self.parcel.folder.exists():  # tasks of a call that did not stay
            slurm.cancel_waiting(self.parcel.name)
        self.report.seconds = time.perf_counter() - begun
        self.report.done = survey.done - self.report.skipped
        self.report.held = survey.held
        self.report.waiting = survey.free
        self.report.failures = [self.failure(record) for record in survey.spent]
        return self.report

    def watch(self, survey: Survey) -> Survey:
        """Keep tasks in the queue until nothing is left to do, and return how that came out."""
        changed = time.monotonic()
        while True:
            living = slurm.living_tasks(self.parcel.name)
            if living is not None and not self.must_stop(survey):
                self.submit(survey, living)
            if self.options.detach:
                return survey
            time.sleep(self.pause_s)
            before, survey = survey, self.look()
            if survey != before:
                changed = time.monotonic()
            if self.is_over(survey, living, time.monotonic() - changed):
                slurm.cancel_waiting(self.parcel.name)
                return survey

    def is_over(self, survey: Survey, living: int | None, quiet_s: float) -> bool:
        """Whether there is nothing left to wait for."""
        if survey.held == 0:
            return survey.free == 0 or self.must_stop(survey)
        # No task of ours is left, and whoever has the rest is alive: somebody else.
        return survey.free == 0 and living == 0 and quiet_s > PATIENCE_S

    def must_stop(self, survey: Survey) -> bool:
        return self.study.fail_fast and bool(survey.spent)

    def submit(self, survey: Survey, living: int) -> None:
        tasks, at_a_time = shortfall(survey.free, living, self.workers)
        if not tasks:
            return
        self.fruitless = 0 if survey.ended != self.ended_at_submission else self.fruitless + 1
        if self.fruitless == _FRUITLESS_ARRAYS:
            raise WorkerDiedError(
                f"{_FRUITLESS_ARRAYS} job arrays came and went without ending a run. See "
                f"{self.parcel.log_folder}; the newest log ends with:\n{self.parcel.newest_log()}",
                exitcode=None,
            )
        # Later arrays replace tasks that were lost: what those held becomes free in a while.
        is_first = self.ended_at_submission < 0 and not survey.held
        self.ended_at_submission = survey.ended
        command = [sys.executable, "-m", "pycaddy.project.task", str(self.parcel.folder)]
        if self.options.minutes:
            command.append(f"--minutes={self.options.minutes}")
        if not is_first:
            command.append("--patient")
        text = slurm.script(
            self.options, self.parcel.name, str(self.parcel.log_folder), command, self.gpus
        )
        slurm.submit(text, tasks, at_a_time if at_a_time < tasks else None)

    def look(self) -> Survey:
        """Return how far the ledger says it is."""
        begun = time.monotonic()
        survey = self.claims.survey(self.keys)
        # In a large ledger a look takes a while: the driver keeps to a tenth of the time.
        self.pause_s = max(self.options.poll_s, (time.monotonic() - begun) / _LOOK_SHARE)
        self.watcher.update(
            done=survey.done - self.report.skipped,
            failed=len(survey.spent),
            running=survey.held,
            skipped=self.report.skipped,
        )
        return survey

    def failure(self, record: RunRecord) -> Failure:
        if record.status is Status.RUNNING:
            record = self.bury(record)
        reason = (record.error_text or "it was marked as ERROR").strip()
        folder = Path(self.study.project.root, record.layout.folder)
        return Failure(record.key, _last_line(reason), str(folder))

    def bury(self, record: RunRecord) -> RunRecord:
        """Mark a run as ERROR that has lost its process more often than it may."""
        text = f"Its process ({record.owner}) died, as {self.options.max_lost} before it did."
        return self.study.project.ledger.reap(record, text)


def _last_line(text: str) -> str:
    """Return the last line of an error, before the output that may follow it."""
    return text.partition("\nThe end of ")[0].strip().rpartition("\n")[2]
