"""A git repository with a script in it that runs experiments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
from pycaddy.project import Project
import model

project = Project("results", capture=CAPTURE)
with project.session("train", {"lr": 0.1}) as run:
    run.result = {"value": model.VALUE}
"""


class Repository:
    """A repository of *folder*, with `train.py` and `model.py` in its one commit."""

    def __init__(self, folder: Path, capture: str = "git") -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        for name, value in {"name": "Somebody", "email": "somebody@example.com"}.items():
            self.git("config", f"user.{name}", value)
        self.write("train.py", SCRIPT.replace("CAPTURE", repr(capture)))
        self.write("model.py", "VALUE = 1\n")
        self.write(".gitignore", "results/\n__pycache__/\n")
        self.commit = self.commit_all("first")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit_all(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")

    def python(self, *words: str, cwd: Path | None = None, **env: str) -> str:
        """Run Python in the repository, and return what it prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-W", "error", *words],
            cwd=cwd or self.folder,
            env={**os.environ, **env},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
