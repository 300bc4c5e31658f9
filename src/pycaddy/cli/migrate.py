"""`pycaddy migrate`: old runs given the params of today."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click

from pycaddy.cli._complete import complete_identifier
from pycaddy.cli._exit import usage_error
from pycaddy.cli._facts import json_value
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._project import open_project
from pycaddy.cli._runs import where_option

__all__ = ["migrate"]


@click.command(
    epilog=examples(
        "pycaddy migrate train --add wd=0.0 --dry-run",
        "pycaddy migrate train --rename optimizer.lr=lr --drop epochs",
        'pycaddy migrate train --add \'net={"depth": 3}\' --where "lr < 0.05" --json',
    )
)
@click.argument("identifier", shell_complete=complete_identifier)
@click.option("--add", multiple=True, metavar="PARAM=VALUE",
              help="A param for the runs that lack it; the value as JSON, or a text.")  # fmt: skip
@click.option("--rename", multiple=True, metavar="OLD=NEW",
              help="Another name for a param; dots lead into nested ones.")  # fmt: skip
@click.option("--drop", multiple=True, metavar="PARAM", help="A param to take away.")
@click.option("--ignore", multiple=True, metavar="PARAM",
              help="A param that the project leaves out of what tells runs apart.")  # fmt: skip
@where_option
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, and tell what would be.")
@project_option
@json_option
def migrate(
    identifier: str,
    add: Sequence[str],
    rename: Sequence[str],
    drop: Sequence[str],
    ignore: Sequence[str],
    where: str | None,
    dry_run: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Give old runs the params that they would have today, so that RESUME finds them.

    IDENTIFIER counts from the project's root: train, imagenet/train. All of its runs are changed,
    or none; the ledger is backed up before. A run that somebody is on is in the way.
    """
    if not (add or rename or drop):
        raise usage_error("Say what to change, with --add, --rename or --drop.")
    opened = open_project(project)
    report = opened.migrate(
        identifier,
        add={name: _value(value) for name, value in _pairs("--add", add)},
        rename=dict(_pairs("--rename", rename)),
        drop=drop,
        where=where,
        ignore=ignore,
        dry_run=dry_run,
    )
    if as_json:
        say_json(
            {
                "project": str(opened.root),
                "dry_run": dry_run,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "collisions": report.collisions,
                "before": json_value(report.before),
                "after": json_value(report.after),
                "backup": report.backup,
            }
        )
    else:
        say(str(report), lines=True)


def _pairs(option: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, sign, value = word.partition("=")
        if not name or not sign or not value:
            raise usage_error(f"{option} takes two words with '=' between them, not {word!r}.")
        yield name, value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
