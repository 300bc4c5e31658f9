"""Opens a project of pycaddy 0.2 again and again, killed by SIGKILL at each step of the opening.

A step is anything that the interpreter reports to an audit hook: a file opened, renamed or linked,
a folder made, a statement of SQLite. Prints a JSON line for each kill: how many runs the ledger
has after it, and what the project looks like when it was opened once more.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pycaddy.project import Project

STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "sqlite3.connect"}


def child(action: Callable[[], object]) -> int:
    pid = os.fork()
    if pid == 0:
        action()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def killed_at(step: int, root: Path) -> bool:
    def work() -> None:
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        Project(root).ledger.store.close()

    return os.WIFSIGNALED(child(work))


def runs_in(root: Path) -> int:
    path = root / ".pycaddy" / "ledger.db"
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with closing(sqlite3.connect(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'run'").fetchone():
            return 0
        return int(db.execute("SELECT count(*) FROM run").fetchone()[0])


def look(root: Path, answer: Path) -> None:
    project = Project(root)
    runs = [[str(run.key), run.status.value] for run in project.sessions(recursive=True)]
    described = sorted(str(path.relative_to(root)) for path in root.rglob("run.json"))
    severe = [one.problem for one in project.doctor(fix=True) if one.severe and not one.fixed]
    unfinished = "to_import" in (root / ".pycaddy/project.json").read_text()
    answer.write_text(json.dumps([runs, described, severe, unfinished]))


def main(template: Path) -> None:
    root, answer = template.with_name("tried"), template.with_name("answer")
    step, killed = 1, True
    while killed:
        shutil.copytree(template, root)
        killed = killed_at(step, root)
        after = runs_in(root)
        assert child(lambda: look(root, answer)) == 0
        again = json.loads(answer.read_text())
        print(json.dumps({"step": step, "killed": killed, "after": after, "again": again}))
        shutil.rmtree(root)
        step += 1


main(Path(sys.argv[1]))
