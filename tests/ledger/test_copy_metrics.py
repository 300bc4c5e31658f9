"""What runs have logged, taken along with their ledger."""

from __future__ import annotations

import math
import random
import signal
import time
from array import array
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pycaddy.errors import MetricsError
from pycaddy.ledger import Ledger, recording
from pycaddy.ledger.copy import copy_ledger
from pycaddy.metrics.blocks import packed
from pycaddy.metrics.series import Points
from pycaddy.metrics.sqlite import SqliteMetrics
from pycaddy.project import ExistingRun, Project
from pycaddy.stores import Selection
from pycaddy.stores.postgres.url import conninfo
from pycaddy.testing.metrics import points
from tests.scripts import Talk

_VALUES = (math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.5)

Columns = tuple[bytes, bytes, bytes]
Curves = dict[tuple[str, str], list[tuple[int, Columns]]]
"""Every bit of every point, by run and series, then by attempt."""

COPY = """
    import sys
    from pycaddy.ledger.copy import copy_ledger
    print("begun", flush=True)
    print(copy_ledger(sys.argv[1], sys.argv[2], root=sys.argv[3]).points, flush=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "results")


def log(project: Project, *, runs: int = 6, most: int = 1200) -> Curves:
    """Let runs log series of many lengths in several attempts; one is then put into the trash."""
    chance = random.Random(0)
    for number in range(runs):
        run = project.session("train", {"n": number})
        for attempt in range(1 + number % 3):
            run.start()
            for name in ("loss", "val/acc ü", "%s")[: number % 4]:
                for step in range(chance.choice((1, 7, most))):
                    run.log(name, chance.choice(_VALUES), step=step + attempt * 3)
            run.error("no memory")
    project.session_of("train/0002").remove()
    project.session("waiting")
    return curves(project.ledger)


def curves(ledger: Ledger) -> Curves:
    found: Curves = {}
    for selection in (Selection(), Selection(trashed=True)):
        for record in ledger.store.select(selection):
            place = recording.place(ledger, record)
            for name in place.counts():
                attempts = place.attempts(name)
                found[str(record.key), name] = [(n, packed(each)) for n, each in attempts.items()]
    return found


def count(found: Curves) -> int:
    return sum(len(steps) // 8 for series in found.values() for _, (steps, _, _) in series)


def elsewhere(project: Project, url: str) -> Ledger:
    """The ledger at *url* as a machine has it that does not see the project's folder."""
    name = project.ledger.store.project
    return Ledger(url, root=project.root.with_name("elsewhere"), name=name)


def kept_in(project: Project, file: str = ".pycaddy/ledger.db") -> Ledger:
    return Ledger(project.root / file, root=project.root)


def drop_files(project: Project) -> None:
    for path in project.root.rglob("*metrics.db*"):
        path.unlink()


def test_every_series_is_the_same_in_all_places(project: Project, ledger_url: str) -> None:
    before = log(project)
    assert len(before) > 5
    assert copy_ledger(project.root, ledger_url).points == count(before)
    assert curves(elsewhere(project, ledger_url)) == before

    another = f"{ledger_url}_too"
    assert copy_ledger(elsewhere(project, ledger_url), another).points == count(before)
    there = elsewhere(project, another)
    assert curves(there) == before

    lab = project.root.with_name("lab.db")
    assert copy_ledger(there, lab).points == count(before)
    assert curves(Ledger(lab, root=there.root)) == before


def test_points_come_back_into_the_folders_of_the_runs(project: Project, ledger_url: str) -> None:
    before = log(project)
    copy_ledger(project.root, ledger_url)
    drop_files(project)
    assert curves(kept_in(project)) == {}
    back = copy_ledger(Ledger(ledger_url, root=project.root), project.root / "lab.db")
    assert back.points == count(before)
    assert curves(kept_in(project)) == before
    assert (project.root / ".pycaddy/trash/train/0002/metrics.db").exists()


def test_another_folder_gets_the_points_in_files(project: Project, tmp_path: Path) -> None:
    before = log(project)
    assert copy_ledger(project.root, tmp_path / "other").points == count(before)
    assert curves(Project(tmp_path / "other").ledger) == before
    assert copy_ledger(project.root, tmp_path / "other").points == 0


def test_only_what_is_new_is_copied_again(project: Project, ledger_url: str) -> None:
    log(project)
    copy_ledger(project.root, ledger_url)
    assert copy_ledger(project.root, ledger_url).points == 0
    run = project.session("train", {"n": 3}, ExistingRun.CONTINUE).start()
    run.log("loss", math.nan, step=4)
    run.log("more", 1.0)
    run.done()
    project.ledger.store.close()
    report = copy_ledger(project.root, ledger_url)
    assert (report.updated, report.copied) == (1, 0)
    assert curves(elsewhere(project, ledger_url)) == curves(project.ledger)


def test_a_project_that_moves_takes_its_points_along_and_goes_on(
    project: Project, ledger_url: str
) -> None:
    before = log(project)
    copy_ledger(project.root, ledger_url, switch=True)
    moved = Project(project.root)
    run = moved.session("train", {"n": 3}, ExistingRun.CONTINUE).start()
    run.log("loss", -1.0, step=5000)
    run.done()
    # What the files still have is older, and nobody reads it.
    there = curves(moved.ledger)
    assert there == curves(elsewhere(project, ledger_url)) != before
    assert curves(kept_in(project, "none.db")) == {}

    copy_ledger(moved.root, moved.root / ".pycaddy/ledger.db", switch=True)
    home = Project(project.root)
    assert home.ledger.address == str(project.root / ".pycaddy/ledger.db")
    assert curves(home.ledger) == there
    moved.ledger.store.close()


