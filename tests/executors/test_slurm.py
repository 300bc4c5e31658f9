"""Sweeps on a real Slurm of two nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pycaddy.errors import WorkerDiedError
from pycaddy.executors import SlurmExecutor
from pycaddy.executors.slurm import script
from pycaddy.project import Project, Session, Status
from pycaddy.project.detached import shortfall
from tests.executors.functions import RUNS, SWEEP, train, train_well
from tests.executors.real_slurm import Slurm, real_slurm, wait_until
from tests.executors.slurm_driver import behind_a_gate, study
from tests.executors.sweeps import check_forty_with_two_failures, check_output
from tests.processes import finished

ROOT = Path(__file__).parents[2]
QUICK = SlurmExecutor(poll_s=0.2)


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    with real_slurm(nodes=2) as slurm:
        yield slurm


@pytest.fixture(autouse=True)
def around(slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test does find the cluster, as a login node does."""
    for name, value in slurm.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def where(run: Session) -> dict[str, str]:
    wait_for = Path(run.params["wait_for"])
    run.path(f"on-{os.environ['SLURMD_NODENAME']}").touch()
    wait_until(lambda: len(list(wait_for.rglob("on-n?"))) >= 2)
    return {"node": os.environ["SLURMD_NODENAME"]}


def test_an_array_of_forty_runs_on_two_nodes(project: Project) -> None:
    report = project.run(train, SWEEP, executor=QUICK)
    check_forty_with_two_failures(project, report)
    check_output(project)
    again = project.run(train, SWEEP, executor=QUICK)
    assert (again.skipped, again.done, again.failed) == (38, 0, 2)


def test_both_nodes_take_part(project: Project) -> None:
    sweep = [{"number": number, "wait_for": str(project.folder)} for number in range(4)]
    assert project.run(where, sweep, executor=QUICK).done == 4
    assert {run.result["node"] for run in project.sessions()} == {"n1", "n2"}  # type: ignore[index]


