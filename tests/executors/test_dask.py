"""Sweeps on real Dask clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from pycaddy.executors import open_executor
from pycaddy.project import Project
from tests.executors.functions import RUNS, SWEEP, die_at_first, train, train_well
from tests.executors.sweeps import check_forty_with_two_failures, check_output, results


def local_cluster(**sizes: int) -> LocalCluster:
    anywhere = {"dashboard_address": "127.0.0.1:0"}
    return LocalCluster(**sizes, dashboard_address=None, scheduler_kwargs=anywhere)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Somebody's cluster: two workers, one thread each."""
    with local_cluster(n_workers=2, threads_per_worker=1) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as client:
        yield client


def test_a_sweep_runs_on_a_cluster_of_its_own(project: Project) -> None:
    report = project.run(train, SWEEP, executor="dask", workers=2)
    check_forty_with_two_failures(project, report)
    check_output(project)


def test_a_worker_that_dies_on_somebodys_cluster_harms_one_run(
    project: Project, client: Client
) -> None:
    report = project.run(train, SWEEP, executor=client)
    check_forty_with_two_failures(project, report)
    check_output(project)


def test_a_run_whose_worker_died_is_started_again_as_often_as_asked(
    project: Project, client: Client
) -> None:
    report = project.run(die_at_first, SWEEP[:4], executor=client, retries=1)
    assert (report.done, report.failed) == (4, 0)
    assert results(project, "die_at_first") == [{"attempt": 2}] * 4


def test_the_address_of_a_scheduler_is_enough(project: Project, cluster: LocalCluster) -> None:
    report = project.run(train_well, SWEEP, executor=cluster.scheduler_address)
    assert (report.done, report.failed) == (RUNS, 0)


def test_a_client_is_left_open(project: Project, client: Client) -> None:
    project.run(train_well, SWEEP[:2], executor=client)
    assert client.submit(sum, [1, 2]).result() == 3


def test_equal_work_is_done_as_often_as_it_is_submitted(tmp_path: Path, client: Client) -> None:
    marks = tmp_path / "marks"

    def mark() -> None:
        with marks.open("a") as file:
            file.write("x")

    with open_executor(client) as opened:
        for future in [opened.executor.submit(mark) for _ in range(5)]:
            future.result()
    assert marks.read_text() == "xxxxx"


def test_lambdas_and_closures_travel(project: Project, client: Client) -> None:
    offset = 10
    project.run(
        lambda run: {"sum": run.params["number"] + offset},
        SWEEP[:3],
        executor=client,
        identifier="add",
    )
    assert results(project, "add") == [{"sum": 10}, {"sum": 11}, {"sum": 12}]


def test_workers_of_many_threads_keep_their_output(project: Project) -> None:
    """Threads share one output: it is nobody's alone, and stays where it was."""
    with local_cluster(n_workers=1, threads_per_worker=2) as cluster, Client(cluster) as client:
        project.run(train_well, SWEEP[:4], executor=client)
    assert not list(project.folder.rglob("stdout.log"))


def test_the_scheduler_is_told_how_many_runs_there_may_be(client: Client) -> None:
    with open_executor(client) as opened:
        assert (opened.slots, opened.isolated) == (2, True)
    with open_executor(client, workers=1) as opened:
        assert opened.slots == 1
