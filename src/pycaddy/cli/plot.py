"""`pycaddy plot`: pictures of runs."""

from __future__ import annotations

import click

from pycaddy.cli._complete import complete_identifier, complete_words
from pycaddy.cli._exit import usage_error
from pycaddy.cli._options import examples, json_option, project_option
from pycaddy.cli._output import say, say_json
from pycaddy.cli._runs import runs_named, where_option
from pycaddy.interop import plots

__all__ = ["plot"]

_COLUMNS = {"curves": "one", "scatter": "two", "parallel": "two or more", "heatmap": "three"}


@click.command(
    epilog=examples(
        "pycaddy plot scatter optimizer.lr result.loss --log -o picture.png",
        "pycaddy plot parallel optimizer.lr epochs result.loss -o picture.svg",
        "pycaddy plot heatmap optimizer.lr epochs result.loss --name train -o picture.png",
    )
)
@click.argument("kind", type=click.Choice(list(_COLUMNS)))
@click.argument("columns", nargs=-1, required=True, shell_complete=complete_words)
@click.option("-o", "--output", metavar="FILE", required=True, help="A .png or .svg to write.")
@click.option("--name", shell_complete=complete_identifier,
              help="Only the runs of this identifier or namespace.")  # fmt: skip
@where_option
@click.option("--log", is_flag=True, help="scatter: a logarithmic x axis.")
@project_option
@json_option
def plot(
    kind: str,
    columns: tuple[str, ...],
    output: str,
    name: str | None,
    where: str | None,
    log: bool,
    project: str | None,
    as_json: bool,
) -> None:
    """Draw runs as a PNG or an SVG.

    KIND is curves (of the series COLUMNS), scatter (X Y), parallel (two or more) or heatmap
    (X Y VALUE). COLUMNS name values, as for `pycaddy ls --columns`: lr, val/acc, result.loss.
    """
    opened, runs = runs_named(name, where, project)
    try:
        if kind == "curves" and len(columns) == 1:
            figure = plots.plot_curves(opened, runs, columns[0])
        elif kind == "scatter" and len(columns) == 2:
            figure = plots.plot_scatter(runs, *columns, log=log)
        elif kind == "parallel" and len(columns) > 1:
            figure = plots.plot_parallel(runs, columns)
        elif kind == "heatmap" and len(columns) == 3:
            figure = plots.plot_heatmap(runs, *columns)
        else:
            raise usage_error(f"{kind} takes {_COLUMNS[kind]} COLUMNS, not {len(columns)}.")
        plots.save(figure, output)
    except ValueError as error:
        raise usage_error(str(error)) from error
    if as_json:
        say_json({"project": str(opened.root), "path": output, "runs": len(runs)})
    else:
        say(f"{output} shows {kind} of {', '.join(columns)}.")
