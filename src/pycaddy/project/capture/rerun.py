"""A run's command once more: on the code that it had, in a worktree of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pycaddy.errors import RerunError
from pycaddy.layout import CAPTURED_PACKAGES, CAPTURED_PATCH
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project.capture.git import git, repository
from pycaddy.project.capture.secrets import MASK

__all__ = ["Code", "Plan", "carry_out", "plan"]

_FEW = 10


@dataclass(frozen=True, slots=True)
class Code:
    """The code that a run had."""

    top: str
    """A repository that has the commit."""
    root: str
    """Where its repository was when it ran."""
    commit: str
    patch: str | None
    """The file of the changes since the commit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, found possible."""

    command: tuple[str, ...]
    folder: str
    """The folder that the command was given in."""
    code: Code | None
    """None: the code that is there now."""
    warnings: tuple[str, ...]
    """What will not be as it was."""


def plan(ledger: Ledger, record: RunRecord, *, in_place: bool = False) -> Plan:
    """Return how to run a run's command again.

    Args:
        ledger: The run's.
        record: The run.
        in_place: With the code that is there now, in the folder where it ran.

    Raises:
        RerunError: Something is missing; the message says what.
    """
    facts = record.capture
    code = None if in_place else _code(ledger, record, facts)
    command = _command(record, facts)
    warnings = list(_warnings(ledger, record, facts, code))
    if not os.path.exists(command[0]):
        warnings.append(f"{command[0]} is gone; {sys.executable} is used")
        command[0] = sys.executable
    folder = facts["cwd"]
    if (code is None or not _lies_in(folder, code.root)) and not os.path.isdir(folder):
        raise _refusal(record, f"the folder that it ran in, {folder}, is gone. Make it again")
    return Plan(tuple(command), folder, code, tuple(warnings))


def carry_out(plan: Plan, *, output: int | None = None) -> tuple[int, str | None]:
    """Run the command to its end.

    Args:
        plan: What to do.
        output: The descriptor that gets what it prints. None: standard output.

    Returns:
        Its exit code, and the worktree, if it wrote something there: that is kept.

    Raises:
        RerunError: The code cannot be put together.
    """
    if plan.code is None:
        return _call(plan.command, plan.folder, output), None
    outer = tempfile.mkdtemp(prefix="pycaddy-rerun-")
    tree = os.path.join(outer, os.path.basename(plan.code.root))
    wrote = False
    try:
        _check_out(plan.code, tree)
        before = _state(tree)
        command = [_moved(word, plan, tree) for word in plan.command]
        folder = _moved(plan.folder, plan, tree)
        os.makedirs(folder, exist_ok=True)
        try:
            exit_code = _call(command, folder, output)
        finally:
            wrote = _state(tree) != before
    finally:
        if not wrote:
            _remove(plan.code.top, tree, outer)
    return exit_code, tree if wrote else None


def _code(ledger: Ledger, record: RunRecord, facts: Mapping[str, Any]) -> Code:
    found = facts.get("git")
    if found is None:
        raise _refusal(
            record,
            f"its code was not captured{_because(facts, 'commit', 'git')}. "
            "`--in-place` runs its command with the code that is there now",
        )
    if found["commit"] is None:
        raise _refusal(record, "its repository had no commit. Commit, and run it anew")
    patch = None
    if found.get("patch"):
        patch = os.path.join(ledger.root, record.layout.own(CAPTURED_PATCH))
        if not os.path.isfile(patch):
            raise _refusal(record, f"its changes are gone: {patch}. Restore that file")
    elif found["dirty"]:
        why = _because(facts, "git")
        hint = "" if why else "; Project(..., capture='git') keeps them"
        raise _refusal(record, f"its code had changes that were not kept{why}{hint}")
    return Code(_with_commit(record, found), found["root"], found["commit"], patch)


def _with_commit(record: RunRecord, found: Mapping[str, Any]) -> str:
    """Return a repository that has the commit: the run's own, else the one we are in."""
    for top in (found["root"], repository()):
        if top is not None and os.path.isdir(top):
            try:
                git(top, "cat-file", "-e", f"{found['commit']}^{{commit}}")
            except (OSError, subprocess.SubprocessError):
                continue
            return str(top)
    raise _refusal(
        record,
        f"commit {found['commit']} is not in {found['root']}. Fetch it there, or call this in a "
        "repository that has it",
    )


