"""Sweeps on a real Ray."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from pycaddy.errors import WorkerDiedError
from pycaddy.executors import open_executor
from pycaddy.executors.ray import started_ray
from pycaddy.project import Project
from tests.executors.functions import SWEEP, die_at_first, train
from tests.executors.sweeps import check_forty_with_two_failures, check_output, results


@pytest.fixture(scope="module", autouse=True)
def one_ray() -> Iterator[None]:
    """One Ray for the module, started as ours: it takes ten seconds and more."""
    with started_ray(workers=2):
        yield
    assert not ray.is_initialized()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_sweep_runs_on_ray(project: Project) -> None:
    report = project.run(train, SWEEP, executor="ray", workers=2)
    check_forty_with_two_failures(project, report)
    check_output(project)


def test_a_ray_that_was_there_before_is_used_and_left_running(project: Project) -> None:
    with open_executor("ray") as opened:
        assert (opened.slots, opened.isolated) == (2, True)
        assert opened.executor.submit(pow, 2, 3).result() == 8
    assert ray.is_initialized()


def test_a_run_whose_worker_died_is_started_again_as_often_as_asked(project: Project) -> None:
    report = project.run(die_at_first, SWEEP[:2], executor="ray", retries=1)
    assert (report.done, report.failed) == (2, 0)
    assert results(project, "die_at_first") == [{"attempt": 2}] * 2


def test_lambdas_and_closures_travel(project: Project) -> None:
    offset = 10
    project.run(
        lambda run: {"sum": run.params["number"] + offset},
        SWEEP[:3],
        executor="ray",
        identifier="add",
    )
    assert results(project, "add") == [{"sum": 10}, {"sum": 11}, {"sum": 12}]


def test_what_a_function_raises_arrives_as_it_was_raised() -> None:
    with open_executor("ray") as opened:
        error = opened.executor.submit(int, "seven").exception()
    assert type(error) is ValueError


def test_a_dead_worker_is_told_as_such() -> None:
    with open_executor("ray") as opened:
        error = opened.executor.submit(os._exit, 3).exception()
    assert isinstance(error, WorkerDiedError)
