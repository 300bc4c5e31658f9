"""`pycaddy best`: the runs with the best value of a metric or result."""

from __future__ import annotations

import re

import click

from pycaddy.cli._complete import complete_identifier, complete_words
from pycaddy.cli._exit import usage_error
from pycaddy.cli._find import look_up as find_words
from pycaddy.cli._find import open_project
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._query import plain_columns, selection_of, values_of, where_option
from pycaddy.cli._runs import facts
from pycaddy.cli._select import homes_by_name, homes_by_path, matching
from pycaddy.cli.ls import say_runs
from pycaddy.query import Runs

__all__ = ["best"]

_LOWER_IS_BETTER = re.compile(r"loss|err", re.IGNORECASE)


@click.command(
    epilog=examples(
        "pycaddy best loss",
        "pycaddy best loss train -n 3",
        "pycaddy best optimizer.lr --highest --where \"status == 'done'\" --json",
    )
)
@click.argument("metric", shell_complete=complete_words)
@click.argument("name", required=False, shell_complete=complete_identifier)
@click.option("-n", "--limit", type=click.IntRange(min=1), default=5, show_default=True,
              help="How many runs to list.")  # fmt: skip
@click.option("--highest", is_flag=True, help="The greatest value is the best.")
@click.option("--lowest", is_flag=True, help="The least value is the best.")
@where_option
@project_option
@json_option
def best(
    metric: str,
    name: str | None,
    limit: int,
    highest: bool,
    lowest: bool,
    where: str | None,
    project: str | None,
    as_json: bool,
) -> None:
    """List the runs with the best value of METRIC, the best first.

    METRIC is a metric, a part of the result or a param, as for `pycaddy ls --sort`. The least
    value is the best where its name has "loss" or "err" in it, and the greatest elsewhere. NAME
    chooses runs as for `pycaddy ls`.
    """
    if highest and lowest:
        raise usage_error("Give --highest or --lowest, not both.")
    least = lowest or (not highest and _LOWER_IS_BETTER.search(metric) is not None)
    if name is None:
        opened, homes = open_project(project), None
    else:
        opened, homes = find_words(name, project, homes_by_name, homes_by_path)
    selection = selection_of(where, metric if least else f"-{metric}", None)
    assert selection is not None
    found, _ = matching(opened.ledger, homes, selection, limit)
    runs = [run for run in found if values_of(run, [metric]) != [None]]
    if as_json:
        listed = [
            facts(run, stale=opened.ledger.is_stale(run)) | plain_columns(run, [metric])
            for run in runs
        ]
        say_json(
            {
                "project": str(opened.root),
                "metric": metric,
                "best": "lowest" if least else "highest",
                "runs": listed,
            }
        )
    elif runs:
        say_runs(opened.ledger, runs, [metric, *Runs(runs, str).params_that_vary()])
    else:
        say(f"No run in {opened.root} has a {metric!r}.", err=True)
