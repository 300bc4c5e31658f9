from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from pycaddy.cli.status import _pace
from pycaddy.project import Project
from pycaddy.query.standing import pace, standing
from pycaddy.records import RunRecord
from pycaddy.status import Status
from pycaddy.stores import new_record
from pycaddy.testing.factories import new_run
from tests.cli.sample import PROGRAM, begin, document, invoke, make_stale_run

HOUR_US = 3600 * 10**6
NOW_US = 1_800_000_000_000_000


def ended(begun_ago: float, ended_ago: float | None) -> RunRecord:
    """A run with these times, in hours before now."""
    return new_record(new_run())._replace(
        started_us=NOW_US - round(begun_ago * HOUR_US),
        ended_us=None if ended_ago is None else NOW_US - round(ended_ago * HOUR_US),
    )


def test_the_pace_is_counted_over_the_last_hour() -> None:
    runs = [ended(3, 2), ended(2, 0.5), ended(0.5, 0.25)]
    assert pace([], runs, NOW_US) == 2


def test_the_pace_of_a_young_study_is_counted_since_it_began() -> None:
    assert pace([], [ended(0.5, 0.25), ended(0.25, 0)], NOW_US) == 4
    assert pace([ended(0.8, None)], [ended(0.5, 0.25)], NOW_US) == pytest.approx(1.25)


def test_there_is_no_pace_where_nothing_ended_lately() -> None:
    assert pace([ended(0.5, None)], [ended(3, 2)], NOW_US) is None


def test_the_time_left_is_known_where_somebody_is_on_a_run() -> None:
    counts, lately = {Status.PENDING: 3, Status.DONE: 2}, [ended(2, 0.5), ended(0.5, 0.1)]
    at_work = standing(counts, [ended(0.1, None)], 0, lately, NOW_US)
    assert at_work.seconds_left == 2 * 3600
    assert standing(counts, [], 1, lately, NOW_US).seconds_left is None
    assert standing(counts, [ended(0.1, None)], 0, [], NOW_US).seconds_left is None


def test_runs_are_counted_by_identifier_and_status(project: Project) -> None:
    make_stale_run(project.root)
    live = project.session("train", {"live": True}).start()
    found = document("status")
    assert found["project"] == str(project.root)
    counts = {
        each["identifier"]: [
            each[word] for word in ("pending", "running", "stale", "done", "error")
        ]
        for each in found["identifiers"]
    }
    assert counts == {
        "eval": [1, 0, 0, 0, 0],
        "train": [0, 1, 1, 3, 0],
        "imagenet/train": [0, 0, 0, 0, 1],
    }
    live.done()


def test_a_name_chooses_identifiers_as_for_ls(project: Project) -> None:
    names = [each["identifier"] for each in document("status", "train")["identifiers"]]
    assert names == ["train", "imagenet/train"]
    assert [each["identifier"] for each in document("status", "./imagenet")["identifiers"]] == [
        "imagenet/train"
    ]
    assert invoke("status", "nix").exit_code == 3


def test_people_read_a_table(project: Project) -> None:
    titles, *rows = invoke("status").stdout.splitlines()
    words = ["identifier", "pending", "running", "stale", "done", "error", "runs/h", "left"]
    assert titles.split() == words
    assert rows[0].split() == ["eval", "1", "0", "0", "0", "0"]


def test_an_empty_project_has_no_runs(tmp_path: Path) -> None:
    Project(tmp_path).sessions()
    result = invoke("status", "-p", tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"No runs in {tmp_path}.\n"


def test_a_watch_that_is_piped_prints_once_for_each_look(project: Project) -> None:
    process = begin("status", "train", "--watch", "0.1", "--json", cwd=project.root)
    assert process.stdout is not None
    first, second = (json.loads(process.stdout.readline()) for _ in range(2))
    assert first["at"] < second["at"]
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130


def test_a_watch_on_a_terminal_is_drawn_anew(project: Project) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "status", "--watch", "0.1"],
        cwd=project.root,
        env={**os.environ, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    output = b""
    while output.count(b"imagenet/train") < 2:
        output += os.read(ours, 65536)
    process.send_signal(signal.SIGINT)
    try:
        while piece := os.read(ours, 65536):
            output += piece
    except OSError:  # Linux says EIO when the last program has closed the terminal
        pass
    os.close(ours)
    assert process.wait() == 130
    assert b"\x1b[1A" in output  # up again, to draw over what was there
    assert output.count(b"\x1b[?25l") == output.count(b"\x1b[?25h") == 1  # the cursor is back


@pytest.mark.parametrize(
    ("runs_per_hour", "text"),
    [(0.25, "0.25"), (12.5, "12.5"), (999.4, "999"), (9759.6, "9,760"), (1e6, "1,000,000")],
)
def test_a_pace_has_no_exponent(runs_per_hour: float, text: str) -> None:
    assert _pace(runs_per_hour) == text
