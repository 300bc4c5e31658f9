"""The judge of histories: it finds every order that there is, and refuses what has none."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults import ledger_model
from tests.faults.linear import Call, check


def register(value: int, call: Call) -> int | None:
    """A variable: the smallest object whose calls depend on one another."""
    if call.what == "write":
        return int(call.given)
    return value if call.answer == value else None


def write(begun: int, ended: int, value: int) -> Call:
    return Call("w", begun, ended, "write", value, None)


def read(begun: int, ended: int, value: int) -> Call:
    return Call("r", begun, ended, "read", None, value)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [read(0, 1, 0)],
        [write(0, 1, 1), read(2, 3, 1)],
        [write(0, 10, 1), read(1, 2, 0), read(3, 4, 1)],
        [write(0, 10, 1), write(0, 10, 2), read(11, 12, 1)],
        [read(0, 10, 2), write(1, 3, 1), write(4, 6, 2)],
        [write(0, 1, 1), read(1, 2, 0)],  # of the same instant nothing is known
    ],
)
def test_what_has_an_order_is_accepted(history: Sequence[Call]) -> None:
    assert check(history, 0, register)


@pytest.mark.parametrize(
    "history",
    [
        [read(0, 1, 1)],
        [write(0, 1, 1), read(2, 3, 0)],  # forgotten
        [write(0, 10, 1), read(1, 2, 1), read(3, 4, 0)],  # seen, and then not seen
        [write(0, 1, 1), write(2, 3, 2), read(4, 5, 1)],  # the second one lost
        [read(0, 1, 1), write(2, 3, 1)],  # foreseen
        [write(0, 10, 1), write(0, 10, 2), read(11, 12, 1), read(13, 14, 2)],
    ],
)
def test_what_has_none_is_refused(history: Sequence[Call]) -> None:
    assert not check(history, 0, register)


def test_a_refusal_shows_how_far_it_went_and_what_could_not_come_next() -> None:
    right, wrong = write(0, 1, 1), read(2, 3, 7)
    verdict = check([wrong, right], 0, register)
    assert (verdict.order, verdict.stuck) == ((right,), (wrong,))
    assert str(verdict).endswith("-- and none of these can come next --\nr: read(None) -> 7")


def explained(history: Sequence[Call]) -> bool:
    """Try every order there is."""
    for order in itertools.permutations(history):
        if any(later.ended < one.begun for one, later in itertools.combinations(order, 2)):
            continue
        value: int | None = 0
        for call in order:
            value = register(value, call)
            if value is None:
                break
        else:
            return True
    return False


@st.composite
def histories(draw: st.DrawFn) -> list[Call]:
    calls = []
    for _ in range(draw(st.integers(0, 5))):
        begun, value = draw(st.integers(0, 8)), draw(st.integers(0, 2))
        made = draw(st.sampled_from([write, read]))
        calls.append(made(begun, begun + draw(st.integers(0, 6)), value))
    return calls


@given(histories())
def test_the_search_finds_what_trying_everything_finds(history: list[Call]) -> None:
    assert bool(check(history, 0, register)) is explained(history)


@given(st.lists(st.integers(0, 3), max_size=30), st.randoms(use_true_random=False))
def test_what_was_done_one_at_a_time_is_accepted_however_long_the_calls_took(
    values: list[int], chance: random.Random
) -> None:
    history, value = [], 0
    for moment, drawn in enumerate(values):
        begun, ended = 10 * moment - chance.randrange(40), 10 * moment + chance.randrange(40)
        if chance.random() < 0.5:
            value = drawn
            history.append(write(begun, ended, value))
        else:
            history.append(read(begun, ended, value))
    chance.shuffle(history)
    assert check(history, 0, register)


def test_a_refusal_of_many_calls_at_once_takes_no_exponential_time() -> None:
    """Their order does not matter: without a memory each of 12! would be tried."""
    history = [*(write(0, 100, 1) for _ in range(12)), read(200, 201, 2)]
    assert not check(history, 0, register)


class Told:
    """Calls of a ledger, each after the one before."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, process: str, what: str, given: object, answer: object) -> Told:
        now = 10 * len(self.calls)
        self.calls.append(Call(process, now, now + 5, what, given, answer))
        return self

    def at_once(self) -> Told:
        """Let the last call begin with the one before."""
        before, last = self.calls[-2:]
        self.calls[-1] = replace(last, begun=before.begun)
        return self


