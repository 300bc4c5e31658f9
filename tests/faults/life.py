"""Workers that live through runs, say what they do, and are killed; and what must be left.

A worker says each step before it takes it and after: what was said after a step is acknowledged
and must be there, and the step that was under way may have happened or not, as a whole.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pycaddy import ExistingRun, Project, Status, StorageMode
from pycaddy.ledger import Ledger, RunRecord, sidecar
from pycaddy.ledger.rebuild import rebuild
from pycaddy.project import Session
from pycaddy.stores import Selection

Step = tuple[str, Any]


@dataclass(frozen=True)
class State:
    """What a run is, as far as its worker has decided it."""

    params: tuple[tuple[str, Any], ...]
    status: Status = Status.PENDING
    attempt: int = 0
    files: frozenset[str] = frozenset()
    loss: float | None = None
    error: str | None = None
    removed: bool = False
    tags: frozenset[str] = frozenset()
    note: str | None = None
    points: tuple[int, float] | None = None
    """How many the series "loss" has and the last one, once the run has ended."""

    def after(self, step: Step) -> State:
        what, value = step
        match what:
            case "start" | "reopen":
                return replace(self, status=Status.RUNNING, attempt=self.attempt + 1, error=None)
            case "attach":
                return replace(self, files=self.files | {value})
            case "result":
                return replace(self, loss=value)
            case "done":
                return replace(self, status=Status.DONE)
            case "error":
                return replace(self, status=Status.ERROR, error=value)
            case "remove":
                return replace(self, removed=True)
            case "tag":
                return replace(self, tags=self.tags | {value})
            case "note":
                return replace(self, note=value)
        raise ValueError(what)

    @classmethod
    def of(cls, record: RunRecord) -> State:
        return cls(
            params=tuple(record.params.items()),
            status=record.status,
            attempt=record.attempt,
            files=frozenset(record.files),
            loss=(record.result or {}).get("loss"),
            error=record.error_text,
            removed=record.trashed_us is not None,
            tags=frozenset(record.tags),
            note=record.note,
            points=(loss["count"], loss["last"])
            if record.status.is_final and (loss := record.summary.get("loss"))
            else None,
        )


def steps(chance: random.Random) -> Iterator[Step]:
    """One run's life, as it may go."""
    if chance.random() < 0.1:
        return
    yield "start", None
    for number in range(chance.randrange(3)):
        yield "attach", f"file {number}"
    yield "result", chance.random()
    if chance.random() < 0.2:
        yield "tag", "fast"
        yield "note", f"größer: {chance.random()}"
    if chance.random() < 0.1:
        return
    if chance.random() < 0.3:
        yield "error", f"broken: {chance.random()}"
        yield "start", None
    yield "done", None
    if chance.random() < 0.2:
        yield "reopen", None
        yield "attach", "late"
        yield "done", None
    if chance.random() < 0.2:
        yield "remove", None


def take(run: Session, step: Step) -> None:
    what, value = step
    match what:
        case "start":
            run.start()
        case "reopen":
            run.reopen()
        case "attach":
            path = run.path(f"{value}.txt")
            path.write_text(value * 100)
            run.attach_files({value: path}, hash=True)
        case "result":
            run.result = {"loss": value}
        case "done":
            run.done()
        case "error":
            run.error(value)
        case "remove":
            run.remove()
        case "tag":
            run.tag(value)
        case "note":
            run.note(value)


def work(pipe: Connection, root: str, name: str, durability: str = "power") -> None:
    """Live through runs for ever."""
    for message in lives(root, name, durability):
        pipe.send(message)


def lives(root: str, name: str, durability: str) -> Iterator[tuple[str, str | None, Step]]:
    """Live through runs for ever; yield what will be done, and what was."""
    chance = random.Random(name)
    mode = chance.choice(list(StorageMode))
    project = Project(root, storage_mode=mode, durability=durability)
    for number in itertools.count():
        params = {"worker": name, "number": number}
        strategy = chance.choice([None, ExistingRun.RESUME, ExistingRun.CONTINUE])
        yield "will", None, ("create", params)
        run = project.session(f"train_{mode.value}", params, strategy)
        yield "did", str(run.key), ("create", params)
        for step in steps(chance):
            yield "will", str(run.key), step
            take(run, step)
            yield "did", str(run.key), step


