"""Filters, orders and names of values, in every command that takes them."""

from __future__ import annotations

import click
import pytest

from pycaddy.project import Project
from tests.cli.sample import invoke
from tests.cli.test_documented import NAMED

# The options and arguments that name values, with words that cannot be read.
UNREADABLE = {
    "where": "optimizer.lr <",
    "sort": "loss,x[",
    "columns": "x[",
    "metric": "x[",
    "keep_best": "x[",
}
# What else the command needs.
NEEDED = {
    "ls": [],
    "query": [],
    "best": ["loss"],
    "gc": ["--dry-run"],
    "export": ["--format", "csv"],
    "report": ["-o", "report.html"],
    "plot": ["scatter", "epochs", "loss", "-o", "picture.svg"],
    "migrate": ["train", "--drop", "epochs", "--dry-run"],
}
TAKEN = [
    (name, parameter)
    for name, command in NAMED.items()
    for parameter in command.params
    if parameter.name in UNREADABLE
]


def words(name: str, parameter: click.Parameter) -> list[str]:
    """The command with one word that cannot be read."""
    assert parameter.name is not None
    word, needed = UNREADABLE[parameter.name], NEEDED[name]
    if isinstance(parameter, click.Option):
        filter_ = ["uid == 1"] if name == "query" else []
        return [name, *filter_, *needed, parameter.opts[-1], word, *["1"] * (parameter.nargs - 1)]
    if name == "plot":
        return [name, "scatter", word, *needed[2:]]
    return [name, word, *needed[1:]]


def test_each_command_that_takes_names_is_known() -> None:
    assert {name for name, _ in TAKEN} == set(NEEDED)


@pytest.mark.parametrize(
    ("name", "parameter"), TAKEN, ids=[f"{name} {each.name}" for name, each in TAKEN]
)
def test_what_cannot_be_read_is_wrong_usage_and_pointed_at(
    project: Project, name: str, parameter: click.Parameter
) -> None:
    result = invoke(*words(name, parameter))
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert f"Usage: pycaddy {name}" in result.stderr
    caret = result.stderr.rstrip("\n").rpartition("\n")[2]
    assert caret.strip() == "^"


@pytest.mark.parametrize("kind", ["curves", "scatter", "heatmap"])
def test_a_name_that_no_run_has_cannot_be_plotted(project: Project, kind: str) -> None:
    columns = {
        "curves": ["los"],
        "scatter": ["epochs", "los"],
        "heatmap": ["epochs", "loss", "los"],
    }
    result = invoke("plot", kind, *columns[kind], "-o", "picture.svg")
    assert result.exit_code == 2
    assert "None of the" in result.stderr
    assert ("Did you mean 'loss'?" in result.stderr) is (kind != "curves")


def test_the_best_are_the_ones_that_gc_keeps(project: Project) -> None:
    for values in ((0.9, 0.1), (0.5, 0.6)):
        with project.session("curves") as run:
            for value in values:
                run.log({"acc": value, "val/loss": value})
    for options, metric, kept in (
        ([], "acc", "0002"),
        (["--max"], "acc", "0002"),
        (["--lowest"], "acc", "0001"),
        ([], "acc.max", "0001"),
        ([], "metrics['acc'].max", "0001"),
        ([], "val/loss", "0001"),
        (["--highest"], "val/loss", "0002"),
    ):
        best = invoke("best", metric, "curves", "-n", "1", *options).stdout
        assert f"curves/{kept}" in best
        gone = invoke("gc", "--keep-best", metric, "1", "--dry-run", *options).stderr
        assert [line for line in gone.splitlines() if line.startswith("curves/")] == [
            f"curves/{'0001' if kept == '0002' else '0002'}"
        ]


def test_which_is_the_best_is_said_once_and_of_something(project: Project) -> None:
    for command in (["best", "loss"], ["gc", "--keep-best", "loss", "1"]):
        result = invoke(*command, "--min", "--highest")
        assert result.exit_code == 2
        assert "not both" in result.stderr
    assert invoke("gc", "--status", "done", "--max").exit_code == 2


def test_a_name_that_no_run_has_is_told(project: Project) -> None:
    hint = "runs has a value named 'los'. Did you mean 'loss'?"
    for command in (
        ["ls", "--columns", "los,uid"],
        ["ls", "--columns", "los", "--json"],
        ["ls", "--columns", "los", "--csv"],
        ["query", "uid > 0", "--columns", "los"],
        ["gc", "--keep-best", "los", "1", "--dry-run"],
        ["gc", "--keep-best", "los", "1", "--yes"],
    ):
        result = invoke(*command)
        assert result.exit_code == 0
        assert result.stderr.count(hint) == 1, command
        assert hint not in result.stdout
    assert "Did you mean" not in invoke("ls", "--columns", "loss,note").stderr


def test_stale_can_be_a_column(project: Project) -> None:
    assert "False" in invoke("ls", "--columns", "stale,run").stdout
