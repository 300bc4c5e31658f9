"""Asking whether a run has been done, over hashing its params and looking the key up.

The floor hashes with `json.dumps(sort_keys=True)` and SHA-256. On a miss pycaddy makes the run
that would be started next, and so does the floor, in the same transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks._bare import BareLedger, pair, text_and_key
from benchmarks._ledgers import IDENTIFIER, params_of
from benchmarks._rounds import Row, compare, in_blocks
from pycaddy.project import ExistingRun, Project

RUNS = 100_000
GRID = 10_000
LIMIT = 3.0

Params = dict[str, Any]


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    runs, grid = (40, 20) if quick else (RUNS, GRID)
    return [
        *_single(folder / "single", runs, *((2, 5) if quick else (40, 100))),
        _grid(folder / "grid", grid, 2 if quick else 11),
    ]


def _single(folder: Path, runs: int, rounds: int, calls: int) -> list[Row]:
    todo = range((rounds + 1) * calls)
    # 61 runs apart, so that neighbours lie on different pages of the ledger.
    done = [params_of(number * 61 % runs) for number in todo]
    new = [params_of(runs + number) for number in todo]
    with pair(folder, runs) as (project, bare):
        return [
            compare(
                f"{name}, {runs:,} runs",
                in_blocks(lambda params: _ours(project, params), items, calls),
                in_blocks(lambda params: _floor(bare, params), items, calls),
                limit=LIMIT,
                rounds=rounds,
                calls=calls,
            )
            for name, items in (("hit", done), ("miss", new))
        ]


def _ours(project: Project, params: Params) -> bool:
    return project.session(IDENTIFIER, params, ExistingRun.RESUME).is_done()


def _floor(bare: BareLedger, params: Params) -> bool:
    text, key = text_and_key(params)
    if bare.is_done(key):
        return True
    bare.create(text, key)
    return False


def _grid(folder: Path, runs: int, rounds: int) -> Row:
    """The loop of the documents over a grid that is finished; to generate it is not counted."""
    grid = [params_of(number) for number in range(runs)]
    with pair(folder, runs) as (project, bare):

        def skip_ours() -> None:
            for config in grid:
                session = project.session(
                    IDENTIFIER, params=config, existing_run_strategy=ExistingRun.RESUME
                )
                if session.is_done():
                    continue
                raise AssertionError(f"{session} was done already.")

        def skip_floor() -> None:
            for config in grid:
                if bare.is_done(text_and_key(config)[1]):
                    continue
                raise AssertionError(f"The run with {config} was done already.")

        name = f"skip a finished grid of {runs:,}"
        return compare(name, skip_ours, skip_floor, limit=LIMIT, rounds=rounds, calls=runs)
