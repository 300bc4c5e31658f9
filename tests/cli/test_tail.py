"""`pycaddy tail`: the end of a run's output, and what comes after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycaddy.project import Project, Session, StorageMode
from tests.cli.sample import begin, document, invoke, make_stale_run
from tests.cli.test_terminal import EVIL, WRITTEN_OUT


def printing(project: Project, text: str | bytes) -> Session:
    run = project.session("loud").start()
    run.path("stdout.log").write_bytes(text.encode() if isinstance(text, str) else text)
    return run


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("a\nb\nc\n", ["-n", "2"], "b\nc\n"),
        ("a\nb\nc", ["-n", "2"], "b\nc\n"),
        ("a\nb\n", ["-n", "0"], ""),
        ("a\nb\n", ["-n", "9"], "a\nb\n"),
        ("".join(f"{n}\n" for n in range(20)), [], "".join(f"{n}\n" for n in range(10, 20))),
        ("x" * 200_000 + "\nend\n", ["-n", "1"], "end\n"),
        ("\n\n\n", ["-n", "2"], "\n\n"),
        ("", [], ""),
        (" 10%\r 50%\r100%\nend\r\n", [], "100%\nend\n"),
        ("a\tb\n", [], "a\tb\n"),
        (b"\xff\n", [], "\ufffd\n"),
    ],
)
def test_the_last_lines_are_shown(
    project: Project, text: str | bytes, words: list[str], shown: str
) -> None:
    printing(project, text).done()
    result = invoke("tail", "loud/0001", *words)
    assert (result.exit_code, result.stdout) == (0, shown)


def test_what_is_printed_is_shown_as_it_comes_until_the_run_ends(project: Project) -> None:
    run = printing(project, "first\n")
    with begin("tail", "loud/0001", cwd=project.root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first\n"
        with run.path("stdout.log").open("a") as log:
            log.write("second\nbegun")
            log.flush()
            assert process.stdout.readline() == "second\n"
            log.write(" and ended\nlast")
        run.done()
        assert process.stdout.read() == "begun and ended\nlast\n"
        assert process.wait() == 0


def test_a_run_that_has_not_begun_is_waited_for(project: Project) -> None:
    run = project.session("loud")
    with begin("tail", "loud/0001", cwd=project.root) as process:
        assert process.stdout is not None
        with run:
            run.path("stdout.log").write_text("first\n")
            assert process.stdout.readline() == "first\n"
        assert process.wait() == 0


def test_a_run_whose_process_is_gone_is_not_waited_for(project: Project) -> None:
    make_stale_run(project.root)
    project.session_of("train/0004").path("stdout.log").write_text("last words\n")
    assert invoke("tail", "train/0004").stdout == "last words\n"


def test_without_following_the_end_is_not_waited_for(project: Project) -> None:
    printing(project, "first\n")
    assert invoke("tail", "loud/0001", "--no-follow").stdout == "first\n"
    found = document("tail", "loud/0001")
    assert found["lines"] == ["first"]
    assert found["status"] == "running"
    assert found["path"] == str(project.root / "loud/0001/stdout.log")


def test_a_run_without_output_is_said_to_have_none(project: Project) -> None:
    result = invoke("tail", "train/0001")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "its output was not kept" in result.stderr
    assert document("tail", "train/0001", exit_code=1)["lines"] is None


def test_the_file_of_a_run_with_a_prefix_is_found(project: Project) -> None:
    run = project.session("loud", storage_mode=StorageMode.PREFIX).start()
    run.path("stdout.log").write_text("first\n")
    run.done()
    assert invoke("tail", "loud/0001").stdout == "first\n"


def test_a_terminal_never_obeys_what_a_run_has_printed(project: Project) -> None:
    printing(project, f"{EVIL}\n").done()
    shown = invoke("tail", "loud/0001").stdout
    assert shown == f"{WRITTEN_OUT}\n"
    assert document("tail", "loud/0001")["lines"][0].startswith("\x1b]0;owned")


def test_tail_follows_what_pycaddy_run_keeps(project: Project, tmp_path: Path) -> None:
    (tmp_path / "talk.py").write_text("def talk(run):\n    print('hello', flush=True)\n")
    (tmp_path / "sweep.json").write_text('{"parameters": {"x": [1]}}')
    words = ["run", "talk:talk", "--sweep", "sweep.json", "-p", str(project.root)]
    with begin(*words, cwd=tmp_path) as process:
        process.communicate()
    assert process.returncode == 0
    assert invoke("tail", "talk/0001").stdout == "hello\n"
