"""Finding runs by what they are, over the SQL that somebody would write by hand.

Neither the rows of the query by hand nor the records of ours are decoded any further.
`pycaddy ls` is measured over an interpreter that imports what it needs and reads the same rows.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks._bare import pair
from benchmarks._ledgers import IDENTIFIER, ledger_file
from benchmarks._rounds import Row, interleaved, row
from pycaddy.project import Project

RUNS = 100_000
ROUNDS = 7
LIMIT = 3.0
LS_LIMIT = 2.0
FIRST = 20

BY_HAND = """
SELECT i.relpath, i.name, r.* FROM run r JOIN identifier i ON i.id = r.identifier
WHERE i.name = ? AND r.trashed IS NULL AND r.status = 'done'
  AND json_extract(r.params, '$.seed') < ?
ORDER BY json_extract(r.params, '$.seed') DESC
"""
BARE_LS = """
import click, rich.console, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute("SELECT * FROM run WHERE trashed IS NULL ORDER BY id DESC LIMIT 50"):
    print(row)
"""


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    runs, rounds = (50, 2) if quick else (RUNS, ROUNDS)
    with pair(folder, runs) as (project, _):
        rows = [
            compared(project, folder, runs, share, limit, rounds)
            for share, limit in ((2, None), (100, None), (2, FIRST))
        ]
        project.ledger.store.close()
        return [*rows, listed(folder, runs, rounds)]


def compared(
    project: Project, folder: Path, runs: int, share: int, limit: int | None, rounds: int
) -> Row:
    """Measure two conditions and an order that leave one in *share* runs, or the first of them."""
    below = max(runs // share, 1)
    where = f"seed < {below} and status == 'done'"
    by_hand = BY_HAND if limit is None else f"{BY_HAND} LIMIT {limit}"
    with closing(sqlite3.connect(ledger_file(folder / "floor"))) as db:
        calls: dict[str, Callable[[], list[object]]] = {
            "ours": lambda: list(
                project.runs(IDENTIFIER, where=where, sort="-params.seed", limit=limit).records
            ),
            "floor": lambda: db.execute(by_hand, (IDENTIFIER, below)).fetchall(),
        }
        expected = below if limit is None else min(limit, below)
        if {len(call()) for call in calls.values()} != {expected}:
            raise AssertionError(f"Not all of {expected} runs were found.")
        times = interleaved(calls, rounds)
    which = f"1 in {share}" if limit is None else f"first {limit} of 1 in {share}"
    return row(f"{which}, {runs:,} runs", times["ours"], times["floor"], limit=LIMIT)


def listed(folder: Path, runs: int, rounds: int) -> Row:
    programs = {
        "ours": ["-m", "pycaddy", "ls", "-p", str(folder / "ours")],
        "floor": ["-c", BARE_LS, str(ledger_file(folder / "floor"))],
    }
    calls = {name: partial(run, folder, *words) for name, words in programs.items()}
    times = interleaved(calls, rounds)
    return row(f"pycaddy ls, {runs:,} runs", times["ours"], times["floor"], limit=LS_LIMIT)


def run(folder: Path, *words: str) -> str:
    """Run an interpreter and return what it prints.

    It has what it imports as bytecode, which the round that is not counted writes into *folder*:
    as pip leaves it where a program is installed, whatever the variables here say.
    """
    command = [sys.executable, *words]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout
