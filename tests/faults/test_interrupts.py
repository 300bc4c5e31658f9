"""Ctrl-C, at any moment: nobody is kept from anything by what it has cut off."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy import Project
from tests.faults.conftest import LONG
from tests.processes import finished

NUMBER = 600 if LONG else 200
ROUNDS = 10


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks")
def test_after_an_interrupt_a_fork_neither_hangs_nor_works_without_locks(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    words = ("-m", "tests.faults.interrupted", str(tmp_path / "results"), str(NUMBER))
    done = finished(sys.executable, *words, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("interrupted\n") == NUMBER
    assert Project(tmp_path / "results").verify() == []
    record_property(
        "figures",
        f"R5  {NUMBER} interrupts in reads and writes, a fork of another thread after each: "
        "0 hang, 0 without locks, 0 acknowledged changes lost",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks")
@pytest.mark.timeout(600)
def test_without_the_deferral_an_interrupt_does_harm(tmp_path: Path) -> None:
    words = ("-m", "tests.faults.interrupted", str(tmp_path / "results"), "5000", "not-deferred")
    done = finished(sys.executable, *words, cwd=Path(__file__).parents[2])
    assert done.returncode != 0
    harm = ("a fork hangs", "a fork works without locks", "LedgerBusyError", "within another one")
    assert any(word in done.stdout for word in harm), done.stdout[-2000:]


@pytest.mark.parametrize("executor", ["serial", "threads", "local"])
def test_after_an_interrupt_the_next_call_goes_on_with_every_run(
    executor: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    words = ("-m", "tests.faults.interrupted_sweep", str(tmp_path), executor, str(ROUNDS))
    done = finished(sys.executable, *words, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stdout
    interrupted = done.stdout.count("interrupted\n")
    assert interrupted > ROUNDS / 2
    record_property(
        "figures",
        f"R5  {interrupted} interrupts in sweeps, {executor}: the next call found all of them done "
        "or free, 0 held",
    )