def one_run() -> Told:
    return Told()("a", "allocate", (0,), (1, 0, True))("a", "start", (0, 1, 0), 1)


RIGHT = {
    "a life": lambda: one_run()("a", "attach", (0, 1, 1, "x"), "ok")("a", "done", (0, 1, 1), "ok")(
        "b", "read", (0, 1, 1), ("done", 1, ("x",))
    ),
    "a late worker": lambda: one_run()("a", "error", (0, 1, 1), "ok")("b", "start", (0, 1, 0), 2)(
        "a", "done", (0, 1, 1), "LeaseLostError"
    ),
    "busy": lambda: one_run()("b", "start", (0, 1, 0), "RunBusyError")(
        "b", "claim", (0,), ("nothing",)
    )("b", "continue", (0,), ("RunBusyError",))("b", "resume", (0,), (2, 0, True)),
    "finished": lambda: one_run()("a", "done", (0, 1, 1), "ok")("a", "done", (0, 1, 1), "ok")(
        "b", "start", (0, 1, 1), "RunFinishedError"
    )("b", "resume", (0,), (1, 1, False))("b", "reopen", (0, 1, 1), 2),
    "listed": lambda: one_run()("b", "list", (), ((0, 1, "running"),)),
    "at once": lambda: one_run()("b", "read", (0, 1, 0), ("pending", 0, ())).at_once(),
}

WRONG = {
    "two claims of one run": lambda: Told()("a", "claim", (0,), (1, 1, True))(
        "b", "claim", (0,), (1, 2, False)
    ).at_once(),
    "two runs for one resume": lambda: one_run()("a", "done", (0, 1, 1), "ok")(
        "b", "resume", (0,), (2, 0, True)
    ),
    "an attempt given twice": lambda: one_run()("b", "start", (0, 1, 0), 1),
    "a late worker accepted": lambda: one_run()("a", "error", (0, 1, 1), "ok")(
        "b", "start", (0, 1, 0), 2
    )("a", "done", (0, 1, 1), "ok"),
    "a file lost": lambda: one_run()("a", "attach", (0, 1, 1, "x"), "ok")(
        "a", "attach", (0, 1, 1, "y"), "ok"
    )("b", "read", (0, 1, 1), ("running", 1, ("y",))),
    "a status that goes back": lambda: one_run()("b", "read", (0, 1, 0), ("pending", 0, ())),
    "a done run begun again": lambda: one_run()("a", "done", (0, 1, 1), "ok")(
        "b", "start", (0, 1, 1), 2
    ),
    "a run that nobody made": lambda: one_run()("b", "read", (0, 2, 0), ("pending", 0, ())),
    "not listed": lambda: one_run()("b", "list", (), ()),
    "a uid given twice": lambda: one_run()("b", "allocate", (0,), (1, 0, True)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_history_of_a_right_ledger_is_accepted(name: str) -> None:
    calls = RIGHT[name]().calls
    assert check(ledger_model.grouped(calls, [0])[0], (), ledger_model.step)
    assert check(ledger_model.counted(calls), 0, ledger_model.count)


@pytest.mark.parametrize("name", WRONG)
def test_a_history_of_a_wrong_ledger_is_refused(name: str) -> None:
    assert not check(ledger_model.grouped(WRONG[name]().calls, [0])[0], (), ledger_model.step)


@pytest.mark.parametrize("uids", [[1, 1], [1, 3], [2], [2, 1]])
def test_uids_that_are_given_twice_or_out_of_order_or_left_out_are_refused(uids: list[int]) -> None:
    told = Told()
    for number, uid in enumerate(uids):
        told("a", "allocate", (number,), (uid, 0, True))
    assert not check(ledger_model.counted(told.calls), 0, ledger_model.count)
