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
from pycaddy.server import PrivateServer
from pycaddy.web import Page
from tests.cli.sample import document, invoke, make_others, make_stale_run, make_study
from tests.servers import server_folder

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
SECTIONS = {
    title: text
    for title, _, text in (section.partition("\n") for section in PAGE.split("\n## ")[1:])
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by the title of its section, the program itself first."""
    yield "pycaddy", program
    yield from commands_of(program)


def commands_of(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{above}{name} ")


_LISTS = ("runs", "history", "differences", "findings", "identifiers", "failures")
NAMED = dict(commands())
NEED_A_SERVER = ("ledger status", "ledger url", "ledger down")


@pytest.fixture(autouse=True)
def closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `ui` end without Ctrl-C, and open no browser."""
    monkeypatch.setattr(Page, "serve", Page.close)
    monkeypatch.setattr(click, "launch", lambda link: None)


@pytest.fixture(autouse=True)
def study(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the examples of `run` and `worker` name, in the project and above it."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "simulate", raising=False)
    for folder in (project.root, project.root.parent):
        make_study(folder)
    loud = project.session("loud").start()
    loud.path("stdout.log").write_text("line\n")
    loud.done()
    curves = project.session("curves").start()
    for step in range(30):
        curves.log("loss", 1 / (step + 1))
    curves.done()
    project.session("old").start().done().remove()


@pytest.fixture(scope="module")
def server(made_server: Path) -> Iterator[Path]:
    """The server of one's own that the examples start and stop."""
    with pytest.MonkeyPatch.context() as patch, server_folder(made_server) as folder:
        patch.setenv("PYCADDY_SERVER", str(folder))
        patch.setenv("PGPASSFILE", str(folder.parent / "pgpass"))
        yield folder


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
    assert "Examples:" in invoke(*name.split(), "--help").stdout


@pytest.mark.parametrize("name", NAMED)
def test_the_help_tells_of_every_option(name: str) -> None:
    options = [option for option in NAMED[name].params if isinstance(option, click.Option)]
    assert not [option.name for option in options if not option.help]


@pytest.mark.parametrize("title", SECTIONS)
def test_the_examples_of_the_page_can_be_typed(
    project: Project, server: Path, monkeypatch: pytest.MonkeyPatch, title: str
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
    project: Project, server: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name in NEED_A_SERVER:
        PrivateServer().up()
    for number in range(4, 8):  # the examples speak of train/0007
        run = project.session("train").start()
        run.log({"loss": 0.5, "val/acc": 0.9})
        run.done()
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
        ("tail", ["tail", "loud/0001"]),
        ("tag", ["tag", "train/0001", "baseline"]),
        ("note", ["note", "train/0001", "text"]),
        ("rerun", ["rerun", "train/0001", "--in-place", "--dry-run"]),
        ("rm", ["rm", "train/0001", "--yes"]),
        ("restore", ["restore"]),
        ("gc", ["gc", "--status", "done", "--yes"]),
        ("du", ["du"]),
        ("ls", ["ls"]),
        ("show", ["show", "train/0001"]),
        ("ui", ["ui"]),
        ("export", ["export", "--archive", "../some.zip", "-w", "status == 'done'"]),
        ("import", ["import", "../runs.zip"]),
        ("import", ["import", "../old", "--from", "pycaddy-0.2", "-p", "../newer"]),
        ("report", ["report", "-o", "report.html"]),
        ("plot", ["plot", "scatter", "epochs", "result.loss", "-o", "a.svg"]),
        ("diff", ["diff", "train/0001", "train/0002"]),
        ("best", ["best", "loss"]),
        ("query", ["query", "epochs == 10"]),
        ("log", ["log", "curves/0001"]),
        ("log", ["log", "curves/0001", "loss"]),
        ("migrate", ["migrate", "train", "--add", "wd=0.0", "--dry-run"]),
        ("verify", ["verify"]),
        ("doctor", ["doctor"]),
        ("rebuild", ["rebuild"]),
        ("ledger info", ["ledger", "info"]),
        ("ledger init", ["ledger", "init", "."]),
        ("ledger backup", ["ledger", "backup"]),
        ("ledger copy", ["ledger", "copy", ".", "lab.db"]),
        ("ledger up", ["ledger", "up"]),
        ("ledger status", ["ledger", "status"]),
        ("ledger url", ["ledger", "url"]),
        ("ledger down", ["ledger", "down"]),
    ],
)
def test_every_key_of_a_document_stands_on_the_page(
    project: Project, server: Path, title: str, words: list[str]
) -> None:
    if title in NEED_A_SERVER:
        PrivateServer().up()

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
    text = SECTIONS[title] + (SECTIONS["ls"] if title in ("show", "reap", "best", "query") else "")
    assert not [key for key in keys(found) if f"`{key}`" not in text]
