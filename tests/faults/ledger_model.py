"""What a ledger answers when one caller comes after another, from the tables in the documents.

The parts that have nothing to do with one another are the counter of an identifier's uids, and
the runs of an identifier that have equal params: here a number, the first word of each call but
"list". A call that opens a run is answered (uid, attempt, whether it made the run).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from tests.faults.linear import Call

OPENING = ("allocate", "resume", "continue", "claim")
"""They open a run: a fresh one, or one that there is."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run as everybody who looks must see it."""

    status: str
    attempt: int
    owner: Hashable
    files: frozenset[str] = frozenset()

    def begun_by(self, process: Hashable) -> Run:
        return replace(self, status="running", attempt=self.attempt + 1, owner=process)


Group = tuple[tuple[int, Run], ...]
"""The runs with equal params by uid, oldest first."""


def count(last: int, call: Call) -> int | None:
    """The counter: each uid is the one after the last, and a list shows them all."""
    if call.what == "list":
        return last if call.answer == last else None
    return last + 1 if call.answer == last + 1 else None


def step(group: Group, call: Call) -> Group | None:
    """The runs with equal params: see the table of moves in docs/ledger.md."""
    if call.what in OPENING:
        return _open(group, call)
    if call.what == "list":
        return group if call.answer == tuple((uid, run.status) for uid, run in group) else None
    _, uid, attempt, *name = call.given
    run = dict(group).get(uid)
    if run is None:
        return None
    answer, after = _ask(call, run, attempt, *name)
    if call.answer != answer:
        return None
    return group if after == run else tuple((u, after if u == uid else r) for u, r in group)


def counted(history: Iterable[Call]) -> list[Call]:
    """Return what the counter was asked: for a new uid, or by a list for the last one."""
    calls = []
    for call in history:
        if call.what == "list":
            calls.append(replace(call, answer=max((uid for _, uid, _ in call.answer), default=0)))
        elif call.what in OPENING and call.answer[-1] is True:
            calls.append(replace(call, answer=call.answer[0]))
    return calls


def grouped(history: Iterable[Call], params: Iterable[int]) -> dict[int, list[Call]]:
    """Return what was asked of each group of runs with equal *params*."""
    groups: dict[int, list[Call]] = {number: [] for number in params}
    for call in history:
        if call.what != "list":
            groups[call.given[0]].append(call)
            continue
        for number, calls in groups.items():
            shown = tuple((uid, status) for its, uid, status in call.answer if its == number)
            calls.append(replace(call, answer=shown))
    return groups


def _open(group: Group, call: Call) -> Group | None:
    chosen = _chosen(group, call)
    if isinstance(chosen, str):
        return group if call.answer == (chosen,) else None
    if len(call.answer) == 1:
        return None
    uid, attempt, made = call.answer
    if made is not (chosen is None) or (group and made and uid <= group[-1][0]):
        return None
    if not made and uid != chosen:
        return None
    run = Run("pending", 0, call.process) if made else dict(group)[uid]
    if call.what == "claim":
        run = run.begun_by(call.process)
    if attempt != run.attempt:
        return None
    return tuple(sorted({**dict(group), uid: run}.items()))


def _chosen(group: Group, call: Call) -> int | str | None:
    """Return the run that is opened, None for a fresh one, or what the caller is told instead."""
    done = [uid for uid, run in group if run.status == "done"]
    mine = [uid for uid, run in group if (run.status, run.owner) == ("pending", call.process)]
    failed = [uid for uid, run in group if run.status == "error"]
    free = max(mine + failed, default=None)
    if call.what == "allocate":
        return None
    if call.what == "resume":
        return max(done, default=None)
    if call.what == "continue":
        if done:
            return max(done)
        return "RunBusyError" if group and free is None else free
    held = len(group) - len(done) - len(mine) - len(failed)
    return "nothing" if done or held else free


def _ask(call: Call, run: Run, attempt: int, name: str = "") -> tuple[object, Run]:
    """Return what is answered, and what becomes of the run."""
    if call.what == "read":
        return (run.status, run.attempt, tuple(sorted(run.files))), run
    if call.what == "reopen":
        return _begin(call, run) if run.status == "done" else ("RunStateError", run)
    if call.what == "start":
        if run.status == "done":
            return "RunFinishedError", run
        if run.status == "running":
            own = (run.owner, run.attempt) == (call.process, attempt)
            return (run.attempt if own else "RunBusyError"), run
        return _begin(call, run)
    if attempt != run.attempt:
        return "LeaseLostError", run
    if call.what == "attach":
        return "ok", replace(run, files=run.files | {name})
    if (call.what, run.status) == ("done", "error"):
        return "RunStateError", run
    return "ok", replace(run, status=call.what)


def _begin(call: Call, run: Run) -> tuple[object, Run]:
    begun = run.begun_by(call.process)
    return begun.attempt, begun
