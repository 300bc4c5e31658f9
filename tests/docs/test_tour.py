"""The tour of the command line, taken: a fresh project, every command, what the page says came."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pycaddy.cli._program import program
from tests.docs.console import Terminal, differences, is_alike, typed
from tests.servers import server_folder

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tour.md"


def commands_of(group: click.Group, above: str = "pycaddy") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{above} {name}")
        else:
            yield f"{above} {name}"


@pytest.mark.parametrize("command", list(commands_of(program)))
def test_every_command_of_the_program_is_on_the_tour(command: str) -> None:
    calls = [each.command for each in typed(PAGE)]
    assert any(re.search(rf"\b{command}\b", call) for call in calls)


def test_no_line_of_the_page_is_only_placeholders() -> None:
    for each in typed(PAGE):
        for line in each.shown:
            tokens = line.split()
            assert tokens, f"{PAGE}, at {each.line}: an empty line"
            assert tokens.count("...") < len(tokens), f"{PAGE}, at {each.line}: {line!r}"


def test_the_tour_goes_as_the_page_says(tmp_path: Path, made_server: Path) -> None:
    folder = tmp_path / "digits"
    folder.mkdir()
    shutil.copy(ROOT / "examples/digits_curves.py", folder)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "COLUMNS": "100",
        "TZ": "UTC",
        "PGPASSFILE": str(tmp_path / "pgpass"),
        **{f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")},
    }  # fmt: skip
    wrong: list[str] = []
    with server_folder(made_server) as server:
        terminal = Terminal(folder, {**environment, "PYCADDY_SERVER": str(server)})
        for each in typed(PAGE):
            printed = [line.replace(str(server), "/data/server") for line in terminal.type(each)]
            if found := differences(each.shown, printed):
                wrong += [f"line {each.line}: $ {each.command}", *found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("page", "came"),
    [
        ("...", "http://127.0.0.1:41"),
        ("1.2s", "3m10s"),
        ("2026-11-27", "2027-01-02"),
        ("10:00:00+00:00", "23:59:59+00:00"),
        ("3f0c9ad", "0123456"),
        ("31416488f3b8…", "30385cdd9355…"),
        ("0.97", "0.93"),
        ("acc=97.5%,", "acc=96.1%,"),
    ],
)
def test_what_differs_each_time_is_alike(page: str, came: str) -> None:
    assert is_alike(page, came)


@pytest.mark.parametrize(
    ("page", "came"),
    [
        ("done", "error"),
        ("40", "39"),
        ("0.97", "0.8"),
        ("0.97", "0.97%"),
        ("acc=0.97", "loss=0.97"),
        ("1.2s", "2026-11-27"),
        ("3f0c9ad", "3f0c9ad0"),
        ("3f0c9ad", "3f0c9a…"),
        ("1.2s", "..."),
        ("", "done"),
    ],
)
def test_what_is_another_thing_is_not(page: str, came: str) -> None:
    assert not is_alike(page, came)


def test_a_line_too_many_or_too_few_is_a_difference() -> None:
    assert differences(["a", "b"], ["a"]) == ["- b"]
    assert differences(["a"], ["a", "b"]) == ["+ b"]
    assert differences(["a b"], ["a b c"]) == ["- a b", "+ a b c"]
    assert differences(["a   b"], ["a b"]) == []
