"""`pycaddy best`: the runs with the best value of a metric or result."""

from __future__ import annotations

import click

from pycaddy.cli._complete import complete_words
from pycaddy.cli._facts import facts_of
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import best_options, find, identifiers_named, name_argument, where_option
from pycaddy.cli.ls import say_runs
from pycaddy.filters import Ranking, unknown
from pycaddy.query import names_that_vary

__all__ = ["best"]


@click.command(
    epilog=examples(
        "pycaddy best loss",
        "pycaddy best loss train -n 3",
        "pycaddy best optimizer.lr --highest --where \"status == 'done'\" --json",
    )
)
@click.argument("metric", shell_complete=complete_words)
@name_argument
@click.option("-n", "--limit", type=click.IntRange(min=1), default=5, show_default=True,
              help="How many runs to list.")  # fmt: skip
@best_options
@where_option
@project_option
@json_option
def best(
    metric: str,
    name: str | None,
    limit: int,
    lowest: bool | None,
    where: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """List the runs with the best value of METRIC, the best first.

    METRIC names a number, as for `pycaddy ls --sort`: a metric, a part of the result or a param.
    The lowest value is the best if METRIC contains "loss" or "err", else the highest. Runs
    without a number are left out. NAME chooses runs as for `pycaddy ls`.
    """
    opened, homes = identifiers_named(name, project)
    ranking = Ranking.of(metric, lowest)
    runs, _ = find(opened.ledger, homes, where=where, best=ranking, limit=limit)
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "metric": metric,
                "best": "lowest" if ranking.lowest else "highest",
                "runs": facts_of(opened.ledger, runs, {metric: ranking.name}),
            }
        )
    elif runs:
        say_runs(opened.ledger, runs, {metric: ranking.name, **names_that_vary(runs)})
    else:
        known, _ = find(opened.ledger, homes, where=where)
        problem = unknown(metric, ranking.name, known)
        say(problem or f"No run in {opened.root} has a number {metric!r}.", err=True)
