"""`pycaddy status`: how many runs are where, how fast they come and how long the rest takes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import click

from pycaddy._clock import to_iso, utc_now_us
from pycaddy.cli._facts import LOOKS
from pycaddy.cli._format import duration
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Part, Styled, is_terminal, say, say_json
from pycaddy.cli._runs import find, identifiers_named, name_argument
from pycaddy.cli._table import Column, live_tables, say_table
from pycaddy.ledger import RunRecord
from pycaddy.project import Project
from pycaddy.query.standing import Standing, standing
from pycaddy.status import Status
from pycaddy.stores import Identifier

__all__ = ["status"]

_EVERY_S = 2.0
_MOST_ENDED = 10_000  # the newest: reading them takes a fraction of a second
_WORDS = ("pending", "running", "stale", "done", "error")
_COLUMNS = (
    Column("identifier", shrinks=True),
    Column("pending", right=True, dull=frozenset(("0",))),
    Column("running", right=True, dull=frozenset(("0",))),
    Column("stale", right=True, dull=frozenset(("0",))),
    Column("done", right=True),
    Column("error", right=True, dull=frozenset(("0",))),
    Column("runs/h", right=True),
    Column("left", right=True),
)


@click.command(epilog=examples("pycaddy status", "pycaddy status train", "pycaddy status . --json"))
@name_argument
@click.option(
    "--watch",
    metavar="[SECONDS]",
    is_flag=False,
    flag_value=_EVERY_S,
    type=click.FloatRange(min=0.1),
    help=f"Look again every so many seconds ({_EVERY_S:g}) until Ctrl-C. Comes after NAME.",
)
@project_option
@json_option
def status(name: str | None, watch: float | None, project: str | None, as_json: bool) -> None:
    """Count the runs by identifier and status, and tell how fast they come.

    NAME chooses an identifier or a namespace, as for `pycaddy ls`. stale: running, and the
    process is gone. runs/h: how many ended in the last hour, or since the first of them was
    started. left: until those that are pending and running have ended at that pace.
    """
    opened, homes = identifiers_named(name, project)
    if watch is not None and is_terminal() and not as_json:
        with live_tables(_COLUMNS) as show:
            while True:
                show(_rows(_standings(opened, homes)))
                time.sleep(watch)
    while True:
        _print(opened, _standings(opened, homes), as_json=as_json)
        if watch is None:
            return
        time.sleep(watch)


def _print(project: Project, standings: dict[str, Standing], *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "project": str(project.root),
                "at": to_iso(utc_now_us()),
                "identifiers": [_facts(name, each) for name, each in standings.items()],
            }
        )
    elif standings:
        say_table(_COLUMNS, _rows(standings))
    else:
        say(f"No runs in {project.root}.", err=True)


def _standings(project: Project, homes: Sequence[Identifier] | None) -> dict[str, Standing]:
    """Return how the runs of each identifier stand, by its path."""
    ledger = project.ledger
    running, _ = find(ledger, homes, status=Status.RUNNING.value)
    ended = _by_home(
        run
        for final in (Status.DONE, Status.ERROR)
        for run in find(ledger, homes, status=final.value, limit=_MOST_ENDED)[0]
    )
    alive = _by_home(run for run in running if not ledger.is_stale(run))
    numbers = Counter(run.layout.home for run in running)
    counts: dict[str, dict[Status, int]] = defaultdict(dict)
    within = None if homes is None else {(home.relpath, home.name) for home in homes}
    by_name = sorted(ledger.store.counts().items(), key=lambda item: item[0][:2])
    for (relpath, name, found), number in by_name:
        if within is None or (relpath, name) in within:
            counts[f"{relpath}/{name}" if relpath else name][found] = number
    now = utc_now_us()
    return {
        home: standing(
            counts[home], alive[home], numbers[home] - len(alive[home]), ended[home], now
        )
        for home in counts
    }


def _by_home(runs: Iterable[RunRecord]) -> defaultdict[str, list[RunRecord]]:
    found: defaultdict[str, list[RunRecord]] = defaultdict(list)
    for run in runs:
        found[run.layout.home].append(run)
    return found


def _rows(standings: dict[str, Standing]) -> list[list[Part]]:
    return [
        [
            name,
            *(_number(word, getattr(each, word)) for word in _WORDS),
            "" if each.runs_per_hour is None else _pace(each.runs_per_hour),
            "" if each.seconds_left is None else duration(each.seconds_left),
        ]
        for name, each in standings.items()
    ]


def _number(word: str, number: int) -> Part:
    return Styled(f"{number:,}", LOOKS[word]) if number else "0"


def _facts(name: str, each: Standing) -> dict[str, Any]:
    return {"identifier": name, **asdict(each), "seconds_left": each.seconds_left}


def _pace(runs_per_hour: float) -> str:
    """Return "0.25", "12.5", "9,760": three digits that tell, and never an exponent."""
    return f"{runs_per_hour:.3g}" if runs_per_hour < 999.5 else f"{runs_per_hour:,.0f}"
