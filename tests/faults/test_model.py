"""A project does what a dictionary would do: any history of calls, against a model.

The model is written from the tables in the documents, not from the code: what each call does to
a run in each state, and what it refuses; a refused call changes nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from pycaddy import ExistingRun, Project, Status, StorageMode
from pycaddy.codec import encode_owner
from pycaddy.errors import (
    LeaseLostError,
    RunBusyError,
    RunFinishedError,
    RunNotFoundError,
    RunStateError,
)
from pycaddy.ledger.owner import this_process
from pycaddy.project import Session
from tests.faults.conftest import LONG
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


handles: Bundle[Handle] = Bundle("handles")
living = handles.filter(lambda handle: not handle.lost)


class ProjectMachine(RuleBasedStateMachine):
    handles = handles

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="pycaddy-model-"))
        self.project = Project(self.root, durability="process")
        self.runs: dict[str, Run] = {}
        self.given: dict[str, int] = {}
        self.opened: list[Handle] = []

    def teardown(self) -> None:
        self.project.ledger.store.close()
        shutil.rmtree(self.root)

    # -- the model's own words ----------------------------------------------------------------

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
            run.state, status=Status.RUNNING, attempt=run.state.attempt + 1, error=None
        )
        run.alive = run.described = True
        run.history.append(Status.RUNNING)
        handle.attempt = run.state.attempt

    def end(self, handle: Handle, status: Status, error: str | None = None) -> None:
        run = self.runs[handle.key]
        run.state = replace(run.state, status=status, error=error)
        run.described = True
        run.history.append(status)

    def fenced(self, handle: Handle) -> type[Exception] | None:
        """What stops every change through this handle."""
        state = self.runs[handle.key].state
        if state.removed:
            return RunNotFoundError
        return LeaseLostError if handle.attempt != state.attempt else None

    def refused(self, error: type[Exception] | None, call: Any) -> bool:
        """Make the call; whether it was refused, as it must be if *error* is given."""
        if error is None:
            call()
            return False
        with pytest.raises(error) as raised:
            call()
        assert type(raised.value) is error
        return True

    # -- runs come ----------------------------------------------------------------------------

    @rule(
        target=handles,
        home=st.sampled_from(HOMES),
        n=st.integers(1, 3),
        strategy=st.sampled_from([None, ExistingRun.NEW]),
    )
    def make(self, home: str, n: int, strategy: ExistingRun | None) -> Handle:
        return self.expect_new(home, n, self.open(home, n, strategy))

    @rule(target=handles, home=st.sampled_from(HOMES), n=st.integers(1, 3))
    def resume(self, home: str, n: int) -> Handle:
        session = self.open(home, n, ExistingRun.RESUME)
        for key, run in self.equal(home, n):
            if run.state.status is Status.DONE:
                assert str(session.key) == key
                return self.hand_out(session, key)
        return self.expect_new(home, n, session)

    @rule(target=handles, home=st.sampled_from(HOMES), n=st.integers(1, 3))
    def continue_(self, home: str, n: int) -> Any:
        equal = self.equal(home, n)
        done = [key for key, run in equal if run.state.status is Status.DONE]
        free = [
            key
            for key, run in equal
            if run.state.status in (Status.PENDING, Status.ERROR)
            or (run.state.status is Status.RUNNING and not run.alive)
        ]
        if equal and not done and not free:
            with pytest.raises(RunBusyError):
                self.open(home, n, ExistingRun.CONTINUE)
            return self.make(home, n, None)
        session = self.open(home, n, ExistingRun.CONTINUE)
        for key in (*done[:1], *free[:1]):
            assert str(session.key) == key
            return self.hand_out(session, key)
        return self.expect_new(home, n, session)

    @rule(target=handles, handle=living)
    def open_again(self, handle: Handle) -> Handle:
        relpath, _, rest = handle.key.rpartition("/")
        state = self.runs[handle.key].state
        error = RunNotFoundError if state.removed else None
        found: list[Session] = []
        if self.refused(error, lambda: found.append(self.project.session_of(relpath, rest))):
            return handle
        return self.hand_out(found[0], handle.key)

    # -- runs go through their lives ----------------------------------------------------------

    @rule(handle=living)
    def start(self, handle: Handle) -> None:
        run = self.runs[handle.key]
        status, error = run.state.status, None
        if run.state.removed:
            error = RunNotFoundError
        elif status is Status.DONE:
            error = RunFinishedError
        elif status is Status.RUNNING and run.alive:
            if handle.attempt == run.state.attempt:
                handle.session.start()
                return
            error = RunBusyError
        if not self.refused(error, handle.session.start):
            self.begin(handle)

    @rule(handle=living)
    def done(self, handle: Handle) -> None:
        status = self.runs[handle.key].state.status
        error = self.fenced(handle)
        if error is None and status is Status.ERROR:
            error = RunStateError
        refused = self.refused(error, handle.session.done)
        if not refused and status is not Status.DONE:
            self.end(handle, Status.DONE)

    @rule(handle=living, text=st.sampled_from(["broken", "größer\nals gedacht"]))
    def error(self, handle: Handle, text: str) -> None:
        status = self.runs[handle.key].state.status
        refused = self.refused(self.fenced(handle), lambda: handle.session.error(text))
        if not refused and status is not Status.ERROR:
            self.end(handle, Status.ERROR, text)

    @rule(handle=living)
    def reopen(self, handle: Handle) -> None:
        state = self.runs[handle.key].state
        error: type[Exception] | None = None
        if state.removed:
            error = RunNotFoundError
        elif state.status is not Status.DONE:
            error = RunStateError
        if not self.refused(error, handle.session.reopen):
            self.begin(handle)

    @rule(handle=living, name=st.sampled_from(["model", "log"]))
    def attach(self, handle: Handle, name: str) -> None:
        path = self.root / f"{name}.txt"
        attach = lambda: handle.session.attach_files({name: path})  # noqa: E731
        if not self.refused(self.fenced(handle), attach):
            run = self.runs[handle.key]
            run.state = replace(run.state, files=run.state.files | {name})

    @rule(handle=living, loss=st.sampled_from([0.5, 1.5]))
    def store_result(self, handle: Handle, loss: float) -> None:
        def store() -> None:
            handle.session.result = {"loss": loss}

        if not self.refused(self.fenced(handle), store):
            run = self.runs[handle.key]
            run.state = replace(run.state, loss=loss)

    @rule(handle=living)
    def owner_dies(self, handle: Handle) -> None:
        """Another process has got its pid, as far as can be seen."""
        run = self.runs[handle.key]
        if run.state.status is not Status.RUNNING:
            return
        dead = encode_owner(replace(this_process(), started=this_process().started - 1))
        ledger = self.project.ledger
        record = all_records(ledger)[handle.key]
        ledger.change(record, lambda seen: seen.changed(owner_text=dead), trashed=True)
        run.alive = False

    # -- runs go away and come back -----------------------------------------------------------

    @rule(handle=living)
    def remove(self, handle: Handle) -> None:
        run = self.runs[handle.key]
        busy = run.state.status is Status.RUNNING and run.alive and not run.state.removed
        if not self.refused(RunBusyError if busy else None, handle.session.remove):
            run.state = replace(run.state, removed=True)

    @rule(handle=living)
    def restore(self, handle: Handle) -> None:
        run = self.runs[handle.key]
        home, _, uid = handle.key.rpartition("/")
        error = None if run.state.removed else RunNotFoundError
        if not self.refused(error, lambda: self.project.restore(home, uid)):
            run.state = replace(run.state, removed=False)

    # -- the ledger comes and goes ------------------------------------------------------------

    @rule()
    def close(self) -> None:
        self.project.ledger.store.close()

    @rule()
    def rebuild_what_is_whole(self) -> None:
        report = self.project.rebuild()
        assert (report.added, report.problems, report.old_ledger) == (0, (), None)

    @precondition(lambda self: self.runs)
    @rule()
    def lose_the_ledger(self) -> None:
        """Runs that were never begun left nothing but their handles."""
        self.project.ledger.store.close()
        for path in (self.root / ".pycaddy").glob("ledger.db*"):
            path.unlink()
        report = self.project.rebuild()
        assert report.problems == ()
        lost = {key for key, run in self.runs.items() if not run.described}
        assert report.added == len(self.runs) - len(lost)
        for counter in self.project.ledger.store.identifiers():
            home = f"{counter.relpath}/{counter.name}" if counter.relpath else counter.name
            kept = [int(key[-4:]) for key in set(self.runs) - lost if key[:-5] == home]
            assert counter.last_uid >= max(kept, default=0)
            self.given[home] = counter.last_uid
        for home in set(self.given) - {key[:-5] for key in set(self.runs) - lost}:
            self.given[home] = 0
        for handle in self.opened:
            handle.lost |= handle.key in lost
        for key in lost:
            del self.runs[key]

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


ProjectMachine.TestCase.settings = settings(
    max_examples=500 if LONG else 80, stateful_step_count=40, deadline=None
)
TestProject = ProjectMachine.TestCase
