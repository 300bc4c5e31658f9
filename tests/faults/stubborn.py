"""One run's life, each step tried again when the disk refuses it.

python -m tests.faults.stubborn ROOT
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

from pycaddy import Project
from pycaddy.errors import LedgerStorageError, ProjectFolderError
from tests.faults.life import Step, take

T = TypeVar("T")

STEPS: list[Step] = [
    ("start", None),
    ("attach", "file 0"),
    ("result", 0.5),
    ("done", None),
    ("reopen", None),
    ("error", "broken"),
    ("start", None),
    ("done", None),
]
PARAMS = {"worker": "stubborn"}


def insist(root: str, key: str | None, step: Step, work: Callable[[], T]) -> T:
    """Do *work* until it succeeds, and say each refusal."""
    while True:
        say("will", key, step)
        try:
            return work()
        except (LedgerStorageError, ProjectFolderError) as error:
            if root not in str(error):
                raise AssertionError("the error names no place") from error
            say("failed", key, step)


def say(*words: object) -> None:
    sys.stdout.write(f"{words!r}\n")


if __name__ == "__main__":
    root = sys.argv[1]
    project = Project(root)
    created: Step = ("create", PARAMS)
    run = insist(root, None, created, lambda: project.session("train", PARAMS))
    say("did", str(run.key), created)

    def work(step: Step) -> None:
        # A refused one may have been made, as a LedgerSyncError says; all others can be repeated.
        if step != ("reopen", None) or run.is_done():
            take(run, step)

    for step in STEPS:
        insist(root, str(run.key), step, lambda step=step: work(step))  # type: ignore[misc]
        say("did", str(run.key), step)
