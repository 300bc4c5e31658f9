"""`pycaddy log`: the time series of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from pycaddy import params
from pycaddy._clock import to_datetime
from pycaddy.cli._format import count, local_time
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import Part, say, say_json
from pycaddy.cli._runs import run_argument, run_named
from pycaddy.cli._table import Column, say_table
from pycaddy.ledger import Ledger, RunRecord, recording
from pycaddy.metrics.series import Series

__all__ = ["log"]

_LIMIT = 20
_SERIES = (
    Column("series"),
    *(Column(name, right=True) for name in ("points", "last", "min", "max", "mean", "lost")),
)
_POINTS = (Column("step", right=True), Column("value", right=True), Column("logged"))


@click.command(
    epilog=examples(
        "pycaddy log train/0007",
        "pycaddy log train/0007 loss",
        "pycaddy log train/0007 val/acc --limit 5 --json",
    )
)
@run_argument
@click.argument("series", required=False)
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    default=_LIMIT,
    show_default=True,
    help="Print this many of the last points.",
)
@click.option("-a", "--all", "everything", is_flag=True, help="Print all points.")
@project_option
@json_option
def log(
    run: str,
    series: str | None,
    limit: int,
    everything: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Show what a run has logged: its series, or the points of one.

    RUN is named as for `pycaddy show`. It may be read while it is written. SERIES is the name of
    one of its series, such as loss or val/acc.
    """
    opened, record = run_named(run, project)
    head = {"project": str(opened.root), "run": str(record.key)}
    if series is None:
        _say_summaries(opened.ledger, record, head, as_json=as_json)
        return
    found = recording.series(opened.ledger, record, series)
    first = 0 if everything else max(0, len(found) - limit)
    if as_json:
        say_json(head | {"series": series, "left_out": first, **_columns(found, first)})
        return
    say_table(_POINTS, _points(found, first))
    if first:
        say(f"{count(first, 'earlier point')} left out; --all prints them too.", err=True)


def _say_summaries(
    ledger: Ledger, record: RunRecord, head: Mapping[str, Any], *, as_json: bool
) -> None:
    summaries = recording.summaries(ledger, record)
    if as_json:
        say_json({**head, "series": _strict(summaries)})
    elif summaries:
        say_table(_SERIES, [_row(name, facts) for name, facts in summaries.items()])
    else:
        say(f"Run {record.key} has logged nothing.", err=True)


def _row(name: str, facts: Mapping[str, Any]) -> list[Part]:
    figures = [facts.get(figure) for figure in ("last", "min", "max", "mean")]
    shown = ["" if figure is None else _figure(figure) for figure in figures]
    lost = facts.get("lost", 0)
    return [name, str(facts["count"]), *shown, str(lost) if lost else ""]


def _figure(value: float) -> str:
    return f"{value:.6g}"


def _columns(series: Series, first: int) -> dict[str, Any]:
    return {
        "steps": series.steps[first:].tolist(),
        "values": _strict(series.values[first:].tolist()),
        "times": [to_datetime(int(at * 1e6)).isoformat() for at in series.times[first:]],
    }


def _strict(values: Any) -> Any:
    """Return values as params have them: strict JSON has no NaN."""
    return json.loads(params.dump(values))


def _points(series: Series, first: int) -> list[list[Part]]:
    points = zip(series.steps[first:], series.values[first:], series.times[first:], strict=True)
    return [
        [str(step), _figure(value), local_time(to_datetime(int(at * 1e6)))]
        for step, value, at in points
    ]
