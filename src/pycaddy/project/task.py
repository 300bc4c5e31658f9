"""The program of a Slurm task: join the claim over a study, and do run after run.

python -m pycaddy.project.task FOLDER [--minutes=60] [--patient]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from pycaddy.executors import open_executor
from pycaddy.project.capture.command import speak_for
from pycaddy.project.detached import PATIENCE_S
from pycaddy.project.parcel import Parcel
from pycaddy.project.progress import watching
from pycaddy.project.running import PRELOAD, SweepRun

__all__ = ["Clock", "main"]

_MARGIN = 1.1


@dataclass(slots=True)
class Clock:
    """Says whether another run fits into what is left of a task's time.

    Args:
        limit_s: Seconds that the task has. None: any number.
    """

    limit_s: float | None
    begun: float = field(default_factory=time.monotonic)
    longest: float = 0.0
    last: float | None = None

    def has_time(self) -> bool:
        """Note that a run has ended, if one has begun, and answer for the next one."""
        now = time.monotonic()
        if self.last is not None:
            self.longest = max(self.longest, now - self.last)
        self.last = now
        return self.limit_s is None or now + self.longest * _MARGIN - self.begun <= self.limit_s


def main() -> None:
    """Do what the command line says; what is printed stands in the task's log."""
    parser = argparse.ArgumentParser(prog="python -m pycaddy.project.task")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--patient", action="store_true")
    given = parser.parse_args()
    parcel = Parcel(given.folder)
    study, max_lost = parcel.read()
    if study.command is not None:
        speak_for(study.command)
    clock = Clock(None if given.minutes is None else given.minutes * 60)
    # A task in the place of a lost one waits until what that one held is known to be free.
    patient = given.patient or "SLURM_RESTART_COUNT" in os.environ
    with (
        watching(study.identifier, None, wanted=False) as watcher,
        open_executor("local", 1, timeout_s=study.timeout_s, preload=PRELOAD) as opened,
    ):
        sweep = SweepRun(
            study,
            study.claims(max_lost=max_lost),
            opened,
            watcher,
            may_begin=lambda: not parcel.is_stopped and clock.has_time(),
            patience_s=PATIENCE_S if patient else 0.0,
        )
        report = sweep.run()
    if study.fail_fast and report.failed:
        parcel.stop()
    sys.stdout.write(f"{report}\n")


if __name__ == "__main__":
    main()
