"""Eight processes write at once, and nobody fails because of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pycaddy import Project, Status
from pycaddy.testing._at_once import in_processes
from tests.faults.conftest import LONG
from tests.faults.contender import contend

PROCESSES = 8
ROUNDS = 200 if LONG else 25
SHARED = 40


def test_eight_processes_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    took = in_processes(PROCESSES, contend, str(tmp_path), ROUNDS, SHARED)
    project = Project(tmp_path)
    own = project.sessions("own")
    assert [int(run.uid) for run in own] == list(range(1, len(own) + 1))
    assert {run.status for run in own} == {Status.DONE}
    fresh = [run for run in own if not run.params]
    assert len(fresh) == PROCESSES * ROUNDS
    for run in fresh:
        assert run.files["model"].read_text() == run.uid
    # RESUME takes what is DONE: a run that is under way elsewhere is done once more.
    resumed = Counter(run.params["n"] for run in own if run.params)
    assert set(resumed) == set(range(min(ROUNDS, SHARED)))
    assert max(resumed.values()) <= PROCESSES

    shared = project.sessions("shared")
    assert sorted(run.params["n"] for run in shared) == list(range(SHARED))
    assert all(run.result == run.params for run in shared)
    assert {(run.status, run.attempt) for run in shared} == {(Status.DONE, 1)}
    assert [str(finding) for finding in project.doctor() if finding.severe] == []
    project.ledger.store.close()

    calls = sum(len(times) for each in took for times in each.values())
    slowest = {
        name: max(max(each.get(name, [0.0])) for each in took) * 1000
        for name in ("create", "start", "attach", "finish", "resume", "claim")
    }
    record_property(
        "figures",
        f"R4  {PROCESSES} processes, {calls} calls: 0 errors, 0 lost, 0 doubled; slowest in ms: "
        + ", ".join(f"{name} {ms:.0f}" for name, ms in slowest.items()),
    )
