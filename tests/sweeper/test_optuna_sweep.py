"""OptunaSweep: each configuration chosen from the runs there are, with the ledger as the study."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pycaddy.errors import SweepError
from pycaddy.project import Project, Session
from pycaddy.status import Status
from pycaddy.sweeper import (
    Choice,
    Fixed,
    Int,
    LogUniform,
    Normal,
    OptunaSweep,
    RandomSweep,
    Uniform,
)
from tests.processes import finished

SPACE: dict[str, Any] = {
    "x": Uniform(-5, 5),
    "o": {"lr": LogUniform(1e-4, 1.0), "depth": Int(1, 9), "q": Uniform(0, 0.3, q=0.1)},
    "layers": Choice([[64], [64, 64], None, True, 1]),
}


def parabola(run: Session) -> dict[str, float]:
    return {"loss": (run.params["x"] - 2) ** 2 + run.params["o"]["depth"]}


def failing(run: Session) -> dict[str, float]:
    raise RuntimeError("no luck")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results", durability="process")


def study(n: int, **changes: Any) -> OptunaSweep:
    return OptunaSweep(changes.pop("space", SPACE), "loss", n=n, **changes)


def run(project: Project, sweep: OptunaSweep, function: Any = parabola, **options: Any) -> Any:
    options = {"executor": "serial", "progress": False, "identifier": "fit", **options}
    return project.run(function, sweep, **options)


def params_of(project: Project) -> list[dict[str, Any]]:
    return [session.params for session in project.sessions("fit")]


def following(project: Project, sweep: OptunaSweep) -> dict[str, Any]:
    """What the study would try next."""
    records = [session.record for session in project.sessions("fit")]
    return list(sweep.after(records))[-1]


class TestStudy:
    def test_runs_n_different_configurations_and_then_no_more(self, project: Project) -> None:
        report = run(project, study(15))
        assert (report.done, report.skipped) == (15, 0)
        assert len({session.param_hash for session in project.sessions("fit")}) == 15
        report = run(project, study(15))
        assert (report.done, report.skipped) == (0, 15)

    def test_finds_better_configurations_than_chance(self, project: Project) -> None:
        space = {"x": Uniform(-5, 5), "o": {"depth": Int(1, 9)}}
        run(project, study(60, space=space))
        losses = [(p["x"] - 2) ** 2 + p["o"]["depth"] for p in params_of(project)]
        assert sum(losses[30:]) < sum(losses[:30]) / 2

    def test_goes_up_if_told_to(self, project: Project) -> None:
        space = {"x": Uniform(-5, 5), "o": {"depth": Int(1, 9)}}
        run(project, study(60, space=space, direction="maximize"))
        losses = [(p["x"] - 2) ** 2 + p["o"]["depth"] for p in params_of(project)]
        assert sum(losses[30:]) > sum(losses[:30])

    def test_that_is_interrupted_goes_on_as_if_it_had_not_been(
        self, project: Project, tmp_path: Path
    ) -> None:
        run(project, study(14, seed=3))
        other = Project(tmp_path / "other", durability="process")
        run(other, study(6, seed=3))
        run(other, study(14, seed=3))
        assert params_of(other) == params_of(project)

    def test_depends_on_its_seed(self, project: Project) -> None:
        assert following(project, study(3)) == following(project, study(3, seed=0))
        assert following(project, study(3)) != following(project, study(3, seed=1))

    def test_counts_what_failed_and_learns_nothing_of_it(self, project: Project) -> None:
        report = run(project, study(4), failing)
        assert report.failed == 4
        assert len(params_of(project)) == 4
        report = run(project, study(6))  # the failed ones again, and two more
        assert (report.done, len(params_of(project))) == (6, 6)

    def test_takes_a_failed_run_again_before_it_tries_another(self, project: Project) -> None:
        attempts = []
        for session in project.claim("fit", study(2), max_attempts=2):
            attempts.append((session.uid, session.attempt))
            session.error("no luck")
        assert attempts == [("0001", 1), ("0001", 2), ("0002", 1), ("0002", 2)]

    def test_leaves_runs_of_other_spaces_and_constants_alone(self, project: Project) -> None:
        small = {"x": Uniform(0, 1)}
        for params in ({"x": 3.0}, {"y": 0.5}, {"x": 0.5, "data": "b"}, {"x": "0.5"}, {"x": True}):
            project.session("fit", params=params).start().error()
        (first,) = project.claim("fit", study(1, space=small, constants={"data": "a"}))
        assert first.uid == "0006"
        assert first.params.keys() == {"x", "data"}

    def test_takes_over_what_a_random_search_of_its_space_found(self, project: Project) -> None:
        project.run(
            parabola, RandomSweep(SPACE, 5), identifier="fit", executor="serial", progress=False
        )
        assert run(project, study(7)).done == 2

    def test_does_not_try_what_is_under_way(self, project: Project) -> None:
        sessions = project.claim("fit", study(20))
        first, second = next(sessions), next(sessions)
        assert first.params != second.params
        assert {first.status, second.status} == {Status.RUNNING}

    def test_ends_when_every_configuration_has_a_run(self, project: Project) -> None:
        space = {"x": [1, 2], "o": {"depth": Int(1, 3), "q": Uniform(0, 0.1, q=0.1)}}
        assert run(project, study(100, space=space)).done == 12

    def test_tells_true_from_one_and_lists_from_one_another(self, project: Project) -> None:
        space = {"x": 2, "o": {"depth": 1}, "layers": [[1], [[1]], True, 1, None, "1", {"a": 1}]}
        assert run(project, study(50, space=space)).done == 7

    def test_goes_by_a_nested_result_too(self, project: Project) -> None:
        sweep = OptunaSweep({"x": Uniform(-5, 5)}, "val/loss", n=3)
        report = run(project, sweep, lambda run: {"val": {"loss": run.params["x"]}})
        assert report.done == 3

    def test_says_which_run_has_no_objective(self, project: Project) -> None:
        with pytest.raises(SweepError, match=r"'fit/0001' is DONE .* 'loss', but 'los'\. Return"):
            run(project, study(3), lambda run: {"los": 1})

    def test_goes_on_after_a_result_that_is_no_number(self, project: Project) -> None:
        assert run(project, study(3), lambda run: {"loss": float("nan")}).done == 3

    def test_leaves_the_logging_of_optuna_as_it_was(
        self, project: Project, capfd: pytest.CaptureFixture[str]
    ) -> None:
        run(project, study(2))
        assert logging.getLogger("optuna").level in (logging.INFO, logging.NOTSET)
        assert "optuna" not in capfd.readouterr().err

    def test_hands_out_lists_that_may_be_changed(self, project: Project) -> None:
        sweep = study(5, space={"x": 1, "a": Choice([[1]])}, constants={"b": [2]})
        config = following(project, sweep)
        config["a"].append("changed")
        config["b"].append("changed")
        assert following(project, sweep) == {"x": 1, "a": [1], "b": [2]}


class TestWorkers:
    WORKER = """