class Worker:
    """A process that does `work`, until it is killed."""

    def __init__(self, root: Path, name: str, work: Callable[..., None] = work) -> None:
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe(duplex=False)
        self.process = context.Process(target=work, args=(theirs, str(root), name), daemon=True)
        with warnings.catch_warnings():
            # Python warns of forks beside threads; the fork begins with nothing of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        theirs.close()

    def kill(self) -> None:
        self.process.kill()
        self.process.join()

    def said(self) -> Iterator[Any]:
        """What it says, until it has been killed and nothing more can be heard."""
        while True:
            try:
                yield self.pipe.recv()
            except (EOFError, OSError):  # OSError: killed in the middle of a word
                self.pipe.close()
                return


@dataclass
class Books:
    """What was acknowledged, and what was under way when somebody was killed."""

    root: Path
    states: dict[str, State] = field(default_factory=dict)
    under_way: dict[str, Step] = field(default_factory=dict)
    being_created: list[tuple[tuple[str, Any], ...]] = field(default_factory=list)
    undescribed: set[str] = field(default_factory=set)
    acknowledged: int = 0
    happened: int = 0
    """Steps that were under way and found done."""

    def enter(self, said: Iterator[tuple[str, str | None, Step]]) -> None:
        """Take down what a worker has said, up to its end."""
        open_step: tuple[str | None, Step] | None = None
        for when, key, step in said:
            open_step = (key, step) if when == "will" else None
            if when == "did":
                assert key is not None
                self.acknowledged += 1
                if step[0] == "create":
                    assert key not in self.states, f"{key} was given twice"
                    self.states[key] = State(tuple(step[1].items()))
                else:
                    self.states[key] = self.states[key].after(step)
        if open_step is not None:
            key, step = open_step
            if key is None:
                self.being_created.append(tuple(step[1].items()))
            else:
                self.under_way[key] = step

    def compare(self, *, descriptions: bool = True) -> None:
        """Hold the ledger and, with *descriptions*, the runs' folders against the books."""
        ledger = Ledger(self.root)
        assert ledger.store.check() == []
        records = all_records(ledger)
        assert set(self.states) <= set(records), "an acknowledged run is missing"
        for key, record in records.items():
            found = State.of(record)
            if key not in self.states:
                assert found in map(State, self.being_created), f"nobody has made {key}"
                self.happened += 1
            elif found != self.states[key]:
                assert key in self.under_way, f"{key} was {self.states[key]}, and is {found}"
                assert found == self.states[key].after(self.under_way[key])
                self.happened += 1
            self.states[key] = found
        if descriptions:
            self.compare_descriptions(ledger, records)
        self.under_way.clear()
        self.being_created.clear()
        ledger.store.close()

    def compare_descriptions(self, ledger: Ledger, records: dict[str, RunRecord]) -> None:
        """Each `run.json` is whole, and is what the ledger has unless a kill came in between."""
        self.undescribed |= set(self.under_way)
        for key, record in records.items():
            if not sidecar.has_one(record) or record.trashed_us is not None:
                continue
            path = self.root / record.layout.sidecar
            content = path.read_bytes() if path.exists() else None
            if content is not None:
                sidecar.parse(content)
            if content != sidecar.render(record, ledger.store.project):
                assert key in self.undescribed, f"{path} is not what the ledger has"

    def compare_after_rebuild(self) -> None:
        """Mend the descriptions, delete the ledger, and find every started run again."""
        project = Project(self.root)
        mended = project.doctor(fix=True)
        assert {finding.fixed for finding in mended if finding.severe} <= {True}
        project.ledger.store.close()
        for path in (self.root / ".pycaddy").glob("ledger.db*"):
            path.unlink()
        report = rebuild(str(self.root))
        assert report.problems == ()
        ledger = Ledger(self.root)
        found = {key: State.of(record) for key, record in all_records(ledger).items()}
        started = {key for key, state in self.states.items() if state.attempt}
        assert found == {key: self.states[key] for key in started}
        ledger.store.close()


def all_records(ledger: Ledger) -> dict[str, RunRecord]:
    """Every run by its name, those in the trash included."""
    records = {}
    for trashed in (False, True):
        for record in ledger.records(Selection(trashed=trashed)):
            assert str(record.key) not in records
            records[str(record.key)] = record
    return records
