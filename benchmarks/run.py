"""Everything that is measured, as a table and as JSON.

    python3 dev.py bench                      our own figures; minutes, on a quiet machine
    python3 dev.py bench lifecycle listing    only these
    python3 dev.py bench --peers              also the same work done by other libraries
    python3 dev.py bench --quick              in seconds, with figures that mean nothing
    python3 dev.py bench --document           no measuring: put the results into docs/benchmarks.md

A figure is a module here with `measure(folder, *, quick)`, which returns rows (`_rounds.py`); its
name stands in FIGURES. What it measured lies in `results/<figure>.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import _document, _tables
from benchmarks._place import HOME, file_system, machine, scratch

FIGURES = (
    "lifecycle",
    "resume",
    "listing",
    "query",
    "params",
    "sweep",
    "imports",
    "run_overhead",
    "claims",
    "metrics",
    "charts",
    "capture",
    "postgres",
)
PEERS = "peers"
PAGES = "pages"
RESULTS = HOME / "results"


def main() -> None:
    wanted = arguments()
    # What is installed has its bytecode; a machine that writes none would measure the compiler.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    console = Console(width=None if sys.stdout.isatty() else 110)
    if wanted.document:
        console.print("Written anew:", ", ".join(_document.update(wanted.results or RESULTS)))
        return
    results = wanted.results or (RESULTS / "quick" if wanted.quick else RESULTS)
    for figure in wanted.figures or (*FIGURES, *([PEERS, PAGES] if wanted.peers else [])):
        with scratch(wanted.data) as folder:
            if file_system(folder) == "tmpfs":
                console.print(f"{folder} is in memory: what waits for the disk looks cheap there.")
            console.print(f"Measuring {figure} ...")  # no spinner: its thread would take part
            result = measured(figure, folder, quick=wanted.quick)
        results.mkdir(parents=True, exist_ok=True)
        (results / f"{figure}.json").write_text(json.dumps(result, indent=1) + "\n")
        show(console, result)


def measured(figure: str, folder: Path, *, quick: bool) -> dict[str, Any]:
    facts = machine(folder)
    return {
        "figure": figure,
        "machine": facts,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": import_module(f"benchmarks.{figure}").measure(folder, quick=quick),
    }


def show(console: Console, result: dict[str, Any]) -> None:
    header, *lines = _tables.of(result)
    table = Table(title=result["figure"], caption=_tables.machine(result["machine"]))
    for number, name in enumerate(header):
        table.add_column(name, justify="right" if number else "left")
    for cells in lines:
        table.add_row(*cells, style="red" if cells[-1] == "over" else None)
    console.print(table)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev.py bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("figures", nargs="*", help=f"of {', '.join((*FIGURES, PEERS, PAGES))}")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--document", action="store_true")
    parser.add_argument("--data", type=Path, help="where to work; default: benchmarks/.data")
    parser.add_argument("--results", type=Path, help="where to put the JSON")
    wanted = parser.parse_args()
    if unknown := set(wanted.figures) - {*FIGURES, PEERS, PAGES}:
        parser.error(f"there is no figure {', '.join(unknown)}; there is {', '.join(FIGURES)}")
    return wanted


if __name__ == "__main__":
    main()