def test_a_copy_that_is_not_used_yet_leaves_the_project_as_it_was(
    project: Project, ledger_url: str
) -> None:
    log(project)
    copy_ledger(project.root, ledger_url, switch=True)
    drop_files(project)
    moved = Project(project.root)
    copy_ledger(moved.root, moved.root / "lab.db")
    run = moved.session("train", {"n": 3}, ExistingRun.CONTINUE).start()
    run.log("loss", -1.0, step=5000)
    run.done()
    assert curves(moved.ledger) == curves(elsewhere(project, ledger_url))
    assert run.metrics("loss").steps[-1] == 5000
    moved.ledger.store.close()


def test_points_of_several_processes_whose_blocks_were_joined_are_the_same_points(
    project: Project, ledger_url: str
) -> None:
    run = project.session("train").start()
    ours, theirs = (SqliteMetrics(str(run.folder / "metrics.db")) for _ in range(2))
    ours.append(1, {"loss": points([math.nan])})
    theirs.append(1, {"loss": points([1.0], 1)})
    ours.append(1, {"loss": points([2.0], 2)})
    copy_ledger(project.root, ledger_url)
    ours.close()
    theirs.close()
    assert copy_ledger(project.root, ledger_url).points == 3
    assert curves(elsewhere(project, ledger_url)) == curves(project.ledger)
    run.error("stopped")


def in_the_database(project: Project, url: str) -> None:
    ledger = elsewhere(project, url)
    record = ledger.store.get("", "train", 1)
    assert record is not None
    place = recording.in_ledger(ledger.store, record)
    assert place is not None
    place.append(1, {"loss": points([3.0], 9)})


def test_points_that_the_source_does_not_have_are_not_overwritten(
    project: Project, ledger_url: str
) -> None:
    run = project.session("train").start()
    run.log("loss", math.nan)
    run.done()
    copy_ledger(project.root, ledger_url)
    in_the_database(project, ledger_url)
    there = curves(elsewhere(project, ledger_url))
    with pytest.raises(MetricsError, match=r"'loss' that run train/0001 has in postgresql:.* not"):
        copy_ledger(project.root, ledger_url, switch=True)
    assert curves(elsewhere(project, ledger_url)) == there
    assert Project(project.root).ledger.address == str(project.root / ".pycaddy/ledger.db")

    SqliteMetrics(str(run.folder / "metrics.db")).append(1, {"more": points([1.0])})
    with pytest.raises(MetricsError, match=r"has in .*train/0001/metrics\.db are not an earlier"):
        copy_ledger(Ledger(ledger_url, root=project.root), project.root / "lab.db")
    assert not (project.root / "lab.db").exists()


def test_a_file_that_cannot_be_read_stops_the_copy(project: Project, ledger_url: str) -> None:
    run = project.session("train").start()
    run.log("loss", 1.0)
    run.done()
    (run.folder / "metrics.db").write_bytes(b"no database" * 1000)
    with pytest.raises(MetricsError, match=r"train/0001/metrics\.db cannot be used"):
        copy_ledger(project.root, ledger_url, switch=True)
    assert Project(project.root).ledger.address == str(project.root / ".pycaddy/ledger.db")


def log_much(project: Project, *, runs: int) -> Curves:
    steps = array("q", range(30_000))
    values = array("d", (_VALUES[step % len(_VALUES)] for step in steps))
    for number in range(runs):
        run = project.session("train", {"n": number}).start()
        store = SqliteMetrics(str(run.folder / "metrics.db"), "process")
        columns = Points(steps, values, array("d", steps))
        store.append(1, {"loss": columns, "acc": columns[: 100 * number + 1]})
        store.close()
        run.done()
    return curves(project.ledger)


def killed_until_done(
    project: Project, source: str, target: str, progress: Callable[[], int]
) -> int:
    """Kill a copy whenever it has got a bit further, until one ends; return how many were."""
    kills = 0
    while True:
        before = progress()
        with Talk(COPY, project.root.parent, source, target, str(project.root)) as copy:
            assert copy.line() == "begun"
            while copy.runs() and progress() <= before:
                time.sleep(0.001)
            if not copy.runs():
                code, errors = copy.end()
                assert code == 0, errors
                return kills
            copy.signal(signal.SIGKILL)
            kills += 1


def test_a_copy_that_is_killed_goes_on_when_it_is_called_again(
    project: Project, ledger_url: str
) -> None:
    before = log_much(project, runs=4)

    def written() -> int:
        with psycopg.connect(conninfo(ledger_url), autocommit=True) as sql:
            try:
                row = sql.execute("SELECT count(*) FROM block").fetchone()
            except psycopg.errors.UndefinedTable:
                return 0
            return 0 if row is None else int(row[0])

    assert killed_until_done(project, str(project.root), ledger_url, written) > 1
    assert curves(elsewhere(project, ledger_url)) == before

    drop_files(project)

    def files() -> int:
        return sum(path.stat().st_size for path in project.root.rglob("*metrics.db"))

    back = str(project.root.parent / "lab.db")
    assert killed_until_done(project, ledger_url, back, files) > 1
    assert curves(Ledger(back, root=project.root)) == before
