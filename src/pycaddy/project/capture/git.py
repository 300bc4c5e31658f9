"""The code as git knows it: which commit, and what was changed since.

git is called as a program. It takes no lock and starts no program of the repository's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from pycaddy._names import looks_like_a_run
from pycaddy.layout import LEDGER_FOLDER
from pycaddy.project.capture.command import script
from pycaddy.project.capture.secrets import redacted, redacted_patch

__all__ = ["PATCH_BYTES", "Changes", "changes", "commit_facts", "git", "repository"]

PATCH_BYTES = 1 << 20
_FILE_BYTES = 128 << 10
_TIMEOUT_S = 10.0
_CODE = (
    ".bash", ".c", ".cc", ".cfg", ".cpp", ".cu", ".cuh", ".cxx", ".f", ".f90", ".go", ".h", ".hpp",
    ".ini", ".ipynb", ".java", ".jl", ".json", ".lua", ".m", ".pl", ".pxd", ".py", ".pyi", ".pyx",
    ".r", ".rs", ".scala", ".sh", ".sql", ".toml", ".ts", ".yaml", ".yml",
)  # fmt: skip
_SETTINGS = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
)  # fmt: skip
# They would lead git to another repository than the one whose folder we are in.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a commit lacks of the code that ran."""

    patch: bytes
    """For `git apply` on top of the commit; new files are in it."""
    redacted: int
    """How many of its lines had a secret in them."""
    left_out: tuple[str, ...]
    """New files that are too large, or no text."""


def repository() -> str | None:
    """Return the top of the repository that the script lies in, else that of the current folder.

    A script that an installed package brought along, such as `pycaddy`, is not meant.
    """
    path = script()
    folders = [] if path is None or _lies_in(path, sys.prefix) else [os.path.dirname(path)]
    for folder in (*folders, os.getcwd()):
        if top := _top(folder):
            return top
    return None


def commit_facts(top: str, results: str) -> dict[str, Any]:
    """Return the commit, the branch, and whether tracked files differ from the commit.

    Args:
        top: The top of the repository.
        results: A folder that is no code: the project's.

    Raises:
        OSError: git cannot be called.
        subprocess.SubprocessError: git refused, or took too long.
    """
    status = git(
        top, "status", "--porcelain=v2", "--branch", "--untracked-files=no", *_code(top, results)
    )
    lines = status.decode("utf-8", "replace").splitlines()
    heads = dict(line.split(" ", 2)[1:] for line in lines if line.startswith("# branch."))
    commit, branch = heads.get("branch.oid"), heads.get("branch.head")
    return {
        "root": top,
        "commit": None if commit == "(initial)" else commit,
        "branch": None if branch == "(detached)" else branch,
        "dirty": any(not line.startswith("#") for line in lines),
    }


def remote(top: str) -> str | None:
    """Return the address of `origin` without credentials."""
    try:
        return redacted(git(top, "config", "--get", "remote.origin.url").decode().strip())
    except subprocess.CalledProcessError:  # there is none
        return None


def changes(top: str, results: str, *, has_commit: bool) -> Changes | None:
    """Return what was changed since the commit, new source files included; None if nothing was.

    Raises:
        ValueError: It is too large to keep.
    """
    patch = b""
    if has_commit:
        patch = git(
            top, "diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv",
            "--src-prefix=a/", "--dst-prefix=b/", "HEAD", *_code(top, results), limit=PATCH_BYTES,
        )  # fmt: skip
    left_out = []
    for name in _new_files(top, results):
        added = _as_patch(top, name)
        if added is None:
            left_out.append(name)
            continue
        patch += added
        if len(patch) > PATCH_BYTES:
            raise _too_large(len(patch))
    if not patch and not left_out:
        return None
    text, masked = redacted_patch(patch.decode("utf-8", "surrogateescape"))
    return Changes(text.encode("utf-8", "surrogateescape"), masked, tuple(left_out))


def git(
    top: str, *words: str, limit: int | None = None, timeout_s: float | None = _TIMEOUT_S
) -> bytes:
    """Return what git prints in the folder *top*.

    Args:
        limit: The most bytes that it may be.
        timeout_s: Seconds that it may take.

    Raises:
        subprocess.SubprocessError: It failed, or took too long.
        ValueError: It is more than *limit*.
    """
    env = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    command = ["git", *_SETTINGS, *words]
    options: dict[str, Any] = {
        "cwd": top,
        "env": env | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.PIPE,
        "timeout": timeout_s,
    }
    if limit is None:
        printed: bytes = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, **options
        ).stdout
        return printed
    from tempfile import TemporaryFile

    # A file bears any amount, where a pipe would have us hold all of it.
    with TemporaryFile() as output:
        subprocess.run(command, check=True, stdout=output, **options)
        size = os.fstat(output.fileno()).st_size
        if size > limit:
            raise _too_large(size)
        output.seek(0)
        return output.read()


def _too_large(size: int) -> ValueError:
    return ValueError(
        f"the changes since the commit are {size:,} bytes, and {PATCH_BYTES:,} is the most that is "
        "kept: commit them"
    )


def _top(folder: str) -> str | None:
    """Return the first of *folder* and those above it that has a `.git`."""
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _code(top: str, results: str) -> tuple[str, ...]:
    """Return the words that leave the project's folder out of what git looks at."""
    if not _lies_in(results, top):
        return ()
    relative = os.path.relpath(os.path.realpath(results), os.path.realpath(top))
    return "--", ".", f":(exclude,literal,top){relative.replace(os.sep, '/')}"


def _new_files(top: str, results: str) -> list[str]:
    listed = git(
        top, "ls-files", "--others", "--exclude-standard", "-z", *_code(top, results)
    ).decode("utf-8", "surrogateescape")
    return [name for name in listed.split("\0") if _is_code(name)]


def _is_code(name: str) -> bool:
    if not name.lower().endswith(_CODE) or not name.isprintable() or '"' in name:
        return False
    parts = name.split("/")
    return LEDGER_FOLDER not in parts and not any(map(looks_like_a_run, parts))


def _as_patch(top: str, name: str) -> bytes | None:
    """Return the patch that makes a new file; None if it is no text, or too large."""
    path = os.path.join(top, name)
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > _FILE_BYTES:
        return None
    with open(path, "rb") as file:
        content = file.read()
    if b"\0" in content:
        return None
    mode = "100755" if os.access(path, os.X_OK) else "100644"
    head = f"diff --git a/{name} b/{name}\nnew file mode {mode}\n"
    if not content:
        return head.encode()
    lines = content.split(b"\n")
    ending = b"\\ No newline at end of file\n" if lines[-1] else b""
    lines = lines if lines[-1] else lines[:-1]
    head += f"--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{len(lines)} @@\n"
    return head.encode() + b"".join(b"+" + line + b"\n" for line in lines) + ending


def _lies_in(path: str, folder: str) -> bool:
    inside = os.path.join(os.path.realpath(folder), "")
    return os.path.realpath(path).startswith(inside)
