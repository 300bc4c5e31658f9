"""R3: one write or fsync of the ledger fails, each of a run's life in turn."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import LONG
from tests.faults.life import Books
from tests.faults.stubborn import PARAMS

STEP = 1 if LONG else 3


def said_when(
    call: str, error: str, numbers: range, root: Path
) -> list[tuple[str, str | None, object]]:
    """What the program says when these of its *call*s on the ledger fail with *error*."""
    ledger = root / ".pycaddy" / "ledger.db"
    of_the_ledger = ["-P", str(ledger), "-P", f"{ledger}-wal"]
    fault = f"inject={call}:error={error}:when={numbers[0]}..{numbers[-1]}"
    strace = ["strace", "-f", "-o", "/dev/null", *of_the_ledger, "-e", fault]
    program = [sys.executable, "-m", "tests.faults.stubborn", str(root)]
    done = subprocess.run([*strace, *program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [ast.literal_eval(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("call", "error", "times"),
    [
        ("pwrite64", "ENOSPC", 1),
        ("pwrite64", "EIO", 1),
        ("fdatasync", "EIO", 1),  # the change is put on disk in another way
        ("fdatasync", "EIO", 3),  # which does not succeed at once either
    ],
)
def test_calls_that_fail_cost_a_refusal_at_most_and_nothing_else(
    call: str,
    error: str,
    times: int,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    number, tried, refusals = 1, 0, 0
    while True:
        root = tmp_path / str(number)
        said = said_when(call, error, range(number, number + times), root)
        failed = [words for words in said if words[0] == "failed"]
        books = Books(root)
        books.being_created = [tuple(PARAMS.items()) for what, key, _ in failed if key is None]
        books.enter(words for words in said if words[0] != "failed")  # type: ignore[misc]
        books.compare()
        books.compare_after_rebuild()
        tried += 1
        refusals += len(failed)
        if not failed and number > 20:
            break  # the program has not so many calls, or it went on without a word of them
        number += STEP
    assert refusals or (call, times) == ("fdatasync", 1)
    record_property(
        "figures",
        f"R3  {call} fails with {error} {times} times, at {tried} places in a run's life: "
        f"{refusals} refusals, 0 changes lost or half made",
    )