def test_a_driver_may_leave_and_come_back(project: Project, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with driver(project, gate) as process:
        wait_for_two(project)
        process.kill()
    gate.touch()
    study(str(project.root), str(gate))
    runs = project.sessions("behind_a_gate")
    assert len(runs) == RUNS
    assert all(run.is_done() and run.attempt == 1 for run in runs)


def test_tasks_that_somebody_cancelled_are_replaced(project: Project, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with driver(project, gate) as process:
        wait_for_two(project)
        subprocess.run(["scancel", "--user=root", "--full"], check=True)
        gate.touch()
        assert process.wait() == 0
    runs = project.sessions("behind_a_gate")
    assert len(runs) == RUNS
    assert all(run.is_done() for run in runs)


def test_detached_it_returns_at_once_and_a_later_call_reports(project: Project) -> None:
    detached = SlurmExecutor(poll_s=0.2, detach=True)
    first = project.run(train_well, SWEEP, executor=detached)
    assert (first.done, first.waiting + first.held) == (0, RUNS)
    assert "wait for their turn" in str(first)
    wait_until(lambda: sum(run.status.is_final for run in project.sessions()) == RUNS)
    last = project.run(train_well, SWEEP, executor=detached)
    assert (last.skipped, last.failed) == (RUNS, 0)


def test_fail_fast_begins_no_more_runs(project: Project) -> None:
    report = project.run(train, SWEEP, executor=QUICK, workers=1, fail_fast=True)
    assert report.failed == 1
    assert not [run for run in project.sessions() if run.params["number"] > 4]
    assert report.waiting == RUNS - len(project.sessions())


def test_a_run_may_be_ended_after_a_while(project: Project, tmp_path: Path) -> None:
    sweep = [{"number": 0, "gate": str(tmp_path / "never")}]
    report = project.run(behind_a_gate, sweep, executor=QUICK, timeout_s=0.5)
    assert "took longer than 0.5 s" in report.failures[0].reason


def test_the_example_of_the_documents_runs(tmp_path: Path) -> None:
    script = (sys.executable, ROOT / "examples" / "slurm_sweep.py", "results")
    done = finished(*script, cwd=tmp_path)
    assert done.stdout.startswith("12 done, 0 skipped, 0 failed"), done.stdout
    assert "The lowest is" in done.stdout


def test_a_sweep_that_goes_by_results_is_refused(project: Project) -> None:
    class Adaptive:
        def after(self, records: object) -> list[dict[str, int]]:
            return [{"number": 1}]

    with pytest.raises(TypeError, match="not known beforehand"):
        project.run(train, Adaptive(), executor=QUICK)


def test_arrays_that_end_nothing_are_given_up_with_what_they_said(project: Project) -> None:
    broken = SlurmExecutor(poll_s=0.2, setup=["echo no module named cuda; exit 1"])
    with pytest.raises(WorkerDiedError, match="no module named cuda"):
        project.run(train, SWEEP[:1], executor=broken)


def test_what_slurm_refuses_is_told_in_its_words(project: Project) -> None:
    with pytest.raises(ValueError, match="invalid partition"):
        project.run(train, SWEEP[:1], executor=SlurmExecutor(partition="nowhere"))


def test_without_slurm_the_error_says_what_is_missing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="not on the PATH"):
        project.run(train, SWEEP[:1], executor="slurm")


def test_the_script_asks_for_what_a_run_needs() -> None:
    options = SlurmExecutor(
        partition="long", cpus=4, mem="8G", minutes=90, options=["--comment=two words"],
        setup=["module load cuda"],
    )  # fmt: skip
    lines = script(options, "pycaddy-1", "/tmp/100%", ["python", "a b"], gpus=2).splitlines()
    assert lines[0] == "#!/bin/sh"
    assert set(lines[1:-2]) == {
        "#SBATCH --job-name=pycaddy-1",
        "#SBATCH --output=/tmp/100%%/%A_%a.log",
        "#SBATCH --open-mode=append",
        "#SBATCH --requeue",
        "#SBATCH --partition=long",
        "#SBATCH --cpus-per-task=4",
        "#SBATCH --mem=8G",
        "#SBATCH --time=90",
        "#SBATCH --gres=gpu:2",
        '#SBATCH "--comment=two words"',
    }
    assert lines[-2:] == ["module load cuda", "exec python 'a b'"]


@pytest.mark.parametrize(
    ("free", "living", "workers", "expected"),
    [
        (40, 0, None, (40, 40)),
        (40, 0, 4, (40, 4)),
        (40, 40, 4, (0, 0)),
        (10, 3, 4, (7, 1)),
        (10, 4, 4, (0, 0)),
        (2, 0, 4, (2, 2)),
        (0, 0, 4, (0, 0)),
        (100_000, 0, 64, (1000, 64)),
    ],
)
def test_tasks_are_submitted_for_what_nobody_does_yet(
    free: int, living: int, workers: int | None, expected: tuple[int, int]
) -> None:
    assert shortfall(free, living, workers) == expected


def test_a_node_that_crashes_costs_no_run(project: Project, slurm: Slurm, tmp_path: Path) -> None:
    """A run goes on in its folder, as its next attempt, on what is left of the cluster."""
    gate = tmp_path / "gate"
    with driver(project, gate) as process:
        began = wait_for_two(project)
        slurm.crash("n1")
        gate.touch()
        assert process.wait() == 0
    runs = project.sessions("behind_a_gate")
    assert len(runs) == RUNS
    assert all(run.is_done() for run in runs)
    assert sorted(run.attempt for run in runs) == [1] * (RUNS - 1) + [2]
    assert next(run.uid for run in runs if run.attempt == 2) in {run.uid for run in began}


def driver(project: Project, gate: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.executors.slurm_driver", str(project.root), str(gate)]
    return subprocess.Popen(command, cwd=ROOT)


def wait_for_two(project: Project) -> list[Session]:
    """Wait until both nodes are on a run that the gate holds."""

    def began() -> list[Session]:
        runs = project.sessions("behind_a_gate", status=Status.RUNNING)
        return [run for run in runs if run.path("began").exists()]

    wait_until(lambda: len(began()) == 2)
    return began()
