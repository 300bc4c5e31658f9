"""Any number of handles do anything in any order, and a run moves only along the table."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from pycaddy.errors import LeaseLostError, RunFinishedError, RunStateError
from pycaddy.ledger import RunRecord
from pycaddy.project import ExistingRun, Project, Session, Status

PARAMS = st.sampled_from([{"n": 1}, {"n": 2}])


@dataclass
class Model:
    """What a run should be, by the words of the table alone."""

    params: dict[str, int]
    status: Status = Status.PENDING
    attempt: int = 0
    moves: int = 1


class Runs(RuleBasedStateMachine):
    handles = Bundle("handles")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.project = Project(self.folder, durability="process")
        self.models: dict[str, Model] = {}
        self.records: dict[str, RunRecord] = {}

    def teardown(self) -> None:
        self.project.ledger.store.close()
        shutil.rmtree(self.folder)

    @rule(target=handles, params=PARAMS)
    def make(self, params: dict[str, int]) -> tuple[Session, str]:
        run = self.project.session("train", params)
        assert run.uid == f"{len(self.models) + 1:04d}"
        self.models[run.uid] = Model(params)
        return run, run.uid

    @rule(target=handles, params=PARAMS)
    def resume(self, params: dict[str, int]) -> tuple[Session, str]:
        done = [
            uid
            for uid, model in self.models.items()
            if model.params == params and model.status is Status.DONE
        ]
        run = self.project.session("train", params, ExistingRun.RESUME)
        if done:
            assert run.uid == done[-1]
        else:
            assert run.uid == f"{len(self.models) + 1:04d}"
            self.models[run.uid] = Model(params)
        return run, run.uid

    @rule(target=handles, handle=handles)
    def find(self, handle: tuple[Session, str]) -> tuple[Session, str]:
        _, uid = handle
        return self.project.session_of("train", uid), uid

    @rule(target=handles, handle=handles, move=st.sampled_from(["start", "reopen"]))
    def begin_attempt(self, handle: tuple[Session, str], move: str) -> tuple[Session, str]:
        run, uid = handle
        model = self.models[uid]
        refused: type[Exception] | None = None
        if move == "start":
            if model.status is Status.DONE:
                refused = RunFinishedError
            elif model.status is Status.RUNNING:
                if run.attempt == model.attempt:
                    run.start()  # what one has started already
                    return run, uid
                refused = RunStateError  # busy
        elif model.status is not Status.DONE:
            refused = RunStateError
        if refused is not None:
            try:
                getattr(run, move)()
            except refused:
                return run, uid
            raise AssertionError(f"{move} on {model}")
        getattr(run, move)()
        model.status = Status.RUNNING
        model.attempt += 1
        model.moves += 1
        assert run.attempt == model.attempt
        return run, uid

    @rule(handle=handles, wanted=st.sampled_from([Status.DONE, Status.ERROR]))
    def end(self, handle: tuple[Session, str], wanted: Status) -> None:
        run, uid = handle
        model = self.models[uid]
        end = run.done if wanted is Status.DONE else run.error
        refused: type[Exception] | None = None
        if run.attempt != model.attempt:
            refused = LeaseLostError
        elif model.status is Status.ERROR and wanted is Status.DONE:
            refused = RunStateError
        if refused is not None:
            try:
                end()
            except refused:
                return
            raise AssertionError(f"{wanted} on {model}")
        end()
        if model.status is not wanted:
            model.status = wanted
            model.moves += 1

    @invariant()
    def the_ledger_has_what_the_model_has(self) -> None:
        if not hasattr(self, "models"):
            return
        records = self.project.ledger.get_uid_record_dict("train")
        assert list(records) == list(self.models)
        for uid, record in records.items():
            model = self.models[uid]
            assert (record.status, record.attempt) == (model.status, model.attempt)
            assert len(record.history) == model.moves
            assert record.params == model.params


Runs.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestRuns = pytest.mark.slow(Runs.TestCase)
