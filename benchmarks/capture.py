"""What a capture adds to each run of a process after its first one.

Both sides are pycaddy: the life of `benchmarks.lifecycle`, with a capture over without. The
process stands in a repository of its own with a changed file, so that there is something to keep.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from functools import partial
from pathlib import Path

from benchmarks._ledgers import live, params_of
from benchmarks._rounds import Row, compare, in_blocks, interleaved, row
from pycaddy.project import Project
from pycaddy.project.capture import DEFAULT

LIMIT = 1.1
"""The most that a life with the default capture may cost, in lives without any."""
ROUNDS = 40
LIVES = 20  # in each round

FIRST = """
import sys
from pycaddy.project import Project
Project(sys.argv[1], capture=sys.argv[2]).session("train").start().done()
"""
CAPTURES = {"default": DEFAULT, "git": "git", "packages": "packages", "output": "output"}


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    rounds, lives = (2, 2) if quick else (ROUNDS, LIVES)
    code = folder / "code"
    make_repository(code)
    # A life takes its params in turn; each project sees each of them once.
    todo = [params_of(number) for number in range((rounds + 1) * lives)]
    contestants: dict[tuple[str, str], Callable[[], None]] = {}
    for durability in ("power", "process"):
        for name, capture in {"none": None, **CAPTURES}.items():
            place = folder / f"{durability}-{name}"
            project = Project(place, durability=durability, capture=capture)
            contestants[durability, name] = in_blocks(partial(live, project), todo, lives)
    with chdir(code):
        times = interleaved(contestants, rounds)
        first = compare(
            "the first run of a process, default over none",
            partial(one_process, folder / "first-default", DEFAULT),
            partial(one_process, folder / "first-none", ""),
            limit=None,
            rounds=2 if quick else 9,
        )
    each = [
        row(
            f"{durability}, {name} over none",
            times[durability, name],
            times[durability, "none"],
            limit=LIMIT if (durability, name) == ("power", "default") else None,
            calls=lives,
        )
        for durability in ("power", "process")
        for name in CAPTURES
    ]
    return [*each, first]


def one_process(place: Path, capture: str) -> None:
    """Start one run in a new process."""
    subprocess.run([sys.executable, "-c", FIRST, place, capture], check=True)


def make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.py").write_text("layers = 3\n" * 100)
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "first"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True, env={**os.environ, "LC_ALL": "C"})
    (folder / "model.py").write_text("layers = 4\n" * 100)
