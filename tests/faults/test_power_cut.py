"""R2: what a call has acknowledged is on disk, whatever a power cut takes of the rest."""

from __future__ import annotations

import ast
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pycaddy.errors import LedgerError
from tests.faults.conftest import LONG
from tests.faults.life import Books
from tests.faults.recording import Disk, Event, Refused, record

CUTS = 100 if LONG else 50
SEEDS = range(10) if LONG else range(2)
LIVES = [*((seed, None) for seed in SEEDS), *((seed, "5") for seed in SEEDS[:2])]
"""Seeds, and how often the disk refuses to take the log: one in so many times."""


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., list[Event]]:
    def recorded(seed: int, durability: str, *more: str) -> list[Event]:
        (tmp_path / "project").mkdir()
        words = ("-m", "tests.faults.recorded", str(tmp_path / "project"), str(seed))
        log = tmp_path / "trace"
        return record(tmp_path / "project", sys.executable, *words, durability, *more, log=log)

    return recorded


def after_a_cut(events: list[Event], cut: int, tmp_path: Path, seed: int) -> Books:
    """The project as a cut left it, and the books of what was acknowledged until then."""
    disk = Disk(events, cut, tmp_path / "project", random.Random(seed))
    target = tmp_path / "after"
    shutil.rmtree(target, ignore_errors=True)
    disk.write_to(target)
    books = Books(target)
    said = [ast.literal_eval(line) for line in disk.said()]
    for writer in dict.fromkeys(who for who, _ in said):
        books.enter(message for who, message in said if who == writer)
    return books


def cuts(events: list[Event], number: int) -> list[int]:
    """Instants all over the history, the first acknowledged step before them all."""
    texts = [getattr(event, "text", "") for event in events]
    first = next(index for index, text in enumerate(texts) if "('host', ('did'" in text)
    return sorted(random.Random(0).choices(range(first + 1, len(events) + 1), k=number))


@pytest.mark.parametrize(("seed", "refused"), LIVES)
def test_a_power_cut_takes_nothing_that_was_acknowledged(
    seed: int,
    refused: str | None,
    recorded: Callable[..., list[Event]],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    events = recorded(seed, "power", *([refused] if refused else ()))
    syncs_refused = sum(isinstance(event, Refused) for event in events)
    assert (syncs_refused > 20) is bool(refused)
    acknowledged = 0
    for chance, cut in enumerate(cuts(events, CUTS)):
        books = after_a_cut(events, cut, tmp_path, chance)
        acknowledged += books.acknowledged
        books.compare(descriptions=False)
        books.compare_after_rebuild()
    assert acknowledged
    record_property(
        "figures",
        f"R2  power cut at {CUTS} instants among {len(events)} calls, of which "
        f"{syncs_refused} failed to sync: {acknowledged} acknowledged changes, 0 lost, "
        "0 unreadable",
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_without_waiting_for_the_disk_a_power_cut_takes_some_and_breaks_nothing(
    seed: int, recorded: Callable[..., list[Event]], tmp_path: Path
) -> None:
    events = recorded(seed, "process")
    lost = 0
    for chance, cut in enumerate(cuts(events, 30)):
        books = after_a_cut(events, cut, tmp_path, chance)
        try:
            books.compare(descriptions=False)
        except AssertionError:
            lost += 1  # and so the test above could have failed
        except LedgerError as error:
            pytest.fail(f"unreadable after a cut at {cut}: {error}")
    assert lost
