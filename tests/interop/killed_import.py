"""Imports an archive again and again, killed by SIGKILL at each step it takes.

A step is anything that the interpreter reports to an audit hook: a file opened, renamed or
removed, a folder made. Prints one JSON line for each kill: what the project looked like after
it, and after the import was called again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from pycaddy.interop import import_archive
from pycaddy.project import Project
from pycaddy.stores import Selection

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "shutil.rmtree"}


def look(root: Path) -> dict[str, object]:
    """What is to be seen of the project, by a process of its own."""
    project = Project(root)
    found = project.ledger.records(Selection())
    return {
        "runs": {str(run.key): [run.status.value, run.attempt] for run in found},
        "logs": {
            str(run.key): (root / run.layout.file("log.txt")).read_text()
            for run in found
            if run.layout.identifier == "train"
        },
        "wrong": [str(one) for one in project.verify(data=True)],
        "severe": [one.problem for one in project.doctor() if one.severe],
        "left": sorted(os.listdir(root / ".pycaddy")),
        "files": sorted(
            str(path.relative_to(root))
            for path in root.rglob("*")
            if ".pycaddy" not in path.parts and path.is_file() and path.suffix != ".tmp"
        ),
    }


def child(action: object) -> int:
    pid = os.fork()
    if pid == 0:
        action()  # type: ignore[operator]
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def looked(root: Path, answer: Path) -> dict[str, object]:
    assert child(lambda: answer.write_text(json.dumps(look(root)))) == 0
    return dict(json.loads(answer.read_text()))


def killed_at(step: int, root: Path, archive: Path) -> bool:
    def work() -> None:
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        import_archive(Project(root), archive)

    return os.WIFSIGNALED(child(work))


def main(template: Path, archive: Path, every: int) -> None:
    root, answer = template.with_name("tried"), template.with_name("answer")
    step = 1
    while True:
        shutil.copytree(template, root)
        killed = killed_at(step, root, archive)
        after = looked(root, answer)
        assert child(lambda: import_archive(Project(root), archive)) == 0
        again = looked(root, answer)
        print(json.dumps({"step": step, "killed": killed, "after": after, "again": again}))
        shutil.rmtree(root)
        if not killed:
            return
        step += every


main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
