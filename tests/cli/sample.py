"""A project to look at, and ways to look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from pycaddy.cli._program import program
from pycaddy.interop import export_archive
from pycaddy.project import Project

PROGRAM = (sys.executable, "-m", "pycaddy")


def make_project(root: Path) -> Project:
    """Three runs of train, DONE; one of imagenet/train, ERROR; one of eval, PENDING."""
    project = Project(root)
    for lr in (0.1, 0.01, 0.001):
        with project.session("train", {"epochs": 10, "optimizer": {"lr": lr}}) as run:
            run.path("model.pt").write_text("weights")
            run.attach_files({"model": run.path("model.pt")}, hash=True)
            run.result = {"loss": lr * 2}
    failed = project.sub("imagenet").session("train", {"seed": 1}).start()
    failed.error("first line\nout of memory")
    project.session("eval", {"k": 5})
    return project


def make_stale_run(root: Path) -> None:
    """One run whose process ended without a word."""
    code = """if True:
        import sys
        from pycaddy.project import Project
        Project(sys.argv[1]).session("train").start()
    """
    subprocess.run([sys.executable, "-c", code, root], check=True)


def make_others(project: Project) -> None:
    """Beside the project: an archive of it, and a project of pycaddy 0.2."""
    export_archive(project, project.root.parent / "runs.zip")
    old = project.root.parent / "old"
    old.mkdir()
    run: dict[str, Any] = {"status": "pending", "param_hash": None, "files": {}}
    run["timestamp_status_lst"] = [["2025-05-01T12:00:00.000250", "pending"]]
    (old / "metadata.json").write_text(json.dumps({"train": {"": {"000": run}}}))


SIMULATE = """
import os
import time


def simulate(run):
    x = run.params["x"]
    print(f"simulating {x}")
    if x < 0:
        raise ValueError("x is negative")
    return {"energy": x**2, "pid": os.getpid()}


def hang(run):
    with open("begun", "w") as begun:  # a fifo: the test reads it
        begun.write(f"{run.key}\\n")
    while True:
        time.sleep(0.01)


constant = 3
"""


def make_study(folder: Path) -> None:
    """`simulate.py`, and sweeps to call its functions with."""
    (folder / "simulate.py").write_text(SIMULATE)
    for name, values in {"sweep": [1, 2, 3], "failing": [1, -2], "long": list(range(60))}.items():
        text = json.dumps({"parameters": {"x": {"values": values}}})
        (folder / f"{name}.json").write_text(text)


def begin(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """Begin to run the program, its output piped."""
    return subprocess.Popen(
        [*PROGRAM, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def begin_hanging(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """Begin to run the program with `hang`, and return when it is in a run."""
    os.mkfifo(cwd / "begun")
    process = begin(*words, cwd=cwd)
    assert (cwd / "begun").read_text().startswith("hang/")
    return process


def invoke(*words: str | Path) -> Result:
    """Run the program inside this process."""
    return CliRunner().invoke(program, [str(word) for word in words], prog_name="pycaddy")


def document(*words: str | Path, exit_code: int = 0) -> Any:
    """The JSON document that the program prints."""
    result = invoke(*words, "--json")
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


def run(*words: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user does, its output piped."""
    return subprocess.run(
        [*PROGRAM, *words],
        check=False,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        encoding="utf-8",
    )


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file and folder below *folder*, with what the files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }
