"""What a project would be if it were a dictionary, and the project that is held against it.

Written from the tables in the documents, not from the code: what each call does to a run in each
state, and what it refuses; a refused call changes nothing. The calls are in `test_model.py`.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant

from pycaddy import ExistingRun, Project, Status, StorageMode
from pycaddy.errors import LeaseLostError, RunNotFoundError
from pycaddy.project import Session
from tests.faults.life import State, all_records

HOMES = ["train", "eval", "imagenet/train"]
PREFIXED = "eval"  # the runs of this one keep their files in PREFIX mode


@dataclass
class Handle:
    """A session, and what it knows of its run: the attempt that it speaks for."""

    session: Session
    key: str
    attempt: int
    lost: bool = False
    """With the ledger: the run was never begun, and its number may be given again."""


@dataclass
class Run:
    """A run in the model."""

    state: State
    alive: bool = True
    """Whether its owner, which is this process, counts as alive."""
    described: bool = False
    """Whether it has begun or ended, so that its folder tells of it."""
    history: list[Status] = field(default_factory=lambda: [Status.PENDING])
    logged: list[float] = field(default_factory=list)
    """The values of its series "loss", over all attempts."""


class Model(RuleBasedStateMachine):
    """A project on the ledger at *ledger_url* or, without, on one of its own; and its model."""

    def __init__(self, ledger_url: str | None) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="pycaddy-model-"))
        self.url = ledger_url
        self.project = Project(self.root, ledger=ledger_url, durability="process")
        self.runs: dict[str, Run] = {}
        self.given: dict[str, int] = {}
        self.opened: list[Handle] = []

    def teardown(self) -> None:
        for handle in self.opened:  # nothing is to beat or to be written for them any more
            state = None if handle.lost else self.runs[handle.key].state
            if state and state.status is Status.RUNNING and self.fenced(handle) is None:
                handle.session.error()
        self.project.ledger.store.close()
        shutil.rmtree(self.root)

    def namespace(self, home: str) -> tuple[Project, str, StorageMode]:
        relpath, _, identifier = home.rpartition("/")
        project = self.project.sub(relpath) if relpath else self.project
        mode = StorageMode.PREFIX if home == PREFIXED else StorageMode.SUBFOLDER
        return project, identifier, mode

    def open(self, home: str, n: int, strategy: ExistingRun | None) -> Session:
        project, identifier, mode = self.namespace(home)
        return project.session(identifier, {"n": n}, strategy, mode)

    def equal(self, home: str, n: int) -> list[tuple[str, Run]]:
        """The runs that a strategy may find, newest first."""
        return [
            (key, run)
            for key, run in sorted(self.runs.items(), key=lambda item: -int(item[0][-4:]))
            if key.rpartition("/")[0] == home
            and run.state.params == (("n", n),)
            and not run.state.removed
        ]

    def expect_new(self, home: str, n: int, session: Session) -> Handle:
        self.given[home] = self.given.get(home, 0) + 1
        key = f"{home}/{self.given[home]:04d}"
        assert str(session.key) == key
        self.runs[key] = Run(State((("n", n),)))
        return self.hand_out(session, key)

    def hand_out(self, session: Session, key: str) -> Handle:
        self.opened.append(Handle(session, key, self.runs[key].state.attempt))
        return self.opened[-1]

    def begin(self, handle: Handle) -> None:
        run = self.runs[handle.key]
        run.state = replace(
            run.state,
            status=Status.RUNNING,
            attempt=run.state.attempt + 1,
            error=None,
            points=None,
        )
        run.alive = run.described = True
        run.history.append(Status.RUNNING)
        handle.attempt = run.state.attempt

    def end(self, handle: Handle, status: Status, error: str | None = None) -> None:
        run = self.runs[handle.key]
        points = (len(run.logged), run.logged[-1]) if run.logged else None
        run.state = replace(run.state, status=status, error=error, points=points)
        run.described = True
        run.history.append(status)

    def fenced(self, handle: Handle) -> type[Exception] | None:
        """What stops every change through this handle."""
        state = self.runs[handle.key].state
        if state.removed:
            return RunNotFoundError
        return LeaseLostError if handle.attempt != state.attempt else None

    def removed(self, handle: Handle) -> type[Exception] | None:
        """What stops those who need not work on the run."""
        return RunNotFoundError if self.runs[handle.key].state.removed else None

    def refused(self, error: type[Exception] | None, call: Any) -> bool:
        """Make the call; whether it was refused, as it must be if *error* is given."""
        if error is None:
            call()
            return False
        with pytest.raises(error) as raised:
            call()
        assert type(raised.value) is error
        return True

    def lose(self) -> None:
        """Lose the ledger: the file, or the rows that a server had of the project."""
        store = self.project.ledger.store
        if self.url is None:
            store.close()
            for path in (self.root / ".pycaddy").glob("ledger.db*"):
                path.unlink()
            return
        base, _, schema = self.url.partition("?schema=")
        with psycopg.connect(base, options=f"-c search_path={schema}") as server:
            server.execute(
                "DELETE FROM run WHERE identifier IN (SELECT id FROM identifier WHERE project=%s)",
                (store.project,),
            )
            server.execute("DELETE FROM folder WHERE project=%s", (store.project,))

    # -- what holds at every moment -----------------------------------------------------------

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        records = all_records(self.project.ledger)
        assert {key: State.of(record) for key, record in records.items()} == {
            key: run.state for key, run in self.runs.items()
        }
        for key, record in records.items():
            run = self.runs[key]
            assert [move.status for move in record.history] == run.history
            stale = run.state.status is Status.RUNNING and not run.alive
            assert self.project.ledger.is_stale(record) is stale

    @invariant()
    def the_folders_say_the_same(self) -> None:
        assert [str(finding) for finding in self.project.doctor() if finding.severe] == []