def _command(record: RunRecord, facts: Mapping[str, Any]) -> list[str]:
    words = facts.get("command")
    if not words:
        raise _refusal(record, "its command was not captured")
    if any(MASK in word for word in words):
        raise _refusal(record, "its command had a secret in it, which was not kept")
    if any("ipykernel" in word for word in words[:4]):
        raise _refusal(record, "it ran in a notebook, which has no command")
    return [facts["executable"], *words[1:]]


def _warnings(
    ledger: Ledger, record: RunRecord, facts: Mapping[str, Any], code: Code | None
) -> Iterator[str]:
    python = ".".join(map(str, sys.version_info[:3]))
    if facts["executable"] == sys.executable and facts["python"] != python:
        yield f"Python was {facts['python']}, and is {python}"
    found = facts.get("git") or {}
    if code is None:
        if found.get("commit"):
            yield f"the code is the one that is there now, not that of commit {found['commit']}"
        return
    if found.get("redacted"):
        yield f"{found['redacted']} lines of its changes had a secret in them, which was not kept"
    for name in found.get("left_out", ()):
        yield f"the new file {name} was not kept"
    if facts.get("packages"):
        yield from _changed_packages(
            os.path.join(ledger.root, record.layout.own(CAPTURED_PACKAGES))
        )


def _changed_packages(path: str) -> Iterator[str]:
    from pycaddy.project.capture.environment import packages

    try:
        with open(path, encoding="utf-8") as file:
            before = dict(line.strip().split("==", 1) for line in file if "==" in line)
    except OSError:
        yield f"the list of its packages is gone: {path}"
        return
    now = packages()
    changed = [
        f"{name} was {version}, and is {now.get(name, 'not installed')}"
        for name, version in before.items()
        if now.get(name) != version
    ]
    yield from changed[:_FEW]
    if changed[_FEW:]:
        yield f"{len(changed) - _FEW} more packages are of another version"


def _check_out(code: Code, tree: str) -> None:
    try:
        git(code.top, "worktree", "add", "--quiet", "--detach", tree, code.commit, timeout_s=None)
        if code.patch is not None:
            git(tree, "apply", "--whitespace=nowarn", code.patch)
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode("utf-8", "replace").strip()
        raise RerunError(f"The code of the run cannot be put together: {reason}") from error


def _moved(word: str, plan: Plan, tree: str) -> str:
    """Return a path of the run's repository as the one in the worktree; other words stay."""
    if plan.code is None or word.startswith("-"):
        return word
    path = os.path.normpath(os.path.join(plan.folder, word))
    if path != plan.code.root and not _lies_in(path, plan.code.root):
        return word
    if not os.path.isabs(word) and _lies_in(plan.folder, plan.code.root):
        return word  # the folder itself moves
    moved = os.path.normpath(os.path.join(tree, os.path.relpath(path, plan.code.root)))
    return moved if os.path.isabs(word) or os.path.exists(moved) else word


def _call(command: tuple[str, ...] | list[str], folder: str, output: int | None) -> int:
    sys.stdout.flush()
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # what is left is what the command wrote
    return subprocess.run(command, cwd=folder, env=env, stdout=output, check=False).returncode


def _state(tree: str) -> bytes:
    return git(tree, "status", "--porcelain", "--ignored", "--untracked-files=all", "-z")


def _remove(top: str, tree: str, outer: str) -> None:
    with suppress(subprocess.CalledProcessError):  # it was not even made
        git(top, "worktree", "remove", "--force", tree, timeout_s=None)
    shutil.rmtree(outer, ignore_errors=True)


def _lies_in(path: str, folder: str) -> bool:
    return os.path.join(path, "").startswith(os.path.join(folder, ""))


def _because(facts: Mapping[str, Any], *parts: str) -> str:
    """Return why a part was not captured, as far as the run knows."""
    for problem in facts.get("problems", ()):
        part, _, reason = problem.partition(": ")
        if part in parts:
            return f" ({reason})"
    return ""


def _refusal(record: RunRecord, reason: str) -> RerunError:
    return RerunError(f"Run {record.key} cannot be run again: {reason}.", run=str(record.key))
