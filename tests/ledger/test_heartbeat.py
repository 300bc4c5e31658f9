"""The beat for the runs that a process works on."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from pycaddy import Project
from pycaddy.ledger import heartbeat, liveness


def test_a_beat_that_fails_in_any_way_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(heartbeat, "_heartbeat", heartbeat._Heartbeat())
    monkeypatch.setattr(liveness, "BEAT_S", 0.01)
    project = Project(tmp_path / "results", durability="process").ensure_folder()
    store: Any = project.ledger.store
    beat, beats = type(store).beat, []

    def fail(self: object, held: dict[int, int]) -> set[int]:
        beats.append(held)
        if len(beats) < 3:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        return beat(self, held)  # type: ignore[no-any-return]

    monkeypatch.setattr(type(store), "beat", fail)
    run = project.session("train").start()
    deadline = time.monotonic() + 60
    while run.record.beat < 2:
        assert time.monotonic() < deadline, "the heartbeats have stopped"
        time.sleep(0.01)
    run.done()
    assert caplog.text.count("A heartbeat for 1 runs failed") == 2
