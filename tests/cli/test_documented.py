"""docs/cli.md names every command and option, and what it shows can be typed."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pycaddy.cli._exit import ExitCode
from pycaddy.cli._program import program
from pycaddy.project import Project
from tests.cli.sample import document, invoke, make_others, make_stale_run, make_study

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
SECTIONS = {
    title: text
    for title, _, text in (section.partition("\n") for section in PAGE.split("\n## ")[1:])
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by the title of its section, the program itself first."""
    context = click.Context(program)
    yield "pycaddy", program
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        assert command is not None
        yield name, command


_LISTS = ("runs", "history", "differences", "findings", "identifiers", "failures")
NAMED = dict(commands())


@pytest.fixture(autouse=True)
def study(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the examples of `run` and `worker` name, in the project and above it."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "simulate", raising=False)
    for folder in (project.root, project.root.parent):
        make_study(folder)


@pytest.mark.parametrize("name", NAMED)
def test_every_command_has_a_section_with_its_options_and_an_example(name: str) -> None:
    section = SECTIONS[name]
    assert f"$ pycaddy {'' if name == 'pycaddy' else name}" in section
    described = "\n".join(line for line in section.splitlines() if line.startswith("* "))
    for parameter in NAMED[name].params:
        words = parameter.opts if isinstance(parameter, click.Option) else [parameter.name.upper()]
        missing = [word for word in words if f"`{word}`" not in described]
        assert not missing, f"docs/cli.md describes no {missing} under '{name}'"


@pytest.mark.parametrize("name", [name for name in NAMED if name != "pycaddy"])
def test_the_help_of_a_command_shows_examples_of_it(name: str) -> None:
    epilog = NAMED[name].epilog or ""
    assert f"pycaddy {name}" in epilog
    assert "Examples:" in invoke(name, "--help").stdout


@pytest.mark.parametrize("name", NAMED)
def test_the_help_tells_of_every_option(name: str) -> None:
    options = [option for option in NAMED[name].params if isinstance(option, click.Option)]
    assert not [option.name for option in options if not option.help]


@pytest.mark.parametrize("title", SECTIONS)
def test_the_examples_of_the_page_can_be_typed(
    project: Project, monkeypatch: pytest.MonkeyPatch, title: str
) -> None:
    monkeypatch.chdir(project.root.parent)
    for line in re.findall(r"^\$ (.+)$", SECTIONS[title], re.MULTILINE):
        program_name, *words = shlex.split(line)
        if program_name == "cd":
            monkeypatch.chdir(*words)
        else:
            assert program_name == "pycaddy"
            result = invoke(*words)
            assert result.exit_code == 0, f"{line}\n{result.output}"


@pytest.mark.parametrize("name", [name for name in NAMED if name != "pycaddy"])
def test_the_examples_of_the_help_can_be_typed(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for number in range(4, 8):  # the examples speak of train/0007
        project.session("train").start().done()
        (project.root / f"train/000{number}/model.pt").write_text("")
    make_others(project)
    for line in re.findall(r"^  pycaddy (.+)$", NAMED[name].epilog or "", re.MULTILINE):
        monkeypatch.chdir(project.root.parent if "results" in line else project.root)
        result = invoke(*shlex.split(line))
        assert result.exit_code == 0, f"{line}\n{result.output}"


def test_every_exit_code_stands_on_the_page() -> None:
    assert re.findall(r"^\| (\d+) \|", SECTIONS["Exit codes"], re.MULTILINE) == [
        str(int(code)) for code in ExitCode
    ]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("run", ["run", "simulate:simulate", "--sweep", "failing.json"]),
        ("worker", ["worker", "simulate:simulate", "--sweep", "failing.json"]),
        ("status", ["status"]),
        ("reap", ["reap", "--dry-run"]),
        ("ls", ["ls"]),
        ("show", ["show", "train/0001"]),
        ("export", ["export", "--archive", "../some.zip", "-w", "status == 'done'"]),
        ("import", ["import", "../runs.zip"]),
        ("import", ["import", "../old", "--from", "pycaddy-0.2", "-p", "../newer"]),
        ("report", ["report", "-o", "report.html"]),
        ("plot", ["plot", "scatter", "epochs", "result.loss", "-o", "a.svg"]),
        ("verify", ["verify"]),
        ("doctor", ["doctor"]),
        ("rebuild", ["rebuild"]),
    ],
)
def test_every_key_of_a_document_stands_on_the_page(
    project: Project, title: str, words: list[str]
) -> None:
    def keys(value: object) -> Iterator[str]:
        if isinstance(value, list):
            for item in value:
                yield from keys(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                yield key
                if key in _LISTS:
                    yield from keys(item)
                if key == "files" and isinstance(item, dict):
                    yield from keys(list(item.values()))

    make_others(project)
    make_stale_run(project.root)
    (project.root / "train/0002/model.pt").write_text("changed")
    found = document(*words, exit_code=1 if title in ("run", "worker", "verify") else 0)
    text = SECTIONS[title] + (SECTIONS["ls"] if title in ("show", "reap") else "")
    assert not [key for key in keys(found) if f"`{key}`" not in text]
