"""What eight processes are told is what one after another would have been told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pycaddy import Project
from pycaddy.testing._at_once import in_processes
from tests.faults import historian, ledger_model
from tests.faults.conftest import LONG
from tests.faults.linear import Call, check

PROCESSES = 8
PARAMS = 4


@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_every_answer_is_one_of_a_ledger_that_does_one_thing_at_a_time(
    tmp_path: Path,
    store: str,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    url = request.getfixturevalue("ledger_url") if store == "PostgreSQL" else None
    calls = (2000 if LONG else 400) if url is None else (800 if LONG else 150)
    project = Project(tmp_path, ledger=url)
    project.sessions()  # made, so that nobody is timed who waits for that
    told = in_processes(PROCESSES, historian.live, str(tmp_path), url, PARAMS, calls)
    history = [call for each in told for call in each]
    verdict = check(ledger_model.counted(history), 0, ledger_model.count)
    assert verdict, f"The counter of uids:\n{verdict}"
    for number, asked in ledger_model.grouped(history, range(PARAMS)).items():
        verdict = check(asked, (), ledger_model.step)
        assert verdict, f"Runs with n={number}:\n{verdict}"
    assert overlapping(history) > len(history) // 2
    assert [str(finding) for finding in project.doctor() if finding.severe] == []
    project.ledger.store.close()
    record_property(
        "figures",
        f"R4, R10  {store}: {len(history)} calls of {PROCESSES} processes are linearizable, "
        f"{overlapping(history)} of them begun before another had ended",
    )
    for line in quantiles(history):
        record_property("figures", f"R4  {store} {line}")


def overlapping(history: Sequence[Call]) -> int:
    """How many calls began while another one was under way."""
    latest, count = 0, 0
    for call in sorted(history, key=lambda call: call.begun):
        count += call.begun < latest
        latest = max(latest, call.ended)
    return count


def quantiles(history: Sequence[Call]) -> list[str]:
    """How long each kind of call took."""
    took: dict[str, list[float]] = defaultdict(list)
    for call in history:
        took[call.what].append((call.ended - call.begun) / 1e6)
    lines = []
    for what, each in took.items():
        each.sort()
        half, most = each[len(each) // 2], each[len(each) * 99 // 100]
        lines.append(
            f"{what:8} {len(each):5} calls, ms: p50 {half:6.1f}  p99 {most:6.1f}  "
            f"max {each[-1]:6.1f}"
        )
    return sorted(lines)
