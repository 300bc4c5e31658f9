"""All that is captured at a run's start, gathered once and then the same for each run."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pycaddy import codec
from pycaddy._files import replace_file
from pycaddy._machine import host_name
from pycaddy.layout import CAPTURED_PACKAGES, CAPTURED_PATCH
from pycaddy.ledger import Ledger, RunRecord
from pycaddy.project.origin import FACT

if TYPE_CHECKING:
    from pycaddy.project.capture.parts import Parts

__all__ = [
    "Snapshot",
    "add_problem",
    "capture_here",
    "command_of_this_process",
    "keep",
    "take",
]

_COMMAND = ("command", "script", "cwd")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is captured with each run that this process starts in its current folder."""

    facts: Mapping[str, Any]
    text: str
    """The facts as JSON, ready for the transaction that starts a run."""
    files: Mapping[str, bytes]
    """What is too large for a row of the ledger, by its name in the run's folder."""


def take(parts: Parts, results: str) -> Snapshot:
    """Return what *parts* name, as it was when this process first asked in this folder.

    The code that runs is the code that was imported, and not what an editor made of it since.

    Args:
        results: The project's root, which is no code.
    """
    try:
        folder = os.getcwd()
    except OSError:  # it was deleted under us
        folder = ""
    return _take(parts, results, folder, os.getpid())


@functools.lru_cache(maxsize=16)
def _take(parts: Parts, results: str, folder: str, pid: int) -> Snapshot:
    gathering = _Gathering(parts, results)
    for part in parts:
        if part != "output":
            gathering.add(part)
    if gathering.problems:
        gathering.facts["problems"] = gathering.problems
    facts = {name: _storable(value) for name, value in gathering.facts.items()}
    return Snapshot(facts, codec.encode(facts), gathering.files)


class _Gathering:
    """What has been found so far, and what could not be."""

    def __init__(self, parts: Parts, results: str) -> None:
        self.results = results
        self.facts: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.problems: list[str] = []

    def add(self, part: str) -> None:
        """Find out one part; a failure is one more problem."""
        find: Callable[[], None] = getattr(self, f"_find_{part}")
        try:
            find()
        except Exception as error:  # noqa: BLE001 - a run must not fail for what is told about it
            self.problems.append(f"{part}: {_reason(error)}")
            _log(f"{part} was not captured: {_reason(error)}")

    def _find_command(self) -> None:
        from pycaddy.project.capture.command import command_facts

        self.facts |= command_facts()

    def _find_machine(self) -> None:
        from pycaddy.project.capture.machine import machine_facts

        self.facts["machine"] = machine_facts()

    def _find_env(self) -> None:
        from pycaddy.project.capture.environment import env_facts

        self.facts["env"] = env_facts()

    def _find_packages(self) -> None:
        from pycaddy.project.capture.environment import packages

        lines = [f"{name}=={version}\n" for name, version in packages().items()]
        self.files[CAPTURED_PACKAGES] = "".join(lines).encode("utf-8", "backslashreplace")
        self.facts["packages"] = CAPTURED_PACKAGES

    def _find_commit(self) -> None:
        from pycaddy.project.capture import git

        if top := git.repository():
            self.facts["git"] = git.commit_facts(top, self.results)

    def _find_git(self) -> None:
        from pycaddy.project.capture import git

        self._find_commit()
        if "git" not in self.facts:
            return
        found = self.facts["git"]
        found["remote"] = git.remote(found["root"])
        found["patch"] = None
        has_commit = found["commit"] is not None
        changes = git.changes(found["root"], self.results, has_commit=has_commit)
        if changes is None:
            return
        if changes.patch:
            self.files[CAPTURED_PATCH] = changes.patch
            found["patch"] = CAPTURED_PATCH
            found["redacted"] = changes.redacted
        if changes.left_out:
            found["left_out"] = list(changes.left_out[:20])


def keep(snapshot: Snapshot, ledger: Ledger, record: RunRecord) -> RunRecord:
    """Write what goes into files to the run's folder."""
    for name, content in snapshot.files.items():
        path = os.path.join(ledger.root, record.layout.own(name))
        try:
            replace_file(path, content)
        except OSError as error:
            record = add_problem(ledger, record, f"{name}: {_reason(error)}")
    return record


def command_of_this_process(parts: Parts, results: str) -> dict[str, Any]:
    """Return who gave the command, for processes that work in the name of this one."""
    facts = take(parts, results).facts
    return {name: facts[name] for name in _COMMAND if name in facts}


def capture_here(parts: Parts, ledger: Ledger, record: RunRecord) -> RunRecord:
    """Put in what this machine has to say, if the run was started on another one.

    Who gave the command stays.
    """
    before = record.capture
    if not parts or before.get("host") in (None, host_name()):
        return record
    snapshot = take(parts, ledger.root)
    command = {name: before[name] for name in (*_COMMAND, FACT) if name in before}
    record = ledger.set_capture(record, {**snapshot.facts, **command}, record.attempt)
    return keep(snapshot, ledger, record)


def add_problem(ledger: Ledger, record: RunRecord, problem: str) -> RunRecord:
    """Record on the run what could not be captured, and log it."""
    _log(f"{record.key}: {problem}")
    facts = record.capture
    facts["problems"] = [*facts.get("problems", ()), _storable(problem)]
    return ledger.set_capture(record, facts, record.attempt)


def _log(message: str) -> None:
    from logging import NullHandler, getLogger

    logger = getLogger("pycaddy")
    if not logger.handlers:
        logger.addHandler(NullHandler())  # else Python prints it, where nobody wants to know
    logger.warning("%s", message)


def _reason(error: Exception) -> str:
    detail = getattr(error, "stderr", None)  # what a program that failed had to say
    text = detail.decode("utf-8", "replace").strip() if isinstance(detail, bytes) else ""
    return text or getattr(error, "strerror", None) or str(error) or type(error).__name__


def _storable(value: Any) -> Any:
    """Return *value* with what no database takes written out, as in a path that is not UTF-8."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    if isinstance(value, Mapping):
        return {name: _storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return value
