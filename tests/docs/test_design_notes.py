"""The index of the design notes lists each note with its title and status."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

NOTES = Path(__file__).parents[2] / "docs" / "design"
INDEX = NOTES / "index.md"
FILES = sorted(path for path in NOTES.glob("*.md") if path != INDEX)
COLUMNS = 110

_ROW = re.compile(
    r"\| (?P<number>\d+) \| \[(?P<title>.+)\]\((?P<file>[\w.-]+)\) \| (?P<status>[^|]+) "
    r"\| (?P<date>\d{4}-\d\d-\d\d) \| (?P<summary>[^|]+) \|"
)
_STATUS = re.compile(r"accepted|superseded (in part )?by (?P<by>\d+)")


class Row(NamedTuple):
    number: int
    title: str
    file: str
    status: str
    date: str
    summary: str


def rows() -> list[Row]:
    lines = [line for line in INDEX.read_text().splitlines() if re.match(r"\| *\d", line)]
    found = [_ROW.fullmatch(line) for line in lines]
    return [Row(int(row["number"]), *row.groups()[1:]) for row in found if row is not None]


def test_the_index_lists_every_note_once_in_order() -> None:
    assert [row.file for row in rows()] == [path.name for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_index_has_the_number_and_the_title_of_a_note(path: Path) -> None:
    (row,) = (row for row in rows() if row.file == path.name)
    assert path.name.startswith(f"{row.number:04d}-")
    assert path.read_text().splitlines()[0] == f"# {row.number}. {row.title}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_a_superseded_note_and_its_successor_name_each_other(row: Row) -> None:
    status = _STATUS.fullmatch(row.status)
    assert status is not None, f"{row.status!r} is not a status"
    if status["by"] is None:
        return
    (successor,) = (other for other in rows() if other.number == int(status["by"]))
    assert f"]({successor.file})" in (NOTES / row.file).read_text()
    assert f"]({row.file})" in (NOTES / successor.file).read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_note_has_a_context_a_decision_and_consequences(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
    assert headings[:3] == ["Context", "Decision", "Consequences"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_note_is_wrapped(path: Path) -> None:
    lines = enumerate(path.read_text().splitlines(), 1)
    assert not [number for number, line in lines if len(line) > COLUMNS]
