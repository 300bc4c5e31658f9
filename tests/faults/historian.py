"""One of several processes that use the same few runs, and takes down what it was told when."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Any

from pycaddy import ExistingRun, Project
from pycaddy.errors import PycaddyError
from pycaddy.project import Session
from tests.faults.ledger_model import OPENING
from tests.faults.linear import Call

KIND = "train"
WEIGHTS = {
    "allocate": 1,
    "resume": 3,
    "continue": 3,
    "claim": 3,
    "start": 5,
    "attach": 5,
    "done": 4,
    "error": 3,
    "reopen": 3,
    "read": 6,
    "list": 1,
}
STRATEGIES = {
    "allocate": None,
    "resume": ExistingRun.RESUME,
    "continue": ExistingRun.CONTINUE,
}
_RECENT = 3  # of the runs with equal params: so few that the others are on them, too


class Historian:
    """Asks at random.

    Args:
        project: The runs that all processes share.
        params: How many groups of runs with equal params there are.
    """

    def __init__(self, project: Project, params: int) -> None:
        self.project = project
        self.params = params
        self.chance = random.Random(os.getpid())
        self.history: list[Call] = []
        self.opened: dict[int, dict[int, Session]] = {number: {} for number in range(params)}

    def live(self, calls: int) -> list[Call]:
        """Make so many calls, and return what came of each."""
        for _ in range(calls):
            [what] = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
            number = self.chance.randrange(self.params)
            if what == "list":
                self.note(what, (), self.list)
            elif what in OPENING:
                self.note(what, (number,), lambda what=what, n=number: self.open(what, n))
            elif self.opened[number]:
                uid = self.chance.choice(sorted(self.opened[number])[-_RECENT:])
                self.ask(what, number, uid)
        return self.history

    def note(self, what: str, given: tuple[Any, ...], call: Callable[[], Any]) -> None:
        begun = time.monotonic_ns()
        try:
            answer = call()
        except PycaddyError as error:
            answer = type(error).__name__
            if what in OPENING:
                answer = (answer,)
        self.history.append(Call(os.getpid(), begun, time.monotonic_ns(), what, given, answer))

    def open(self, what: str, number: int) -> tuple[Any, ...]:
        params = {"n": number}
        if what == "claim":
            run = next(iter(self.project.claim(KIND, [params], max_attempts=10**6)), None)
        else:
            run = self.project.session(KIND, params, STRATEGIES[what])
        if run is None:
            return ("nothing",)
        uid, known = int(run.uid), self.opened[number]
        lived = [move.status.value for move in run._record.history]
        made = uid not in known and lived == ["pending", *(["running"] * (what == "claim"))]
        known[uid] = run
        return uid, run.attempt, made

    def list(self) -> tuple[tuple[int, int, str], ...]:
        runs = [run._record for run in self.project.sessions(KIND)]
        return tuple((run.params["n"], int(run.uid), run.status.value) for run in runs)

    def ask(self, what: str, number: int, uid: int) -> None:
        run, name = self.opened[number][uid], self.chance.choice("abcdefgh")
        calls: dict[str, Callable[[], Any]] = {
            "start": lambda: run.start().attempt,
            "reopen": lambda: run.reopen().attempt,
            "attach": lambda: run.attach_files({name: name}) and "ok",
            "done": lambda: run.done() and "ok",
            "error": lambda: run.error("broken") and "ok",
            "read": lambda: self.read(run),
        }
        given = (number, uid, run.attempt, *([name] if what == "attach" else []))
        self.note(what, given, calls[what])

    def read(self, run: Session) -> tuple[str, int, tuple[str, ...]]:
        record = run.record
        return record.status.value, record.attempt, tuple(sorted(record.files))


def live(root: str, ledger: str | None, params: int, calls: int) -> list[Call]:
    """Ask of the project in *root*, as one of several processes."""
    project = Project(root, ledger=ledger, capture=None)
    project.sessions(KIND)  # connected before anything is timed
    try:
        return Historian(project, params).live(calls)
    finally:
        project.ledger.store.close()
