"""A project does what a dictionary would do: any history of calls, against a model."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, precondition, rule, run_state_machine_as_test

from pycaddy import ExistingRun, Project, Status
from pycaddy._files import Replacement
from pycaddy.codec import encode_owner
from pycaddy.errors import RunBusyError, RunFinishedError, RunNotFoundError, RunStateError
from pycaddy.ledger.owner import this_process
from pycaddy.project import Session
from tests.faults.conftest import LONG
from tests.faults.life import Worker, all_records
from tests.faults.model import HOMES, Handle, Model

POINTS = ["its end", "the ledger's change", "its description"]
"""What the process that is killed does not get past."""

handles: Bundle[Handle] = Bundle("handles")
living = handles.filter(lambda handle: not handle.lost)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def start_and_die(pipe: Connection, root: str, name: str) -> None:
    relpath, rest, point = name.split("|")
    run = Project(root, durability="process").session_of(relpath, rest).start()
    match point:
        case "its end":
            die()
        case "the ledger's change":
            type(run.project.ledger.store).swap = die  # type: ignore[method-assign,assignment]
        case "its description":
            Replacement.publish = die  # type: ignore[method-assign]
    run.done()


class ProjectMachine(Model):
    handles = handles

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

    @rule(handle=living, value=st.floats(-9, 9))
    def log(self, handle: Handle, value: float) -> None:
        run = self.runs[handle.key]
        error: type[Exception] | None = None
        if run.state.removed:
            error = RunNotFoundError
        elif run.state.status.is_final:
            error = RunFinishedError
        elif run.state.status is not Status.RUNNING or not run.alive or self.fenced(handle):
            return  # who has lost a run hears of it when the points are written
        if not self.refused(error, lambda: handle.session.log("loss", value)):
            run.logged.append(value)
            found = handle.session.metrics()["loss"]
            assert (found["count"], found["last"]) == (len(run.logged), value)
            assert found["min"] == min(run.logged)

    @rule(handle=living, tag=st.sampled_from(["fast", "größer"]), on=st.booleans())
    def mark(self, handle: Handle, tag: str, on: bool) -> None:
        run = self.runs[handle.key]
        call = handle.session.tag if on else handle.session.untag
        if not self.refused(self.removed(handle), lambda: call(tag)):
            run.state = replace(
                run.state, tags=run.state.tags | {tag} if on else run.state.tags - {tag}
            )

    @rule(handle=living, text=st.sampled_from(["größer\nals gedacht", "", "\0"]))
    def note(self, handle: Handle, text: str) -> None:
        run = self.runs[handle.key]
        if not self.refused(self.removed(handle), lambda: handle.session.note(text)):
            run.state = replace(run.state, note=text.replace("\0", "\\x00") or None)

    @rule(handle=living, point=st.sampled_from(POINTS))
    def is_taken_over_by_one_who_is_killed(self, handle: Handle, point: str) -> None:
        """Another process starts the run and dies on the way to its end."""
        run = self.runs[handle.key]
        status = run.state.status
        busy = status is Status.RUNNING and run.alive
        if run.state.removed or busy or status is Status.DONE:
            return
        for opened in self.opened:
            opened.session.flush()
        relpath, _, rest = handle.key.rpartition("/")
        worker = Worker(self.root, f"{relpath}|{rest}|{point}", start_and_die)
        worker.process.join()
        assert worker.process.exitcode == -signal.SIGKILL
        worker.pipe.close()
        attempt = handle.attempt
        self.begin(handle)
        handle.attempt = attempt  # it was not this one
        run.alive = False
        if point == "its description":
            self.end(handle, Status.DONE)
        self.project.doctor(fix=True)

    @rule(handle=living)
    def owner_dies(self, handle: Handle) -> None:
        """Another process has got its pid, as far as can be seen."""
        run = self.runs[handle.key]
        if run.state.status is not Status.RUNNING or not run.alive:
            return
        for opened in self.opened:
            opened.session.flush()
        dead = encode_owner(this_process()._replace(started=this_process().started - 1))
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
        for handle in self.opened:
            handle.session.flush()
        self.lose()
        report = self.project.rebuild()
        assert report.problems == ()
        lost = {key for key, run in self.runs.items() if not run.described}
        assert report.added == len(self.runs) - len(lost)
        self.given = {}
        for counter in self.project.ledger.store.identifiers():
            home = f"{counter.relpath}/{counter.name}" if counter.relpath else counter.name
            kept = [int(key[-4:]) for key in set(self.runs) - lost if key[:-5] == home]
            assert counter.last_uid >= max(kept, default=0)
            self.given[home] = counter.last_uid
        for handle in self.opened:
            handle.lost |= handle.key in lost
        for key in lost:
            del self.runs[key]


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_any_history_of_calls_is_the_model_s(
    store: str,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    url = request.getfixturevalue("ledger_url") if store == "PostgreSQL" else None
    examples = (500 if LONG else 80) if url is None else (150 if LONG else 20)
    run_state_machine_as_test(
        lambda: ProjectMachine(url),
        settings=settings(max_examples=examples, stateful_step_count=40, deadline=None),
    )
    record_property(
        "figures",
        f"R8, R12  {store}: {examples} histories of up to 40 calls, kills, removals and lost "
        "ledgers among them: as the model has it",
    )
