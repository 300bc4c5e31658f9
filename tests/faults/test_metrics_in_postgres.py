"""Metrics on a real PostgreSQL server that is killed, and on a wire that is cut."""

from __future__ import annotations

import logging
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pycaddy import Project
from pycaddy.metrics.live import recorders
from pycaddy.project import Session
from tests.faults.conftest import LONG
from tests.faults.wire import Wire
from tests.postgres import postgres
from tests.scripts import Talk

KILLS = 10 if LONG else 4
CUTS = 200 if LONG else 60
PROCESSES = 8

LOG = """
    import sys, time
    from pycaddy import Project
    run = Project("results", ledger=sys.argv[1]).session("train").start()
    print(run.uid, flush=True)
    step = 0
    while True:
        run.log({"loss": float(step), "acc": step / 2}, step=step)
        if step % 50 == 0:
            print(step, flush=True)
        step += 1
        time.sleep(0.001)
"""
LOG_SOME = """
    import sys
    from pycaddy import Project
    run = Project("results", ledger=sys.argv[1]).session("train").start()
    for step in range(5000):
        run.log({"loss": float(step), "acc": int(run.uid)}, step=step)
        if step % 500 == 0:
            run.flush()
    run.done()
"""
GO_ON = LOG.replace('session("train")', 'session_of("train/0001")').replace(
    "step = 0\n", "step = 10**6\n"
)


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]


def values(run: Session, name: str = "loss") -> list[float]:
    return list(run.metrics(name).values)


def test_a_server_that_is_killed_while_a_run_logs_loses_and_doubles_no_point(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, record_property: Callable[[str, object], None]
) -> None:
    with postgres() as server:
        project = Project(tmp_path / "results", ledger=server.url)
        run = project.session("train").start()
        step, ended = 0, threading.Event()

        def log() -> None:
            nonlocal step
            while not ended.is_set():
                run.log({"loss": float(step), "acc": step / 2}, step=step)
                step += 1
                time.sleep(0.0005)

        thread = threading.Thread(target=log)
        thread.start()
        try:
            for _ in range(KILLS):
                there = on_server(project, run)
                while on_server(project, run) == there:
                    time.sleep(0.01)
                server.kill()
                while not recorders[str(run.folder / "metrics.db")].is_failing:
                    time.sleep(0.01)
                before = step
                server.start()
                while on_server(project, run) <= before:  # what waited meanwhile, as well
                    time.sleep(0.01)
        finally:
            ended.set()
            thread.join()
        run.done()
        assert values(run) == [float(number) for number in range(step)]
        assert values(run, "acc") == [number / 2 for number in range(step)]
        assert "lost" not in run.record.summary["loss"]
        # Once each time; of a summary that was due just then, that the points could not be read.
        assert sum("and the run goes on" in text for text in warnings_in(caplog)) == KILLS
        project.ledger.store.close()
    record_property(
        "figures", f"PostgreSQL  {KILLS} SIGKILLs of the server, {step} points: 0 lost, 0 doubled"
    )


def on_server(project: Project, run: Session) -> int:
    """How many points of the loss are in the database, without a flush."""
    blocks = project.ledger.store.blocks(run.record)
    assert blocks is not None
    return sum(points for name, _, points in blocks.counts() if name == "loss")


def test_a_wire_that_is_cut_at_any_moment_of_a_flush_doubles_no_point(
    tmp_path: Path, ledger_url: str, record_property: Callable[[str, object], None]
) -> None:
    port = urlsplit(ledger_url).port
    assert port is not None
    chance = random.Random(CUTS)
    with Wire(port) as wire:
        through = ledger_url.replace(f":{port}/", f":{wire.port}/")
        project = Project(tmp_path / "results", ledger=through)
        run = project.session("train").start()

        def cut(after_s: float) -> None:
            time.sleep(after_s)
            wire.cut()
            wire.mend()

        for number in range(CUTS):
            run.log("loss", float(number))
            cutter = threading.Thread(target=cut, args=(chance.random() * 0.01,))
            cutter.start()
            run.flush()
            cutter.join()
        run.done()
        assert values(run) == [float(number) for number in range(CUTS)]
        project.ledger.store.close()
    record_property("figures", f"PostgreSQL  {CUTS} flushes on a wire that is cut: 0 doubled")


def test_a_run_that_ends_while_the_server_is_away_waits_for_it_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with postgres() as server:
        project = Project(tmp_path / "results", ledger=server.url)
        run = project.session("train").start()
        run.log("loss", 1.0)
        run.flush()
        run.log("loss", 2.0)
        server.kill()
        ending = threading.Thread(target=run.done)
        ending.start()
        while not recorders[str(run.folder / "metrics.db")].is_failing:
            time.sleep(0.01)
        server.start()
        ending.join()
        assert values(run) == [1.0, 2.0]
        assert "lost" not in run.record.summary["loss"]
        project.ledger.store.close()


def test_a_process_that_is_killed_is_followed_by_another(tmp_path: Path, ledger_url: str) -> None:
    project = Project(tmp_path / "results", ledger=ledger_url)
    assert project.sessions() == []
    lengths = []
    for program in (LOG, GO_ON):
        with Talk(program, tmp_path, ledger_url) as talk:
            assert talk.line() == "0001"
            run = project.session_of("train/0001")
            before = on_server(project, run)
            while on_server(project, run) == before:
                talk.line()
            talk.signal(signal.SIGKILL)
            talk.end()
        lengths.append(on_server(project, run) - before)
    first, second = lengths
    steps = [*range(first), *range(10**6, 10**6 + second)]
    assert list(run.metrics("loss").steps) == steps
    assert values(run) == [float(step) for step in steps]
    project.ledger.store.close()


def test_eight_processes_log_to_eight_runs(tmp_path: Path, ledger_url: str) -> None:
    project = Project(tmp_path / "results", ledger=ledger_url)
    assert project.sessions() == []
    talks = [Talk(LOG_SOME, tmp_path, ledger_url) for _ in range(PROCESSES)]
    assert [talk.end() for talk in talks] == [(0, "")] * PROCESSES
    runs = project.sessions("train")
    assert len(runs) == PROCESSES
    for run in runs:
        assert values(run) == [float(step) for step in range(5000)]
        assert values(run, "acc") == [int(run.uid)] * 5000
        assert run.record.summary["loss"] == run.metrics("loss").summary
    project.ledger.store.close()
