"""What a type checker infers of the public names. mypy reads this file, nothing runs it."""

from __future__ import annotations

from typing import Any, assert_type

from pycaddy.errors import PycaddyError, RunNotFoundError
from pycaddy.project import Project, Session
from pycaddy.sweeper import DictSweep, OptunaSweep, Sweep, Uniform


def message_of_an_error(error: PycaddyError) -> None:
    assert_type(error.message, str)


def an_error_is_also_the_builtin_that_people_catch(error: RunNotFoundError) -> KeyError:
    return error


def what_is_made_of_a_sweep_is_a_sweep(grid: DictSweep) -> None:
    assert_type(grid + grid, Sweep)
    assert_type(grid.sample(3), Sweep)
    assert_type(grid[0], dict[str, Any])


def a_search_that_learns_stands_where_a_sweep_stands(project: Project) -> None:
    for run in project.claim("train", OptunaSweep({"lr": Uniform(0, 1)}, "loss")):
        assert_type(run, Session)
