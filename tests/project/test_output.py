"""What a run prints is in its stdout.log, and still on the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from pycaddy.project import Project, Status
from tests.scripts import Talk

PRINTS = """
import ctypes, os, subprocess, sys
def prints(word):
    print(f"python {word}")
    sys.stderr.write(f"stderr {word}\\n")
    os.write(1, f"descriptor {word}\\n".encode())
    libc = ctypes.CDLL(None)
    libc.puts(f"C {word}".encode())
    libc.fflush(None)
    subprocess.run([sys.executable, "-c", f"print('child {word}')"], check=True)
"""
LINES = ["python", "stderr", "descriptor", "C", "child"]


def program(body: str) -> str:
    return f"{PRINTS}\nfrom pycaddy.project import Project\n{dedent(body)}"


def run(body: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program(body)],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    return done


def log(cwd: Path, name: str = "train/0001/stdout.log") -> list[str]:
    return (cwd / "results" / name).read_text().splitlines()


def lines(word: str) -> list[str]:
    return [f"{kind} {word}" for kind in LINES]


BODIES = {
    "with": """
        with Project("results", capture="output").session("train"):
            prints("inside")
    """,
    "start and done": """
        run = Project("results", capture="output").session("train").start()
        prints("inside")
        run.done()
    """,
    "another handle": """
        project = Project("results", capture="output")
        run = project.session("train").start()
        prints("inside")
        project.session_of(run.key).done()
    """,
    "claim": """
        for run in Project("results", capture="output").claim("train", [{}]):
            with run:
                prints("inside")
    """,
    "serial": """
        project = Project("results", capture="output")
        project.run(lambda run: prints("inside"), [{}], identifier="train", executor="serial",
                    progress=False)
    """,
}


@pytest.mark.parametrize("way", BODIES)
def test_all_that_is_printed_in_a_run_is_in_its_log_and_on_the_terminal(
    tmp_path: Path, way: str
) -> None:
    done = run(f"prints('before')\n{dedent(BODIES[way])}\nprints('after')", tmp_path)
    assert log(tmp_path) == lines("inside")
    for word in ("before", "inside", "after"):
        assert {f"{kind} {word}" for kind in LINES} <= set((done.stdout + done.stderr).splitlines())
    assert "stderr after" in done.stderr


def test_without_being_asked_for_nothing_is_kept(tmp_path: Path) -> None:
    run('Project("results").session("train").start().done()\nprints("x")', tmp_path)
    assert not (tmp_path / "results/train/0001/stdout.log").exists()


def test_a_traceback_that_ends_the_program_is_in_both(tmp_path: Path) -> None:
    body = """
        Project("results", capture="output").session("train").start()
        raise ValueError("no data")
    """
    done = run(body, tmp_path, code=1)
    assert log(tmp_path)[-1] == "ValueError: no data"
    assert "ValueError: no data" in done.stdout


def test_the_log_is_there_while_the_run_goes_on_and_after_a_kill(tmp_path: Path) -> None:
    body = """
        import sys
        run = Project("results", capture="output").session("train").start()
        print("first line")
        os.write(run_terminal, b"go\\n")
        sys.stdin.readline()
    """
    # The talk goes over a copy of the terminal: what is printed comes when it comes.
    with Talk("import os\nrun_terminal = os.dup(1)\n" + program(body), tmp_path) as talk:
        assert talk.line() in ("go", "first line")
        assert log(tmp_path) == ["first line"]


def test_attempts_add_to_the_log(tmp_path: Path) -> None:
    run("""
        run = Project("results", capture="output").session("train").start()
        print("one")
        run.error("x")
        with run:
            print("two")
    """, tmp_path)  # fmt: skip
    assert log(tmp_path) == ["one", "two"]


def test_of_runs_at_the_same_time_the_first_one_has_the_output(tmp_path: Path) -> None:
    run("""
        project = Project("results", capture="output")
        with project.session("train"):
            print("one")
            with project.session("train") as inner:
                print("two")
            print("three")
        assert inner.is_done()
        with project.session("train"):
            print("four")
    """, tmp_path)  # fmt: skip
    assert log(tmp_path) == ["one", "two", "three"]
    assert not (tmp_path / "results/train/0002/stdout.log").exists()
    assert log(tmp_path, "train/0003/stdout.log") == ["four"]
    problems = Project(tmp_path / "results").session_of("train/0002").capture["problems"]
    assert problems == ["output: run train/0001 of this process has it"]


def test_threads_share_the_output_of_one_of_them(tmp_path: Path) -> None:
    run("""
        project = Project("results", capture="output")
        report = project.run(lambda run: print("x"), [{"x": x} for x in range(8)],
                             identifier="train", executor="threads", workers=4, progress=False)
        assert report.done == 8
    """, tmp_path)  # fmt: skip
    runs = Project(tmp_path / "results").sessions("train", status=Status.DONE)
    with_log = [one for one in runs if (one.folder / "stdout.log").exists()]
    refused = [one for one in runs if "problems" in one.capture]
    assert len(with_log) + len(refused) == 8
    assert with_log


def test_a_worker_process_keeps_its_output_once(tmp_path: Path) -> None:
    (tmp_path / "go.py").write_text(program("""
        def train(run):
            with run:
                prints("inside")
        if __name__ == "__main__":
            Project("results", capture="output").run(train, [{}], progress=False)
    """))  # fmt: skip
    subprocess.run([sys.executable, "go.py"], cwd=tmp_path, check=True)
    assert log(tmp_path) == lines("inside")


def test_what_a_child_prints_after_the_run_is_in_the_log(tmp_path: Path) -> None:
    run("""
        import pathlib
        with Project("results", capture="output").session("train") as run:
            child = subprocess.Popen(["sh", "-c", "read line; echo $line"], stdin=subprocess.PIPE)
        child.communicate(b"late\\n")
    """, tmp_path)  # fmt: skip
    assert log(tmp_path) == ["late"]


def test_much_output_at_once_blocks_nobody(tmp_path: Path) -> None:
    done = run("""
        with Project("results", capture="output").session("train"):
            # PyDLL keeps the interpreter's lock: no thread of ours can run meanwhile.
            ctypes.PyDLL(None).write(1, b"x" * 5_000_000, 5_000_000)
    """, tmp_path)  # fmt: skip
    assert (tmp_path / "results/train/0001/stdout.log").stat().st_size == 5_000_000
    assert len(done.stdout) == 5_000_000


def test_a_terminal_that_is_gone_does_not_end_the_run(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    body = """
        with Project("results", capture="output").session("train") as run:
            print("x" * 100_000)
    """
    process = subprocess.run(
        [sys.executable, "-c", program(body)], cwd=tmp_path, stdout=writer, check=False
    )
    os.close(writer)
    assert process.returncode == 0
    assert Project(tmp_path / "results").session_of("train/0001").is_done()
    assert len(log(tmp_path)[0]) == 100_000


def test_a_forked_child_writes_to_the_log_of_the_run_it_is_in(tmp_path: Path) -> None:
    run("""
        with Project("results", capture="output").session("train"):
            sys.stdout.flush()
            if (pid := os.fork()) == 0:
                print("child")
                sys.exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            print("parent")
    """, tmp_path)  # fmt: skip
    assert log(tmp_path) == ["child", "parent"]


def test_a_stream_that_is_not_the_descriptor_is_copied(tmp_path: Path) -> None:
    done = run("""
        import io
        screen = sys.stdout
        sys.stdout = notebook = io.StringIO()
        with Project("results", capture="output").session("train"):
            print("cell")
            kept = sys.stdout
        print("after")
        kept.write("from a handler of the logging\\n")
        sys.stdout = screen
        assert notebook.getvalue() == "cell\\nafter\\nfrom a handler of the logging\\n"
    """, tmp_path)  # fmt: skip
    assert log(tmp_path) == ["cell"]
    assert done.stdout == ""
