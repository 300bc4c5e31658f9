"""`pycaddy ls`: the runs there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import click

from pycaddy._clock import utc_now_us
from pycaddy.cli._exit import usage_error
from pycaddy.cli._facts import Names, cell, cells_of, facts_of, status_cell
from pycaddy.cli._format import count, duration, flat, value_text
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Part, Styled, say, say_json, write
from pycaddy.cli._runs import (
    STALE,
    columns_option,
    find,
    identifiers_named,
    name_argument,
    names_of,
    say_unknown,
    sort_option,
    where_option,
)
from pycaddy.cli._table import Column, say_table
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.status import Status

__all__ = ["ls", "say_runs"]

_LIMIT = 50
_LONGEST_VALUE = 60
_COLUMNS = (
    Column("run"),
    Column("status"),
    Column("attempt", right=True, dull=frozenset(("0", "1"))),
    Column("age", right=True),
    Column("took", right=True),
)
_VALUES = (Column("params", shrinks=True), Column("result", shrinks=True))


@click.command(
    epilog=examples(
        "pycaddy ls",
        "pycaddy ls train --status error",
        "pycaddy ls imagenet/train --limit 5",
        'pycaddy ls train --where "optimizer.lr < 0.05" --sort -loss --columns optimizer.lr,loss',
        "pycaddy ls . --all --json",
        "pycaddy ls --all --csv",
    )
)
@name_argument
@click.option(
    "-s",
    "--status",
    type=click.Choice([*(status.value for status in Status), STALE]),
    help="Only runs with this status. stale: running, and the process is gone.",
)
@where_option
@sort_option
@columns_option
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    help=f"List this many of the newest runs, or of the first with --sort. Default: {_LIMIT}.",
)
@click.option("-a", "--all", "everything", is_flag=True, help="List all runs.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV file with all that is known.")
@project_option
@json_option
def ls(
    name: str | None,
    status: str | None,
    where: str | None,
    sort: str | None,
    columns: str | None,
    limit: int | None,
    everything: bool,
    as_csv: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """List the newest runs of a project, the newest last.

    NAME chooses an identifier or a namespace by its name, at any depth: train, imagenet,
    imagenet/train. A NAME that begins with ./ or / is a folder: `pycaddy ls .` lists the runs
    in the current one. Without NAME it lists the whole project, wherever you are in it.
    """
    if everything and limit is not None:
        raise usage_error("Give --limit or --all, not both.")
    opened, homes = identifiers_named(name, project)
    if as_csv and as_json:
        raise usage_error("Give --csv or --json, not both.")
    most = None if everything else limit or _LIMIT
    names = names_of(columns)
    runs, left_out = find(opened.ledger, homes, where=where, sort=sort, status=status, limit=most)
    if as_csv:
        _say_csv(opened.ledger, runs, names)
    elif as_json:
        listed = facts_of(opened.ledger, runs, names)
        say_json({"project": str(opened.root), "left_out": left_out, "runs": listed})
    elif runs:
        say_runs(opened.ledger, runs, names)
    else:
        such = "" if where is None else "such "
        place = f"{opened.root}" if name is None else f"{name} of {opened.root}"
        say(f"No {such}{'' if status is None else f'{status} '}runs in {place}.", err=True)
    say_unknown(names, runs)
    if left_out:
        kind = "older run" if sort is None else "more run"
        say(f"{count(left_out, kind)} left out; --all lists them too.", err=True)


def say_runs(ledger: Ledger, runs: Sequence[RunRecord], names: Names) -> None:
    """Print runs as a table.

    Args:
        names: The values to show in place of params and result, if there are any.
    """
    rows = _rows(runs, [ledger.is_stale(run) for run in runs])
    if not names:
        say_table((*_COLUMNS, *_VALUES), rows)
        return
    values = cells_of(ledger, runs, names)
    say_table(
        (*_COLUMNS, *map(Column, names)),
        [[*row[: len(_COLUMNS)], *map(cell, more)] for row, more in zip(rows, values, strict=True)],
    )


def _say_csv(ledger: Ledger, runs: Sequence[RunRecord], names: Names) -> None:
    """Print runs as a CSV file: a row for each, the names of the columns first."""
    from pycaddy.interop.tables import csv_lines, csv_table

    lines = csv_table(list(names), cells_of(ledger, runs, names)) if names else csv_lines(runs)
    write("\n".join(lines))


def _rows(runs: Sequence[RunRecord], stale: Sequence[bool]) -> list[list[Part]]:
    now = utc_now_us()
    return [
        [
            str(run.key),
            status_cell(run, stale=is_stale),
            str(run.attempt),
            duration((now - run.created_us) / 1e6),
            _took(run, now, stale=is_stale),
            params,
            _outcome(run),
        ]
        for run, is_stale, params in zip(runs, stale, _params(runs), strict=True)
    ]


def _took(run: RunRecord, now_us: int, *, stale: bool) -> str:
    """Return how long the latest attempt took, or has taken so far if somebody is on it."""
    if run.seconds is not None:
        return duration(run.seconds)
    if run.status is Status.RUNNING and run.started_us is not None and not stale:
        return duration((now_us - run.started_us) / 1e6)
    return ""


def _outcome(run: RunRecord) -> Part:
    """Return the result, or for a failed run the last line of why."""
    if run.status is Status.ERROR and run.error_text:
        return Styled(run.error_text.strip().rpartition("\n")[2], "red")
    return _values(flat(run.result or {}))


def _params(runs: Sequence[RunRecord]) -> list[str]:
    """Return the params of each run, those first that tell the runs of its kind apart."""
    params = [dict(flat(run.params)) for run in runs]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for run, values in zip(runs, params, strict=True):
        kinds.setdefault(run.layout.home, []).append(values)
    ranks = {kind: _ranks(alike) for kind, alike in kinds.items()}
    return [
        _values(sorted(values.items(), key=lambda item: ranks[run.layout.home][item[0]]))
        for run, values in zip(runs, params, strict=True)
    ]


def _ranks(params: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return 0 for a name whose values differ, 1 for one that some lack, 2 for the others."""
    first: dict[str, Any] = {}
    differing: set[str] = set()
    holders: Counter[str] = Counter()
    for values in params:
        holders.update(values.keys())
        for name, value in values.items():
            if first.setdefault(name, value) != value:
                differing.add(name)
    return {
        name: 0 if name in differing else 1 if holders[name] < len(params) else 2 for name in first
    }


def _values(values: Iterable[tuple[str, Any]]) -> str:
    return " ".join(f"{name}={value_text(value, longest=_LONGEST_VALUE)}" for name, value in values)
