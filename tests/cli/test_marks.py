"""`pycaddy tag`, `note`, `rm`, `restore`, `gc` and `du`."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest
from click.testing import CliRunner

from pycaddy.cli._format import size
from pycaddy.cli._program import program
from pycaddy.project import Project, Status
from tests.cli.sample import PROGRAM, document, invoke, snapshot


def names(project: Project) -> list[str]:
    return [str(run.key) for run in project.sessions(recursive=True)]


def test_tags_are_put_on_and_taken_off(project: Project) -> None:
    assert invoke("tag", "train/0002", "paper", "baseline").stdout == "train/0002: baseline paper\n"
    assert document("tag", "0002", "-d", "paper", "new")["tags"] == ["baseline", "new"]
    assert project.session_of("train/0002").tags == ("baseline", "new")
    assert invoke("tag", "eval/0001").stdout == "eval/0001: no tag\n"


@pytest.mark.parametrize(
    ("words", "exit_code", "sentence"),
    [
        (["tag", "train/0002", "two words"], 3, "cannot be used"),
        (["tag", "train/0002", "a", "-d", "a"], 2, "both put on and taken off"),
        (["tag", "train/0042", "a"], 3, "No run '0042'"),
        (["note", "train/0002", "a", "--remove"], 2, "not both"),
        (["rm", "train/0042", "--yes"], 3, "No run '0042'"),
        (["rm", "train/0002"], 2, "Add --yes"),
        (["restore", "train/0002"], 3, "is not in the trash"),
        (["gc"], 2, "Say what may go"),
        (["gc", "--status", "error"], 2, "Add --yes"),
        (["gc", "--min", "--status", "error"], 2, "Give both"),
        (["gc", "--older-than", "soon", "--yes"], 2, "'soon' is no span of time"),
        (["gc", "--empty-trash", "--status", "error"], 2, "--older-than only"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence_and_changes_nothing(
    project: Project, words: list[str], exit_code: int, sentence: str
) -> None:
    before = snapshot(project.root / "train")
    result = invoke(*words)
    assert result.exit_code == exit_code
    assert sentence in result.stderr
    assert snapshot(project.root / "train") == before


def test_a_note_is_written_shown_and_taken_away(project: Project) -> None:
    assert invoke("note", "train/0002", "of figure 3").stdout == "of figure 3\n"
    assert document("note", "train/0002")["note"] == "of figure 3"
    shown = invoke("show", "train/0002").stdout
    assert "note\nof figure 3\n" in shown
    assert document("note", "train/0002", "--remove")["note"] is None
    assert invoke("note", "train/0002").stdout == "train/0002: no note\n"


def test_a_run_is_removed_and_restored(project: Project) -> None:
    assert document("rm", "train/0002", "./train/0003", "0002", "--yes")["runs"] == [
        "train/0002",
        "train/0003",
    ]
    assert names(project) == ["eval/0001", "train/0001", "imagenet/train/0001"]
    assert "train/0002  removed" in invoke("restore").stdout
    found = document("restore", "train/0003")
    assert (found["restored"], found["trash"]) == (["train/0003"], ["train/0002"])
    assert (project.root / "train/0003/model.pt").read_text() == "weights"


def test_a_run_that_somebody_works_on_is_not_removed(project: Project) -> None:
    project.session("busy").start()
    result = invoke("rm", "busy/0001", "--yes")
    assert result.exit_code == 3
    assert "busy/0001 is RUNNING" in result.stderr


@pytest.mark.parametrize(("answer", "left"), [("y\n", 4), ("n\n", 5), ("\n", 5)])
def test_on_a_terminal_a_person_is_asked_first(project: Project, answer: str, left: int) -> None:
    ours, theirs = pty.openpty()
    process = os.fork()
    if process == 0:
        os.setsid()
        for descriptor in (0, 1, 2):
            os.dup2(theirs, descriptor)
        os.execv(PROGRAM[0], [*PROGRAM, "rm", "train/0002"])
    os.close(theirs)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(ours, 1000)
    assert b"Put train/0002 into the trash?" in seen
    os.write(ours, answer.encode())
    try:
        while os.read(ours, 1000):
            pass
    except OSError:  # the program has closed the terminal
        pass
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(ours)
    assert code == (0 if left == 4 else 1)
    assert len(names(project)) == left


def test_gc_takes_what_nothing_speaks_for(project: Project) -> None:
    words = ("gc", "--keep-best", "loss", "1", "--min", "--status", "done")
    project.session_of("train/0001").tag("kept")
    dry = document(*words, "--dry-run")
    assert (dry["runs"], dry["dry_run"]) == (["train/0002"], True)
    assert dry["bytes"] > len("weights")
    assert len(names(project)) == 5
    done = document(*words, "--yes")
    assert (done["runs"], done["dry_run"], done["bytes"]) == (["train/0002"], False, dry["bytes"])
    assert "train/0002" not in names(project)
    assert document(*words, "--tagged", "--yes")["runs"] == ["train/0001"]
    assert document(*words, "--yes")["runs"] == []


def test_the_trash_is_emptied_for_good(project: Project) -> None:
    invoke("rm", "train/0002", "--yes")
    assert document("gc", "--empty-trash", "--older-than", "1h", "--yes")["runs"] == []
    kept = document("gc", "--empty-trash", "--dry-run")
    assert (kept["runs"], kept["deleted"]) == (["train/0002"], False)
    found = document("gc", "--empty-trash", "--yes")
    assert (found["runs"], found["deleted"]) == (["train/0002"], True)
    assert not list(project.root.rglob("0002/*"))
    assert project.trash() == []
    assert invoke("restore", "train/0002").exit_code == 3


def test_du_adds_up(project: Project) -> None:
    (project.root / "train/0002/large.bin").write_bytes(b"x" * 3_000_000)
    project.session_of("train/0003").remove()
    found = document("du")
    sizes = {item["run"]: item["bytes"] for item in found["runs"]}
    assert 3_000_000 < sizes["train/0002"] < 3_010_000
    train = next(item for item in found["identifiers"] if item["identifier"] == "train")
    assert train["bytes"] == sizes["train/0001"] + sizes["train/0002"]
    assert found["trash"] > len("weights")
    assert found["total"] == sum(sizes.values()) + found["trash"] + found["ledger"]
    lines = invoke("du", "--runs", "1").stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:5]] == [
        "train", "imagenet/train", "eval", "train/0002",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (99_949, "100 kB"), (999_499, "999 kB"),
     (999_500, "1.0 MB"), (5 * 10**9, "5.0 GB"), (5 * 10**15, "5,000 TB")],
)  # fmt: skip
def test_a_size_is_short(bytes_: int, text: str) -> None:
    assert size(bytes_) == text


def complete(words: str) -> list[str]:
    """What the Tab key offers at the end of *words*, by way of bash."""
    typed = words.split(" ")
    env = {
        "_PYCADDY_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(typed) - 1),
    }
    result = CliRunner().invoke(program, [], prog_name="pycaddy", env=env)
    return [line.partition(",")[2] for line in result.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("pycaddy show tr", ["train/0003", "train/0002", "train/0001"]),
        ("pycaddy tag imagenet/", ["imagenet/train/0001"]),
        ("pycaddy ls im", ["imagenet", "imagenet/train"]),
        ("pycaddy restore ", []),
        ("pycaddy show nix", []),
    ],
)
def test_the_tab_key_offers_what_there_is(project: Project, words: str, offered: list[str]) -> None:
    assert complete(words) == offered


def test_the_tab_key_offers_nothing_where_there_is_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complete("pycaddy show ") == []
    assert not list(tmp_path.iterdir())


def test_the_tab_key_offers_removed_runs_to_restore(project: Project) -> None:
    project.session_of("train/0002").remove()
    assert complete("pycaddy restore t") == ["train/0002"]
    assert "train/0002" not in complete("pycaddy show t")
    assert project.session_of("train/0001").status is Status.DONE