import sys
from pycaddy.project import Project
from pycaddy.sweeper import OptunaSweep, Uniform
sweep = OptunaSweep({"x": Uniform(-5, 5)}, "loss", n=30)
for run in Project(sys.argv[1], durability="process").claim("fit", sweep):
    with run:
        run.result = {"loss": run.params["x"] ** 2}
"""

    def test_of_several_processes_share_one_study(self, project: Project, tmp_path: Path) -> None:
        program = tmp_path / "worker.py"
        program.write_text(self.WORKER)
        command = [sys.executable, "-W", "error", str(program), str(project.root)]
        workers = [subprocess.Popen(command) for _ in range(3)]
        assert [worker.wait() for worker in workers] == [0, 0, 0]
        sessions = project.sessions("fit")
        # Who asks at the same moment as another may make one run more.
        assert 30 <= len(sessions) <= 32
        assert all(session.is_done() and session.attempt == 1 for session in sessions)
        assert len({session.param_hash for session in sessions}) == len(sessions)

    def test_of_threads_share_one_study(self, project: Project) -> None:
        assert run(project, study(12), executor="threads", workers=4).done == 12
        assert len({session.param_hash for session in project.sessions("fit")}) == 12


class TestDescription:
    def test_has_a_length_a_repr_and_equality(self) -> None:
        sweep = OptunaSweep(SPACE, "val/loss", "maximize", 50)
        assert len(sweep) == 50
        shown = "OptunaSweep(x, o.lr, o.depth, o.q, layers; maximize 'val/loss'; 50 configurations)"
        assert repr(sweep) == shown
        assert sweep == pickle.loads(pickle.dumps(sweep)) != OptunaSweep(SPACE, "val/loss")

    @pytest.mark.parametrize(
        ("space", "options", "message"),
        [
            ({"x": Normal(0, 1)}, {}, "'x' is drawn from Normal"),
            ({"x": LogUniform(1, 9, q=1)}, {}, "LogUniform without q"),
            ({"o": {"x": Choice([1, 2], weights=[1, 2])}}, {}, "'o.x'"),
            ({"x": []}, {}, "no values"),
            (SPACE, {"direction": "min"}, "Write 'minimize' or 'maximize'"),
            (SPACE, {"n": -1}, "n is -1"),
            (SPACE, {"seed": None}, "Write seed=0"),
            (SPACE, {"constants": {"x": Fixed(1)}}, "in the space and in constants"),
        ],
    )
    def test_refuses_what_optuna_cannot_search(
        self, space: Any, options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(SweepError) as caught:
            OptunaSweep(space, "loss", **options)
        assert message in str(caught.value)

    def test_without_optuna_says_what_to_install(self, tmp_path: Path) -> None:
        program = tmp_path / "program.py"
        program.write_text(
            "import sys; sys.modules['optuna'] = None\n"
            "from pycaddy.sweeper import OptunaSweep\n"
            "list(OptunaSweep({'a': [1]}, 'loss').after([]))\n"
        )
        done = finished(sys.executable, program, cwd=tmp_path)
        assert done.stdout.strip().endswith("Run: python -m pip install 'pycaddy[search]'")
