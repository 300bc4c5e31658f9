"""An environment for each peer, made from its lock file when that has changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["python_of"]

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent / ".envs"


def python_of(peer: str) -> Path:
    """Return the interpreter that has *peer* installed; ours if the peer has no lock file."""
    lock = HERE / f"{peer}.txt"
    if not lock.exists():
        return Path(sys.executable)
    home = ENVIRONMENTS / peer
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = home / "made-from"
    recipe = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == recipe):
        if home.exists():
            shutil.rmtree(home)
        _uv("venv", "--python", getattr(sys, "_base_executable", sys.executable), home)
        _uv("pip", "sync", "--python", python, "--require-hashes", lock)
        stamp.write_text(recipe)
    return python


def _uv(*words: str | Path) -> None:
    # uv uses this Python and never fetches one, and trusts the certificates that pip trusts.
    env = {"UV_SYSTEM_CERTS": "true", **os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *words], check=True, env=env)
