"""What the import of pycaddy adds to the start of a bare interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks._rounds import Row, interleaved, row

IMPORT = "from pycaddy.project import Project"
LIMIT_S = 0.040
ROUNDS = 60

LOADED = "import json, sys; print(json.dumps(list(sys.modules)))"


def measure(folder: Path, *, quick: bool = False) -> list[Row]:
    """Return one row, in which `extra_s` is what may be at most `limit_s`."""
    programs = {"ours": IMPORT, "floor": "pass"}
    contestants = {name: partial(start, program) for name, program in programs.items()}
    times = interleaved(contestants, 2 if quick else ROUNDS)
    extra = [ours - floor for ours, floor in zip(times["ours"], times["floor"], strict=True)]
    found = row(IMPORT, times["ours"], times["floor"], limit=None)
    del found["low"], found["high"]  # of the ratio, which nobody asks for here
    found |= {"extra_s": median(extra), "limit_s": LIMIT_S, "third_party": third_party()}
    return [found]


def start(program: str) -> str:
    """Run *program* in an interpreter of its own and return what it prints."""
    command = [sys.executable, "-I", "-c", program]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def third_party() -> list[str]:
    """Return the packages of others that the import loads: there should be none."""
    before, after = (json.loads(start(f"{line}\n{LOADED}")) for line in ("pass", IMPORT))
    added = {name.partition(".")[0] for name in set(after) - set(before)}
    return sorted(added - {"pycaddy"} - sys.stdlib_module_names)
