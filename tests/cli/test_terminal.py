"""A terminal shows data and never obeys it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.project import Project
from tests.cli.sample import invoke, run
from tests.cli.terminal import LOOK, seen

EVIL = "\x1b]0;owned\x07\x9b31m\x7f\u202etxt\u2028[bold]x[/bold]:smile:"
WRITTEN_OUT = r"\x1b]0;owned\x07\x9b31m\x7f\u202etxt\u2028[bold]x[/bold]:smile:"


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A project whose data would move cursors, change titles and hide text."""
    project = Project(tmp_path / "evil")
    failed = project.session("train", {EVIL: EVIL, "nested": {EVIL: [EVIL]}}).start()
    failed.result = {EVIL: EVIL}
    failed.attach_files({EVIL: failed.folder / "none"})
    failed.note(f"two\n{EVIL}")
    failed.error(f"first\n{EVIL}")
    project.ledger.store.close()
    return project.root


COMMANDS = [["ls"], ["show", "train/0001"], ["verify"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_control_characters_and_markup_of_data_are_written_out(
    evil: Path, words: list[str]
) -> None:
    piped = run(*words, cwd=evil).stdout
    assert WRITTEN_OUT in piped
    assert not [c for c in piped if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize("words", COMMANDS[:2], ids=" ".join)
def test_a_terminal_gets_no_other_escapes_than_ours(evil: Path, words: list[str]) -> None:
    shown = seen(*words, cwd=evil, width=2000)
    assert WRITTEN_OUT in shown
    assert LOOK.search(shown)
    assert not [c for c in LOOK.sub("", shown) if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize("words", COMMANDS[:2], ids=" ".join)
def test_json_is_ascii_without_a_control_character(evil: Path, words: list[str]) -> None:
    text = run(*words, "--json", cwd=evil).stdout
    assert text.isascii()
    assert text.endswith("\n")
    assert text[:-1].isprintable()


def test_an_error_message_is_written_out_too(project: Project) -> None:
    result = invoke("show", f"./train/{EVIL}")
    assert result.exit_code == 3
    assert WRITTEN_OUT in result.stderr
    assert "\x1b" not in result.stderr


def test_a_name_cannot_pretend_to_be_a_line_of_its_own(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.session("train", {"a\ntrain/0002  done": "b\ntrain/0003  done"})
    for words in (["ls", "-p", str(tmp_path)], ["show", "train/0001", "-p", str(tmp_path)]):
        assert r"a\x0atrain/0002" in invoke(*words).stdout


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_fits_the_terminal(project: Project, width: int) -> None:
    project.session("train", {"text": "long " * 100, "more": list(range(100))})
    lines = LOOK.sub("", seen("ls", cwd=project.root, width=width)).splitlines()
    assert len(lines) == 7
    assert max(map(len, lines)) <= width
    assert "…" in lines[-1]
    assert "optim" in lines[1]


def test_a_pipe_gets_whole_lines(project: Project) -> None:
    project.session("train", {f"param_{number}": "x" * 50 for number in range(20)})
    done = run("ls", cwd=project.root)
    assert f"param_19={'x' * 50}" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_terminal_is_spared_columns_that_say_nothing(project: Project) -> None:
    assert "attempt" not in seen("ls", cwd=project.root)
    assert "attempt" in run("ls", cwd=project.root).stdout
    failed = project.session_of("imagenet/train/0001").start()
    failed.error("again")
    assert "attempt" in seen("ls", cwd=project.root)


def test_many_rows_are_printed_without_fitting(project: Project) -> None:
    fast = Project(project.root, durability="process")
    for _ in range(1000):
        fast.ledger.allocate("many")
    assert len(seen("ls", "--all", cwd=project.root).splitlines()) == 1 + 1005


def test_no_color_is_respected(project: Project) -> None:
    for words in (["ls"], ["show", "train/0001"]):
        assert "\x1b" in seen(*words, cwd=project.root)
        assert "\x1b" not in seen(*words, cwd=project.root, NO_COLOR="1")


def test_a_character_that_the_encoding_lacks_is_no_reason_to_stop(project: Project) -> None:
    project.session("train", {"name": "\N{GREEK SMALL LETTER LAMDA}"})
    done = run("ls", cwd=project.root, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert r"name=\u03bb" in done.stdout
