"""`pycaddy diff`: what differs between two runs."""

from __future__ import annotations

import re
from typing import Any

import click

from pycaddy.cli._complete import complete_run
from pycaddy.cli._exit import usage_error
from pycaddy.cli._facts import cell, json_value
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import run_argument, run_named
from pycaddy.cli._table import Column, say_table
from pycaddy.query import MISSING
from pycaddy.query import diff as compare
from pycaddy.query.diff import Values

__all__ = ["diff"]

_HASH = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


@click.command(
    epilog=examples(
        "pycaddy diff train/0001 train/0003",
        "pycaddy diff results/train/0001 results/train/0003",
        "pycaddy diff train/0001 train/0003 --json",
    )
)
@run_argument
@click.argument("other", shell_complete=complete_run)
@project_option
@json_option
def diff(run: str, other: str, project: str | None, as_json: bool) -> None:
    """Show what differs between two runs, and nothing else.

    Compared are their params, results, metrics, code, environment and files. RUN and OTHER are
    names or paths, as for `pycaddy show`.
    """
    first, one = run_named(run, project)
    second, two = run_named(other, project)
    if first.root != second.root:
        raise usage_error(f"{run} and {other} are runs of two projects.")
    found = compare(one, two)
    if as_json:
        parts = {part: _facts(values) for part, values in found.parts()}
        say_json({"project": str(first.root), "run": found.one, "other": found.other, **parts})
    elif found:
        say_table(
            (
                Column("what"),
                Column(found.one, shrinks=True),
                Column(found.other, shrinks=True),
            ),
            [
                [f"{part}: {name}", _cell(part, mine), _cell(part, theirs)]
                for part, values in found.parts()
                for name, (mine, theirs) in values.items()
            ],
        )
    else:
        say(str(found), err=True)


def _cell(part: str, value: Any) -> str:
    if value is MISSING:
        return "-"
    if part == "files":  # a sentence, whose hash nobody compares by eye to its end
        return _HASH.sub(r"\1…", value)
    return "None" if value is None else cell(value)


def _facts(values: Values) -> dict[str, dict[str, Any]]:
    """Return each difference by name; a run that lacks the value is left out of it."""
    return {
        name: {
            key: json_value(value)
            for key, value in zip(("run", "other"), pair, strict=True)
            if value is not MISSING
        }
        for name, pair in values.items()
    }
