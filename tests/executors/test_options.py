"""The one table of executors: what refuses, and what documents, agree with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pycaddy.executors import EXECUTORS, open_executor
from pycaddy.executors.options import accepting, listed, missing, refuse_unfit
from pycaddy.project import Project

ROOT = Path(__file__).parents[2]
RUNNING = (ROOT / "docs/running.md").read_text()
OPTIONS = sorted({option for kind in EXECUTORS.values() for option in kind.options})


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of the tables under a heading of docs/running.md, by the name in the first."""
    section = RUNNING.split(f"\n## {heading}\n")[1].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    cells = ([cell.strip() for cell in line] for line in lines)
    named = ((re.match(r'`"?(\w+)["=]', first), rest) for first, *rest in cells)
    return {match[1]: rest for match, rest in named if match}


@pytest.mark.parametrize("name", EXECUTORS)
def test_the_page_has_each_executor_as_the_table_does(name: str) -> None:
    kind = EXECUTORS[name]
    summary, options, extra, _ = rows("Executors")[name]
    assert summary == kind.summary
    assert re.findall(r"\w+", options) == list(kind.options)
    assert extra == (f"`pycaddy[{kind.extra}]`" if kind.extra else "")


@pytest.mark.parametrize("option", OPTIONS)
def test_each_option_is_documented_with_the_executors_that_accept_it(option: str) -> None:
    (text,) = rows("Run")[option]
    assert re.findall(r'`"(\w+)"`', text) == accepting(option)
    (line,) = re.findall(rf"{option}: (.*) only:", Project.run.__doc__ or "")
    assert re.findall(r'"(\w+)"', line) == accepting(option)
    word = option.removesuffix("_s")
    (line,) = re.findall(rf"\* `--{word}`: .*; with (.*)\.", (ROOT / "docs/cli.md").read_text())
    names = [f"`{name}`" for name in accepting(option)]
    assert line == listed(names, "and")


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", [*EXECUTORS, "tcp://scheduler:8786"])
def test_an_option_is_refused_unless_the_executor_accepts_it(name: str, option: str) -> None:
    refuse_unfit(name, **{option: False})
    if name in accepting(option):
        refuse_unfit(name, **{option: True})
        return
    with pytest.raises(
        ValueError, match=rf"^{option} needs executor=.*, not '{name}'\.$"
    ) as caught:
        refuse_unfit(name, **{option: True})
    assert all(repr(other) in str(caught.value) for other in accepting(option))


def test_slurm_is_not_opened_as_another_executor() -> None:
    with pytest.raises(ValueError, match="executor='slurm' is not known"), open_executor("slurm"):
        pass


def test_each_extra_exists_and_is_named_where_a_library_is_missing() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name, kind in EXECUTORS.items():
        if kind.extra:
            assert kind.extra in extras["optional-dependencies"]
            assert f"pip install 'pycaddy[{kind.extra}]'" in str(missing(name, "a library"))


@pytest.mark.parametrize(
    ("names", "prose"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_names_are_listed_as_prose(names: list[str], prose: str) -> None:
    assert listed(names, "or") == prose
