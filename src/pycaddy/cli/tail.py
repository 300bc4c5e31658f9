"""`pycaddy tail`: what a run prints, as it comes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import click

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import run_argument, run_named
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project.capture.output import OUTPUT
from pycaddy.status import Status

__all__ = ["tail"]

_LINES = 10
_LOOK_S = 0.2
_BLOCK = 1 << 16
_LONGEST_LINE = 1 << 20


@click.command(
    epilog=examples(
        "pycaddy tail loud/0001",
        "pycaddy tail loud/0001 --lines 100",
        "pycaddy tail loud/0001 --no-follow --json",
    )
)
@run_argument
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(min=0),
    default=_LINES,
    show_default=True,
    help="How many lines of what is there to begin with.",
)
@click.option("--no-follow", is_flag=True, help="Print what is there, and end.")
@project_option
@json_option
def tail(run: str, lines: int, no_follow: bool, project: str | None, as_json: bool) -> None:
    """Print the end of a run's output, and what is added to it, until the run ends.

    The output is in the run's stdout.log: that of `pycaddy run`, or of a project with
    capture="output". The exit code is 1 if there is none.
    """
    opened, record = run_named(run, project)
    ledger = opened.ledger
    path = os.path.join(ledger.root, record.layout.file(OUTPUT))
    if as_json:
        found = list(_last(path, lines)) if os.path.exists(path) else None
        say_json(
            {
                "project": str(opened.root),
                "run": str(record.key),
                "path": path,
                "status": record.status.value,
                "lines": found,
            }
        )
        exists = found is not None
    else:
        exists = _follow(ledger, record, path, lines, no_follow=no_follow)
    if not exists:
        say(f"Run {record.key} has no {OUTPUT}: its output was not kept.", err=True)
        sys.exit(ExitCode.PROBLEMS)


def _follow(ledger: Ledger, record: RunRecord, path: str, lines: int, *, no_follow: bool) -> bool:
    """Print lines until the run has ended; return whether there was a file."""
    position, rest = -1, b""
    while True:
        # Asked before the file is read: what an ended run has printed is there by then.
        goes_on = not no_follow and _goes_on(ledger, record)
        if os.path.exists(path):
            if position < 0:
                position = _start_of_last(path, lines)
            position, rest = _print_new(path, position, rest)
        if not goes_on:
            break
        time.sleep(_LOOK_S)
    if rest:
        _print(rest)
    return position >= 0


def _goes_on(ledger: Ledger, record: RunRecord) -> bool:
    now = ledger.reread(record)
    return now.status in (Status.PENDING, Status.RUNNING) and not ledger.is_stale(now)


def _print_new(path: str, position: int, rest: bytes) -> tuple[int, bytes]:
    """Print the whole lines from *position* on; return where we are, and the line begun."""
    with open(path, "rb") as file:
        file.seek(position)
        while block := file.read(_BLOCK):
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                _print(line)
            if len(rest) > _LONGEST_LINE:
                _print(rest)
                rest = b""
        position = file.tell()
    sys.stdout.flush()
    return position, rest


def _print(line: bytes) -> None:
    # A progress bar goes back to the beginning of its line: what it ended with is shown.
    say(line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2], lines=True)


def _last(path: str, lines: int) -> Iterator[str]:
    with open(path, "rb") as file:
        file.seek(_start_of_last(path, lines))
        for line in file.read().splitlines():
            yield line.decode("utf-8", "replace")


def _start_of_last(path: str, lines: int) -> int:
    """Return where the last *lines* lines of a file begin."""
    with open(path, "rb") as file:
        position = file.seek(0, os.SEEK_END)
        end = b""
        while position and end.count(b"\n") <= lines:
            begin = max(0, position - _BLOCK)
            file.seek(begin)
            end = file.read(position - begin) + end
            position = begin
    if not lines:
        return position + len(end)
    cut = len(end) - 1  # the line end of the last line begins no other
    for _ in range(lines):
        cut = end.rfind(b"\n", 0, max(cut, 0))
    return position + cut + 1
