"""How the program begins and ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pycaddy.cli._program import COMMANDS
from pycaddy.project import Project
from tests.cli.sample import PROGRAM, invoke, run

SCRIPT = Path(sys.executable).with_name("pycaddy")

REPORT = """
import sys
from pycaddy.cli import main
try:
    main()
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture
def talkative(tmp_path: Path) -> Path:
    """A project with more to print than a pipe holds."""
    project = Project(tmp_path / "talkative", durability="process")
    project.session("train", {"text": "word " * 200_000})
    params = {f"param_{number}": "x" * 50 for number in range(20)}
    for _ in range(300):
        project.ledger.allocate("many", params=params)
    project.ledger.store.close()
    return project.root


@pytest.mark.parametrize("program", [[SCRIPT], [*PROGRAM]], ids=["script", "module"])
def test_the_script_and_the_module_are_the_same_program(program: list[str | Path]) -> None:
    printed = subprocess.run([*program, "--version"], check=True, capture_output=True, text=True)
    assert printed.stdout == f"pycaddy {version('pycaddy')}\n"


def test_help_lists_the_commands_and_the_exit_codes() -> None:
    text = invoke("--help").stdout
    for word in (*COMMANDS, "Exit codes: 0", "3 an error"):
        assert word in text
    assert invoke("-h").stdout == text


def test_an_unknown_command_or_option_is_wrong_usage() -> None:
    assert invoke("sl").exit_code == 2
    assert invoke("ls", "--nonsense").exit_code == 2
    assert invoke("show").exit_code == 2


def loaded_by(*words: str, cwd: Path) -> set[str]:
    """The modules that the program has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *words], cwd=cwd, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["ls"],
        ["ls", "--json"],
        ["show", "train/0001"],
        ["verify"],
        ["status"],
        ["reap"],
    ],
    ids=" ".join,
)
def test_what_is_piped_needs_no_rich(project: Project, words: list[str]) -> None:
    assert "rich" not in loaded_by(*words, cwd=project.root)


def test_a_command_loads_no_other(project: Project) -> None:
    loaded = loaded_by("ls", cwd=project.root)
    assert "pycaddy.cli.ls" in loaded
    assert not loaded & {"pycaddy.cli.show", "pycaddy.cli.rebuild", "pycaddy.cli.doctor"}


def test_the_version_loads_nothing_of_the_library(tmp_path: Path) -> None:
    assert not loaded_by("--version", cwd=tmp_path) & {"pycaddy.project", "sqlite3"}


@pytest.mark.parametrize(
    "words", [["ls", "--all"], ["ls", "--all", "--json"], ["show", "train/0001"]], ids=" ".join
)
def test_a_reader_who_has_seen_enough_ends_it_silently(talkative: Path, words: list[str]) -> None:
    process = subprocess.Popen(
        [*PROGRAM, *words],
        cwd=talkative,
        # Without a buffer Python forgets what a pipe took only a part of, and sees no error.
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 128 + signal.SIGPIPE


@pytest.mark.parametrize("words", [["ls"], ["ls", "--help"]], ids=" ".join)
def test_a_reader_who_was_never_there_ends_it_silently(project: Project, words: list[str]) -> None:
    readable, writable = os.pipe()
    os.close(readable)
    done = subprocess.run(
        [*PROGRAM, *words], cwd=project.root, stdout=writable, stderr=subprocess.PIPE, check=False
    )
    os.close(writable)
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_an_interrupt_ends_it_without_a_traceback(talkative: Path) -> None:
    process = subprocess.Popen(
        [*PROGRAM, "ls", "--all"],
        cwd=talkative,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(1)  # it prints now, and waits for us to read more
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert errors == b"\n"
    assert process.returncode == 128 + signal.SIGINT


def test_a_full_disk_is_told_in_a_sentence(project: Project) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "ls", "--json"],
            cwd=project.root,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr == "Error: No space left on device. Check the disk and the permissions.\n"


def test_what_the_disk_refuses_is_told_in_a_sentence(project: Project) -> None:
    sidecar = project.root / "train/0001/run.json"
    sidecar.unlink()
    sidecar.mkdir()
    result = invoke("doctor", "--fix")
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: ")
    assert "Is a directory" in result.stderr


def test_json_is_one_document_and_notes_go_elsewhere(project: Project) -> None:
    done = run("ls", "--json", "-n", "1", cwd=project.root)
    assert len(json.loads(done.stdout)["runs"]) == 1
    assert done.stderr == "4 older runs left out; --all lists them too.\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_comes_for_the_shells(tmp_path: Path, shell: str) -> None:
    done = run(cwd=tmp_path, _PYCADDY_COMPLETE=f"{shell}_source")
    assert done.returncode == 0
    assert "pycaddy" in done.stdout


def test_commands_and_options_are_completed(tmp_path: Path) -> None:
    typed = {"_PYCADDY_COMPLETE": "fish_complete", "COMP_WORDS": "pycaddy ls --st"}
    assert "--status" in run(cwd=tmp_path, COMP_CWORD="--st", **typed).stdout
