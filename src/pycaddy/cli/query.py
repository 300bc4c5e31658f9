"""`pycaddy query`: the runs of which a filter holds."""

from __future__ import annotations

from typing import Any

import click

from pycaddy.cli._complete import complete_words
from pycaddy.cli._options import examples
from pycaddy.cli.ls import ls

__all__ = ["query"]


@click.command(
    params=[
        click.Argument(["where"], metavar="FILTER", shell_complete=complete_words),
        *(option for option in ls.params if option.name != "where"),
    ],
    epilog=examples(
        "pycaddy query \"lr < 0.01 and status == 'done'\"",
        "pycaddy query \"'baseline' in tags\" train --sort -val/acc --columns lr,val/acc",
        'pycaddy query "seconds > 3600" --all --csv',
    ),
)
def query(**options: Any) -> None:
    """List the runs of which a filter holds: `pycaddy ls --where FILTER`, in fewer words.

    FILTER is a condition on params, results, metrics, tags and the like. NAME and all options are
    those of `pycaddy ls`.
    """
    assert ls.callback is not None
    ls.callback(**options)
